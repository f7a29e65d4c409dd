"""Presence: what we announce and what contacts announce (RFC 6121 §4, XEP-0319), as the link allows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from ...core.chat import ChatKey
from ...core.commands import Command, SetPresence
from ...core.contact import OwnPresence, Presence, Show
from ...core.events import (
    AccountAdded,
    Event,
    Notice,
    OwnPresenceChanged,
    PresenceChanged,
    PresencesCleared,
    RoomChanged,
)
from ...core.link import LinkProfile
from ...core.room import RoomState
from .. import caps, convert, guard, muc, own_presence
from ..feature import Context, Feature, Handler, IqHandler, Unserved
from ..presence_filter import PresenceFilter
from ..privacy_lists import PRIVACY

IDLE = "urn:xmpp:idle:1"
_SHOWS = {"chat": Show.CHAT, "away": Show.AWAY, "xa": Show.XA, "dnd": Show.DND}
_MAX_RESOURCES = 50


class Presences(Feature):
    """Announces ours after the roster is known, and notes theirs."""

    XEPS = ("XEP-0016", "XEP-0115", "XEP-0126", "XEP-0186", "XEP-0203", "XEP-0319")
    NAMESPACES = (caps.CAPS, IDLE)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._own = OwnPresence()
        self._filter = PresenceFilter(context, self._announce)
        self._waits = self._is_late = False
        """Nothing may be announced yet; it was not in the packet that opened the session, nor seen since."""
        self._sent: OwnPresence | None = None
        """What the server was told last; None: nothing since we became available."""
        self._capable: frozenset[str] | None = None
        """The capabilities that the server was told in this session."""
        self._signer = ""
        """The key that what was sent is signed with, or will be once gpg has done it; empty: none."""
        self._signing: set[tuple[str, str]] = set()
        """Keys and status texts that gpg is signing."""
        self._rooms_wait = True
        """Rooms have to be told of us, though nothing of it changed."""
        self._due: asyncio.TimerHandle | None = None
        """Announces what the user changed."""

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """What the user announces."""
        return {SetPresence: self._set}

    @property
    def iqs(self) -> Mapping[tuple[str, str], IqHandler]:
        """The server tells all our devices of a list that was changed (XEP-0016 §2.6)."""
        return {("set", f"{{{PRIVACY}}}query"): self._list_changed}

    def _list_changed(self, iq: ET.Element) -> ET.Element | None:
        if not guard.is_own_account(convert.address_in(iq), self.context.own):
            raise Unserved
        return None

    def on_ready(self) -> None:
        """Have kept off what the link is not to carry, and announce what was last chosen."""
        self._open()

    def _open(self, *, late: bool = False) -> None:
        """`late`: the session stands already, and was not seen."""
        self._capable = self._sent = None
        self._waits = not self._filter.open()
        self._is_late = late or self._waits
        self._rooms_wait = True
        own_presence.keep(self.context, self._own, seen=not self._is_late)
        if not self._waits:
            self._announce()

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """Announce and hear as much as the profile allows."""
        if self._own.show is Show.OFFLINE:
            return
        if self._filter.changes():
            self._filter.switch(self._leave, self._announce)
        self._tell_capabilities()

    def _tell_capabilities(self) -> None:
        if self.context.pacing.announces and self._capable != self.context.announced and not self._waits:
            # XEP-0115 §6: what we can do, and want to be told, is what the last hash says.
            self._announce()

    def told(self, event: Event) -> None:
        """Rooms are heard on every link; what the user sets for an account may be more that we can do."""
        if isinstance(event, AccountAdded) and self._sent is not None:
            if self._signer != self._wanted_signer and self._sent.show is not Show.OFFLINE:
                self._announce()
            else:
                self._tell_capabilities()
        if not isinstance(event, RoomChanged) or event.key.account != self.context.own:
            return
        if event.state is RoomState.JOINING and self.context.online:
            self._filter.room_entered(event.key.address)

    def _leave(self, seen: bool) -> None:
        """Be unavailable, on the way to something else."""
        self._capable = self._sent = None
        self.context.send(convert.stanza("presence", kind="unavailable"))
        rooms = self.context.world.rooms.values()
        self._rooms_wait = not seen
        if seen and any(one.state in muc.INSIDE for one in rooms):
            # RFC 6121 §4.6.3: the server tells the rooms as well; they are entered again.
            self.context.emit(OwnPresenceChanged(self.context.own, OwnPresence(Show.OFFLINE)))

    def on_resumed(self) -> None:
        """The server goes on announcing for us what it was told."""
        self._own, is_seen = own_presence.kept(self.context)
        if not is_seen:
            # The earlier process died before it could announce us: without presence nothing comes.
            self._open(late=True)
            return
        self._filter.resumed()
        self._capable, self._sent = self.context.announced, self._own
        self.context.emit(OwnPresenceChanged(self.context.own, self._own))

    def on_stop(self) -> None:
        """Nothing is known of anybody now."""
        self._stop_waiting()
        self._waits = False
        # What was begun in the background ends with the session.
        self._signing.clear()
        if self.context.account.openpgp_key:
            self.context.sealing.openpgp.presence.forget()
        self.context.emit(PresencesCleared(self.context.own))

    def presence(self, stanza: ET.Element) -> bool:
        """Note what a resource announces."""
        kind = stanza.get("type", "")
        sender = convert.address_in(stanza)
        if kind not in ("", "unavailable") or sender is None:
            return False
        own, world = self.context.own, self.context.world
        if ChatKey(own, sender.bare) in world.rooms:
            return False
        # RFC 6121 §4.3: presence comes from those we subscribed to; others may only claim it.
        if sender.bare != own and not guard.is_contact(world, own, sender):
            return False
        if sender == self.context.full and self._is_late:
            self._is_late = False
            own_presence.keep(self.context, self._own, seen=True)
        if sender.bare != own:
            self._filter.comes_through(sender.bare)
            if self.context.account.openpgp_key:
                self.context.sealing.openpgp.presence.heard(sender, stanza)
        known = world.presences.get((own, sender.bare), {})
        if sender.resource not in known and len(known) >= _MAX_RESOURCES:
            return True
        self.context.emit(PresenceChanged(own, sender.bare, self._read(stanza, sender.resource, kind)))
        return True

    def _read(self, stanza: ET.Element, resource: str, kind: str) -> Presence:
        show = _SHOWS.get(convert.text_of(stanza, "show").strip(), Show.AVAILABLE)
        try:
            # RFC 6121 §4.7.2.3: "MUST be an integer between -128 and +127".
            priority = max(-128, min(127, int(convert.text_of(stanza, "priority") or 0)))
        except ValueError:
            priority = 0
        idle = convert.child(stanza, IDLE, "idle")
        since = convert.delay_in(stanza) if idle is None else convert.stamp(idle.get("since"))
        now = self.context.clock.now()
        return Presence(
            resource=resource,
            show=Show.OFFLINE if kind == "unavailable" else show,
            status=convert.text_of(stanza, "status"),
            priority=priority,
            since=now if since is None else guard.sane_time(since, now),
        )

    async def _set(self, command: SetPresence) -> None:
        priority = self._own.priority if command.priority is None else command.priority
        before = self._own.show
        self._own = OwnPresence(command.show, command.status, max(-128, min(127, priority)))
        if self._waits:
            return
        seconds = self.context.pacing.announce_seconds
        if Show.OFFLINE in (before, command.show) or not seconds or not self.context.online:
            self._announce()
        elif self._due is None:
            self._due = asyncio.get_running_loop().call_later(seconds, self._announce)
            if self.context.pacing.announces:
                words = f"Others are told in {seconds:g} s, with whatever else you change by then."
                self.context.emit(Notice(words, account=self.context.own))

    def _stop_waiting(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _announce(self) -> None:
        self._stop_waiting()
        self._waits = False
        own = self._own
        told_anyway = self.context.pacing.announces or own.show is Show.OFFLINE
        shown = own if told_anyway else OwnPresence(priority=own.priority)
        # RFC 6121 §8.5.2: messages come only to who is available, so once it has to be said.
        if told_anyway or shown != self._sent:
            self._send(shown)
        own_presence.keep(self.context, own, seen=not self._is_late)
        if own != muc.own_presence(self.context) or self._rooms_wait:
            # The server has forgotten whom it told of us by directed presence (RFC 6121 §4.6.3).
            self._rooms_wait = False
            self.context.emit(OwnPresenceChanged(self.context.own, own))

    def _send(self, own: OwnPresence) -> None:
        self._sent = own
        announced, pacing = self.context.announced, self.context.pacing
        stanza = convert.stanza("presence", kind="unavailable" if own.show is Show.OFFLINE else "")
        if own.show not in (Show.AVAILABLE, Show.OFFLINE):
            convert.add(stanza, convert.CLIENT, "show", own.show.value)
        if own.status:
            convert.add(stanza, convert.CLIENT, "status", own.status)
        if own.priority:
            convert.add(stanza, convert.CLIENT, "priority", str(own.priority))
        if own.show is not Show.OFFLINE and pacing.tells_capabilities(first=self._capable != announced):
            self._capable = announced
            stanza.append(caps.element(announced))
        if own.show in (Show.AWAY, Show.XA) and pacing.tells_idle:
            convert.add(stanza, IDLE, "idle", since=convert.written(self.context.clock.now()))
        self._signer = "" if own.show is Show.OFFLINE else self._wanted_signer
        if self._signer:
            self._add_signature(stanza, own.status)
        self.context.send(stanza)

    @property
    def _wanted_signer(self) -> str:
        account = self.context.account
        return account.openpgp_key if account.sign_presence and self.context.pacing.announces else ""

    def _add_signature(self, stanza: ET.Element, status: str) -> None:
        """Sign the status text (XEP-0027 §Signing); where gpg has to do it first, a signed one follows."""
        signature = self.context.sealing.openpgp.presence.element(status)
        if signature is not None:
            stanza.append(signature)
        elif (self._signer, status) not in self._signing:
            self._signing.add((self._signer, status))
            self.context.spawn(self._sign(self._signer, status))

    async def _sign(self, signer: str, status: str) -> None:
        signed = self.context.sealing.openpgp.presence
        try:
            await signed.make(status)
        finally:
            self._signing.discard((signer, status))
        sent = self._sent
        is_current = sent is not None and sent.show is not Show.OFFLINE and sent.status == status
        if sent is not None and is_current and self._wanted_signer == signer:
            self._send(sent)
