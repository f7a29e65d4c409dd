"""How much strangers may ask for at once (G3): one place says yes or no, and counts what it left out.

Keeps promise 9: nobody who is not on the roster can bury what contacts say, or fill the memory, with
requests, invitations or first messages (P-19, P-21; CWE-770). What is left out of the list of
chats is in the archive all the same. Nothing is answered here: no stranger learns that we are there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ..core import asking
from ..core.address import Address, AddressError
from ..core.chat import ChatKey, ChatKind
from ..core.events import Level, Notice
from ..core.ports import KeyValue
from ..core.strangers import MOST, MOST_REMEMBERED, Strangers, StrangersChanged, Want, covers
from ..core.world import World
from . import guard
from .draft import Draft

_SPACE = "strangers-chats"
"""In the facts: chats that strangers began and nobody has answered or accepted."""
_TOLD = {
    Want.REQUEST: "More strangers ask to see your presence than are shown",
    Want.INVITATION: "More strangers invite you than are shown",
    Want.CHAT: "More strangers write to you than are shown; their messages are in the archive",
}


class StrangerLimits:
    """Of one account; *emit* tells the world."""

    def __init__(self, own: Address, world: World, facts: KeyValue, emit: Callable[..., None]) -> None:
        self._own = own
        self._world = world
        self._facts = facts
        self._emit = emit
        self._left: dict[Want, dict[Address, None]] = {want: {} for want in Want}
        self._told: set[Want] = set()

    @property
    def now(self) -> Strangers:
        """What is known of them."""
        return asking.of(self._world, self._own)

    def admits(self, want: Want, address: Address, waiting: int, senders: Iterable[Address]) -> bool:
        """Return whether one more may wait for the user; else it is counted as left out.

        *waiting*: how many do already; *senders*: whom it is from, none of whom may be blocked.
        """
        is_blocked = any(self.is_blocked(one) for one in senders)
        if not is_blocked and waiting < MOST[want]:
            self._left[want].pop(address, None)
            return True
        self._leave_out(want, address)
        if not is_blocked and want not in self._told:
            self._told.add(want)
            self._emit(Notice(f"{_TOLD[want]}. /strangers says how many.", Level.WARN, self._own))
        return False

    def admits_message(self, draft: Draft) -> bool:
        """Return whether a message may put its chat on the list of chats."""
        key = draft.chat
        if draft.outgoing or draft.kind is ChatKind.ROOM:
            return True
        if guard.is_contact(self._world, self._own, key.address):
            return True
        if key.address in (self._own, Address("", self._own.domain)):
            return True
        known = self._world.chats.get(key)
        if known is not None and (known.open or (draft.old and known.read_at and draft.at <= known.read_at)):
            # It changes nothing on the list.
            return True
        if not self.admits(Want.CHAT, key.address, len(self.now.chats), (key.address,)):
            return False
        self._put(chats=(*(one for one in self.now.chats if one != key.address), key.address))
        return True

    def hides(self, key: ChatKey) -> bool:
        """Return whether a chat of a stranger is off the list, and what comes late for it stays off it."""
        chat = self._world.chats.get(key)
        is_known = guard.is_contact(self._world, self._own, key.address)
        return chat is not None and not chat.open and chat.kind is not ChatKind.ROOM and not is_known

    def is_blocked(self, address: Address) -> bool:
        """Return whether nothing of an address is to be shown."""
        return any(covers(one, address) for one in self.now.blocked)

    def settle(self, *addresses: Address) -> None:
        """These chats do not wait any more: answered, accepted, closed, or with a contact."""
        if gone := set(addresses).intersection(self.now.chats):
            self._put(chats=tuple(one for one in self.now.chats if one not in gone))

    def block(self, address: Address) -> None:
        """Show nothing of an address or server; what waits of it is for the features to drop."""
        if address not in self.now.blocked:
            self._put(blocked=(*self.now.blocked, address))

    def unblock(self, address: Address) -> None:
        """Show what comes from now on."""
        if address in self.now.blocked:
            self._put(blocked=tuple(one for one in self.now.blocked if one != address))

    def take_left(self, want: Want) -> Sequence[Address]:
        """Return whom of those left out we know, to be settled now: they count no more."""
        taken, self._left[want] = tuple(self._left[want]), {}
        left = self.now.left_out
        self._put(left_out={**left, want: max(0, left.get(want, 0) - len(taken))})
        return taken

    def recall(self) -> None:
        """Take from disk which chats wait; those that were closed or became contacts do not."""
        try:
            kept = [Address.parse(one) for one in json.loads(self._facts.get(_SPACE, str(self._own)) or "[]")]
        except (AddressError, TypeError, ValueError):
            return
        open_ones = [one for one in kept if self._is_open(one) and one not in self.now.chats]
        if open_ones:
            self._put(chats=(*open_ones, *self.now.chats))

    def end(self) -> None:
        """A session is over: the next one says anew that something is left out."""
        self._told.clear()

    def _is_open(self, address: Address) -> bool:
        chat = self._world.chats.get(ChatKey(self._own, address))
        return chat is not None and chat.open and not guard.is_contact(self._world, self._own, address)

    def _leave_out(self, want: Want, address: Address) -> None:
        known = self._left[want]
        if address in known:
            return
        if len(known) < MOST_REMEMBERED:
            known[address] = None
        left = self.now.left_out
        self._put(left_out={**left, want: left.get(want, 0) + 1})

    def _put(self, **fields: object) -> None:
        before = self.now
        now = replace(before, **fields)  # type: ignore[arg-type]
        if now == before:
            return
        self._emit(StrangersChanged(self._own, now))
        if now.chats != before.chats:
            self._facts.put(_SPACE, str(self._own), json.dumps([str(one) for one in now.chats]))
