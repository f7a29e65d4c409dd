"""Everything the user says, on its way out: keep, write, protect, pace, send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from slixmpp.xmlstream import tostring

from ..core.chat import ChatKey, ChatKind
from ..core.custody import MODULUS, Pending, Stage
from ..core.events import MessageChanged, MessageKept
from ..core.message import Delivery, Message
from ..core.room import RoomState
from ..core.security import Protection
from . import convert
from .feature import Failed, Outgoing
from .lanes import Lane, Parcel
from .unwrap import SID

if TYPE_CHECKING:
    from .account import AccountSession

PING = "urn:xmpp:ping"


class Outbox:
    """Of one account. What is in it reaches the server once, in order for each chat, whatever happens.

    A stanza is made once, when it is kept; from then on the same bytes are sent, and sent again. What was
    never written, or is known not to have arrived, goes at once. What may have arrived waits until an archive
    has told.
    """

    def __init__(self, account: AccountSession) -> None:
        self._account = account
        self._in_lanes: set[int] = set()
        """Numbers of what waits for room on the wire or was written in this session."""
        self._unknown: dict[int, Pending] = {}
        """What may have arrived, by number, until an archive has told."""
        self._late: set[int] = set()
        """Numbers of what could not go when it was said."""
        self._rooms: set[ChatKey] = set()
        """Rooms we are in whose archive is caught up."""
        self._unsealed: dict[int, ChatKey] = {}
        """What waits to be sealed, by number: nothing behind it in its chat may go."""

    async def submit(self, outgoing: Outgoing) -> None:
        """Take a message: returns once it is on disk; raises `StorageError` when it cannot be."""
        account, message = self._account, outgoing.message
        is_new = outgoing.kept and not outgoing.again
        with account.together(durable=True):
            if is_new:
                account.open_chat(message.chat, self._kind(message.chat))
                outgoing.message, is_first = account.archive.keep(replace(message, delivery=Delivery.QUEUED))
                if not is_first:
                    # The same id again: what was asked for has happened already.
                    return
            made, protection = self._made(outgoing)
            if protection is not Protection.CLEAR or outgoing.again:
                protected = account.sealed.protect(message.chat, message.id, protection)
                outgoing.message = protected or outgoing.message
            if is_new:
                account.emit(MessageKept(replace(outgoing.message, attachment=outgoing.attachment)))
                account.remember_chat(message.chat)
            account.emit(*(MessageChanged(one) for one in self._changed_by(outgoing)))
            pending = account.custody.add(made)
        if pending.unsealed:
            self._unsealed[pending.number] = pending.chat
            account.sealing.late.start()
        elif self._may_go(pending):
            self._send(pending)

    def sealed(self, number: int) -> None:
        """Something that waited to be sealed has been, or never will be: what waits in its chat may go."""
        self._unsealed.pop(number, None)
        self.flush()

    def flush(self) -> None:
        """Send, in order, all that may go now; raises `StorageError`, and then nothing has changed."""
        self._flush(self._all())

    def _flush(self, entries: Sequence[Pending]) -> None:
        for pending in entries:
            if self._may_go(pending):
                self._late.add(pending.number)
                self._send(pending)

    def settle(self, chat: ChatKey | None) -> None:
        """What the archive of the account (None) or of a room holds was found: the rest goes again.

        Raises `StorageError`, and then nothing has changed.
        """
        # Read first: what is not held back any more must be in front of what is said next.
        entries = self._all()
        if chat is not None:
            self._rooms.add(chat)
        for number, pending in list(self._unknown.items()):
            if pending.chat == chat if pending.is_room else chat is None:
                del self._unknown[number]
        self._flush(entries)
        if chat is None:
            self._account.sealing.caught_up()

    def unsettled(self) -> Mapping[ChatKey, datetime]:
        """Chats that hold something of unknown fate, and when the oldest of it was said."""
        oldest: dict[ChatKey, datetime] = {}
        for one in self._unknown.values():
            oldest[one.chat] = min(one.at, oldest.get(one.chat, one.at))
        return oldest

    def doubt(self, again: Sequence[Parcel]) -> list[Parcel]:
        """Of what is to be sent again, these may have arrived all the same: an archive must tell first.

        Returns what no archive can tell of. Raises `StorageError`; the next doubt makes up for it.
        """
        for one in again:
            if one.pending is not None:
                self._unknown[one.pending.number] = replace(one.pending, stage=Stage.UNKNOWN, sequence=0)
                self._in_lanes.discard(one.pending.number)
        chats = self.unsettled()
        # What waits for room on the wire would overtake what is doubted.
        for pending in self._account.life.lanes.take_back(lambda one: one.chat in chats):
            self._in_lanes.discard(pending.number)
        self._account.custody.restage(self._account.own, Stage.UNKNOWN)
        return [one for one in again if one.pending is None]

    def is_under_way(self, room: ChatKey | None) -> bool:
        """Whether anything was written that may stand in an archive by now: of a room, or (None) our own."""
        return self._account.custody.is_under_way(self._account.own, room)

    def arrived(self, entries: Sequence[Pending]) -> None:
        """The server has these; raises `StorageError`, and then nothing has changed."""
        account = self._account
        with account.together(durable=False):
            for pending in entries:
                account.custody.settled(account.own, pending.chat, [pending.id])
                changed = account.archive.set_delivery(pending.chat, pending.id, Delivery.TAKEN)
                account.emit(*(MessageChanged(one) for one in changed))
            account.once_kept(lambda: self._drop(entries))

    def forget(self, chat: ChatKey, *ids: str) -> None:
        """These were refused, or were seen in an archive or a room: they are not on their way any more."""
        gone = self._account.custody.settled(self._account.own, chat, [one for one in ids if one])
        self._account.once_kept(lambda: self._drop(gone))

    def proven(self, chat: ChatKey, id: str) -> None:
        """The other side has this one: so the server has it, and all that was written to it before.

        It is no matter whether the server's count has come, nor whether it ever will.
        """
        entries = self._account.custody.pending(self._account.own)
        there = next((one for one in entries if one.chat == chat and one.id == id), None)
        if there is not None:
            self.arrived([one for one in entries if one == there or _is_before(one, there)])

    def _drop(self, entries: Sequence[Pending]) -> None:
        for pending in entries:
            self._unknown.pop(pending.number, None)
            self._in_lanes.discard(pending.number)

    def renew(self) -> None:
        """A session ends, or the first one begins: look at what the disk says of each.

        Raises `StorageError`, and then nothing has changed.
        """
        entries = self._account.custody.pending(self._account.own)
        self._rooms.clear()
        self._in_lanes.clear()
        self._late.clear()
        self._unknown = {one.number: one for one in entries if one.stage is Stage.UNKNOWN}
        self._unsealed = {one.number: one.chat for one in entries if one.unsealed}

    def written(self, pending: Pending) -> None:
        """It is being written now, in the caller's transaction."""
        if pending.number in self._late and pending.stage is Stage.QUEUED:
            # What was typed offline is said now: behind what came meanwhile, where the others see it too.
            self._account.archive.postpone(pending.chat, pending.id, self._account.clock.now())
        self._account.once_kept(lambda: self._late.discard(pending.number))
        changed = self._account.archive.set_delivery(pending.chat, pending.id, Delivery.WRITTEN)
        self._account.emit(*(MessageChanged(one) for one in changed))

    # --- inside -----------------------------------------------------------------------------------------

    def _changed_by(self, outgoing: Outgoing) -> Sequence[Message]:
        message, archive = outgoing.message, self._account.archive
        if outgoing.again:
            return archive.set_delivery(message.chat, message.id, Delivery.QUEUED)
        changed = None if outgoing.change is None else outgoing.change()
        return () if changed is None else (changed,)

    def _send(self, pending: Pending) -> None:
        self._in_lanes.add(pending.number)
        self._account.post(Parcel(pending.xml, Lane.MESSAGE, pending))

    def _all(self) -> Sequence[Pending]:
        found: list[Pending] = []
        for pending in self._account.custody.pending(self._account.own):
            if pending.xml:
                found.append(pending)
                continue
            # Kept by a program that made the stanza anew each time.
            message = self._account.archive.find(pending.chat, pending.id)
            if message is not None:
                made, _ = self._made(Outgoing(message, is_room=pending.is_room))
                if not made.unsealed:
                    found.append(replace(pending, xml=made.xml))
        return found

    def _may_go(self, pending: Pending) -> bool:
        if pending.number in self._in_lanes or pending.stage is Stage.WRITTEN or not self._account.alive:
            return False
        if any(one == pending.chat and number <= pending.number for number, one in self._unsealed.items()):
            return False
        # What is of unknown fate comes first in its chat.
        if any(one.chat == pending.chat for one in self._unknown.values()):
            return False
        if not pending.is_room:
            return True
        room = self._account.world.rooms.get(pending.chat)
        if room is None or room.state is not RoomState.JOINED:
            # What waits now goes once the archive has told again: nothing may overtake it.
            self._rooms.discard(pending.chat)
        return pending.chat in self._rooms

    def _made(self, outgoing: Outgoing) -> tuple[Pending, Protection]:
        """The stanza to send, and what protects it; raises `Refused` where it cannot be sealed."""
        message = outgoing.message
        stanza = convert.stanza(
            "message", message.chat.address, "groupchat" if outgoing.is_room else "chat", message.id
        )
        if message.body:
            convert.add(stanza, convert.CLIENT, "body", message.body)
        # XEP-0359 §4: "the 'id' of the origin-id and of the message SHOULD be the same". Only a room may give
        # a message another id (XEP-0045 §7.4), so between two people it says nothing new.
        if outgoing.is_room:
            convert.add(stanza, SID, "origin-id", id=message.origin_id or message.id)
        for feature in self._account.features:
            feature.write(outgoing, stanza)
        sealed = self._account.sealing.protect(message.chat, stanza)
        # What is read again keeps its namespace.
        text = tostring(convert.make_safe(stanza)) if sealed.unsealed else convert.wire_text(sealed.stanza)
        made = Pending(
            message.chat, message.id, text, message.at, is_room=outgoing.is_room, unsealed=sealed.unsealed
        )
        return made, sealed.protection

    async def ask_by_ping(self, entries: Sequence[Pending]) -> None:
        """Without acknowledgements: a server that answers has read what was sent before it was asked."""
        try:
            await self._account.request("get", convert.element(PING, "ping"))
        except Failed as failed:
            if failed.condition in ("timeout", "offline"):
                return
        self.arrived(entries)

    def _is_room(self, chat: ChatKey) -> bool:
        return chat in self._account.world.rooms

    def _kind(self, chat: ChatKey) -> ChatKind:
        if self._is_room(chat):
            return ChatKind.ROOM
        if chat.address.resource:
            return ChatKind.PRIVATE
        return ChatKind.CONTACT


def _is_before(one: Pending, other: Pending) -> bool:
    """Whether *one* was written to the same stream as *other*, and earlier."""
    written = one.stage is other.stage is Stage.WRITTEN and one.sequence and other.sequence
    return bool(written) and 0 < (other.sequence - one.sequence) % MODULUS < MODULUS // 2
