"""What keeps presence off the link: privacy lists (XEP-0016), else invisibility (XEP-0186), else nothing."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from xml.etree import ElementTree as ET

from ..core.address import Address
from ..core.chat import ChatKind
from ..core.events import HearingChanged, Level, Notice
from . import convert, devices
from .feature import Context, Failed
from .privacy_lists import MUTE, Scope, content, mute, storing, using

INVISIBLE = "urn:xmpp:invisible:0"
_SPACE = "presence-filter"
_LISTS, _INVISIBLE, _NOTHING = "lists", "invisible", "nothing"
_LEAKED = (
    "Your server had forgotten what keeps your presence off this link. It was told again; for a moment"
    " contacts saw you and you heard of them."
)
_LET_THROUGH = (
    "Another device of yours is online, and your server keeps presence off for all of them or for none: now"
    " it comes through here. `/presence offline` keeps it off; `/refresh` then fetches what you are written."
)


class PresenceFilter:
    """Of one account. *ready* is called once what was not known of the server is: presence may be sent."""

    def __init__(self, context: Context, ready: Callable[[], None]) -> None:
        self._context = context
        self._ready = ready
        self._works = ""
        """Which way this server has; empty: not known."""
        self._scope = Scope()
        """What the server was told to keep off."""
        self._is_asking = False
        self._is_kept_off = self._is_said = False
        """The server has agreed to keep it off; it does not all the same, which the user was told."""
        self._stored: dict[str, str] = {}
        """Our lists as the server has them."""
        self._services: frozenset[str] = frozenset()

    @property
    def hides(self) -> bool:
        """Whether nobody hears our presence, for all we know."""
        return self._scope.hides

    # --- a session begins, goes on, ends ------------------------------------------------------------------

    def open(self) -> bool:
        """Say what is to be kept off; False: wait for `ready` before anything is announced."""
        self._recall()
        self._scope = Scope()
        self._is_kept_off = self._is_said = False
        wanted = self._wanted()
        if wanted.is_open:
            self._tell_scope(wanted)
            return True
        if not self._works:
            # What is announced before the answer would reach everybody.
            self._context.spawn(self._find_out(wanted))
            return False
        self._keep_off(wanted)
        return True

    def resumed(self) -> None:
        """The server goes on with what it was told."""
        self._recall()
        self._scope = self._wanted()
        self._is_kept_off = self._works == _LISTS
        self._tell_scope(self._scope)

    def comes_through(self, contact: Address) -> None:
        """Presence of a contact has come.

        XEP-0016 §2.2 has a list apply to the session that uses it only. Prosody looks at the list of one of
        our devices for all that is sent to our bare address, as presence is.
        """
        context, groups = self._context, self._scope.groups
        known = context.world.contacts.get((context.own, contact))
        if not self._is_kept_off or self._is_said or groups is None or known is None:
            return
        if devices.others(context) and not set(known.groups).intersection(groups):
            self._is_said = True
            context.emit(Notice(_LET_THROUGH, Level.WARN, context.own))

    def room_entered(self, room: Address) -> None:
        """A room is about to be entered: its presence has to come through."""
        if not self._scope.is_open and self._works == _LISTS and room.domain not in self._services:
            self._store(self._scope)

    # --- switching ----------------------------------------------------------------------------------------

    def changes(self) -> bool:
        """Whether the link profile wants something else kept off than the server was told."""
        return self._wanted() != self._scope

    def switch(self, leave: Callable[[bool], None], announce: Callable[[], None]) -> None:
        """Have something else kept off from now on.

        `leave` sends our unavailable presence, and is told whether anybody gets to see it; `announce` sends
        the one that follows. The two have the server ask all contacts how they are (RFC 6121 §4.2.2), which
        is the only way to hear it again.
        """
        wanted, was = self._wanted(), self._scope
        if self._works == _NOTHING:
            self._keep_off(wanted)
            announce()
        elif not self._works:
            if not self._is_asking:
                self._context.spawn(self._find_out_and_switch(leave, announce))
        elif self._works == _INVISIBLE:
            self._keep_off(wanted)
            announce()
        elif wanted.hides and not was.hides:
            # XEP-0126 §2: first be seen to leave, then come back unseen.
            leave(True)
            self._keep_off(wanted)
            announce()
        elif was.hides > wanted.hides or was.groups is not None:
            # Nobody, and no room, may see us go: we come back in the same packet.
            self._put(MUTE, mute())
            self._context.spawn(self._ignored(self._context.request("set", using(MUTE))))
            leave(False)
            self._keep_off(wanted)
            announce()
        else:
            self._keep_off(wanted)

    # --- inside -------------------------------------------------------------------------------------------

    def _wanted(self) -> Scope:
        pacing = self._context.pacing
        return Scope(hides=not pacing.announces, groups=pacing.receives)

    def _keep_off(self, wanted: Scope) -> None:
        """Say it, by what is known to work; what comes of it is seen later."""
        was, self._scope = self._scope, wanted
        self._is_kept_off = False
        if self._works == _LISTS:
            if not wanted.is_open:
                self._store(wanted)
            name = None if wanted.is_open else wanted.name
            self._context.spawn(self._confirm(wanted, self._context.request("set", using(name))))
            self._tell_scope(wanted)
        elif self._works == _INVISIBLE:
            if wanted.hides != was.hides:
                name = "invisible" if wanted.hides else "visible"
                answer = self._context.request("set", convert.element(INVISIBLE, name))
                self._context.spawn(self._ignored(answer))
            self._tell_scope(Scope(hides=wanted.hides))
            self._say_limits(wanted)
        else:
            self._tell_scope(Scope())
            self._say_limits(wanted)

    async def _find_out(self, wanted: Scope) -> None:
        """Try what a server may have; it is remembered."""
        works = _NOTHING
        for way, ask in ((_LISTS, self._try_lists), (_INVISIBLE, self._try_invisible)):
            try:
                await ask(wanted)
            except Failed as failed:
                if failed.condition == "offline":
                    return
            else:
                works = way
                break
        self._remember(works)
        self._scope = wanted
        if works == _LISTS:
            self._is_kept_off = True
            self._tell_scope(wanted)
        else:
            self._tell_scope(Scope(hides=wanted.hides and works == _INVISIBLE))
            self._say_limits(wanted)
        self._ready()

    async def _find_out_and_switch(self, leave: Callable[[bool], None], announce: Callable[[], None]) -> None:
        """We have been seen: nothing is kept off before it is known how."""
        wanted, self._is_asking = self._wanted(), True
        try:
            list_ = content(wanted, self._room_services(), self._context.own)
            await self._context.request("set", storing(list_))
            self._remember(_LISTS)
        except Failed as failed:
            if failed.condition == "offline":
                return
            self._remember(_INVISIBLE if wanted.hides else _NOTHING)
        finally:
            self._is_asking = False
        if not self.changes():
            return
        if self._works == _INVISIBLE:
            await self._become_invisible(wanted)
            announce()
        else:
            self.switch(leave, announce)

    async def _become_invisible(self, wanted: Scope) -> None:
        try:
            await self._try_invisible(wanted)
        except Failed:
            self._remember(_NOTHING)
        self._scope = wanted
        self._tell_scope(Scope(hides=wanted.hides and self._works == _INVISIBLE))
        self._say_limits(wanted)

    async def _try_lists(self, wanted: Scope) -> None:
        self._store(wanted)
        await self._context.request("set", using(wanted.name))

    async def _try_invisible(self, wanted: Scope) -> None:
        self._stored.clear()
        if not wanted.hides:
            raise Failed("")
        await self._context.request("set", convert.element(INVISIBLE, "invisible"))

    async def _confirm(self, wanted: Scope, answer: Awaitable[ET.Element]) -> None:
        try:
            await answer
        except Failed as failed:
            if failed.condition in ("offline", "timeout") or wanted is not self._scope:
                return
            # XEP-0016 §2.4: item-not-found, where somebody took the list away.
            self._stored.clear()
            await self._find_out(wanted)
            if self._works == _LISTS:
                self._context.emit(Notice(_LEAKED, Level.WARN, self._context.own))
        else:
            self._is_kept_off |= wanted is self._scope

    async def _ignored(self, answer: Awaitable[ET.Element]) -> None:
        try:
            await answer
        except Failed:
            # What follows shows by itself whether it worked.
            return

    def _store(self, scope: Scope) -> None:
        self._services = self._room_services()
        self._put(scope.name, content(scope, self._services, self._context.own))

    def _put(self, name: str, list_: ET.Element) -> None:
        """Store a list where the server does not have it so."""
        text = ET.tostring(list_, encoding="unicode")
        if self._stored.get(name) != text:
            self._stored[name] = text
            self._remember(self._works)
            self._context.spawn(self._ignored(self._context.request("set", storing(list_))))

    def _room_services(self) -> frozenset[str]:
        world, own = self._context.world, self._context.own
        rooms = {key.address for key in world.rooms if key.account == own}
        rooms |= {address for account, address in world.bookmarks if account == own}
        rooms |= {one.key.address for one in world.chats.values() if one.kind is ChatKind.ROOM}
        return frozenset(one.domain for one in rooms)

    def _tell_scope(self, scope: Scope) -> None:
        state = self._context.world.accounts.get(self._context.own)
        if state is not None and state.heard_groups != scope.groups:
            self._context.emit(HearingChanged(self._context.own, scope.groups))

    def _say_limits(self, wanted: Scope) -> None:
        """What this server cannot keep off, in words."""
        is_seen, hears = wanted.hides and self._works != _INVISIBLE, wanted.groups is not None
        if is_seen and hears:
            words = "Your server cannot keep presence off: contacts see that you are online, and you them."
        elif is_seen:
            words = "Your server cannot hide you: contacts see that you are online."
        elif hears:
            words = "Your server cannot keep the presence of contacts off this link."
        else:
            return
        words += " `/presence offline` ends it; `/refresh` then fetches what was written to you."
        self._context.emit(Notice(words, account=self._context.own))

    def _recall(self) -> None:
        kept: Any = {}
        try:
            kept = json.loads(self._context.facts.get(_SPACE, str(self._context.own)) or "{}")
            self._works, self._stored = str(kept["works"]), dict(kept["stored"])
            self._services = frozenset(kept["services"])
        except (ValueError, TypeError, KeyError):
            self._works, self._stored = "", {}
        caps = self._context.server_caps
        if self._works != _LISTS and caps and isinstance(kept, dict) and kept.get("caps") != caps:
            # The server is another one than that which could not.
            self._works = ""

    def _remember(self, works: str) -> None:
        self._works = works
        kept = {
            "works": works,
            "stored": self._stored,
            "services": sorted(self._services),
            "caps": self._context.server_caps,
        }
        text, key = json.dumps(kept), str(self._context.own)
        if self._context.facts.get(_SPACE, key) != text:
            self._context.facts.put(_SPACE, key, text)
