"""Everything the user says, on its way out: keep, write, protect, pace, send."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ..core.chat import ChatKey, ChatKind
from ..core.events import MessageChanged, MessageKept
from ..core.link import Weight
from ..core.message import Delivery
from ..core.room import RoomState
from . import convert
from .aside import Aside
from .feature import Failed, Outgoing
from .unwrap import SID

if TYPE_CHECKING:
    from .account import AccountSession

PING = "urn:xmpp:ping"


class Outbox:
    """Messages of one account; what is on disk as `QUEUED` or `WRITTEN` goes again on the next stream."""

    def __init__(self, account: AccountSession) -> None:
        self._account = account
        self._open = False
        """Whether catch-up is over, so that nothing is sent twice."""
        self._written: dict[str, ChatKey] = {}
        """Ids written on this stream and not known to be taken, oldest first."""
        self._rooms: set[ChatKey] = set()
        """Rooms we are in whose archive is caught up."""
        self._aside = Aside(account.own, account.facts, account.clock)

    async def submit(self, outgoing: Outgoing) -> None:
        """Take a message: returns once it is on disk; raises `StorageError` when it cannot be."""
        message = outgoing.message
        if outgoing.kept:
            self._account.open_chat(message.chat, self._kind(message.chat))
            message, is_new = self._account.archive.keep(replace(message, delivery=Delivery.QUEUED))
            outgoing.message = message
            if not is_new:
                # The same id again: what was asked for has happened already.
                return
            self._account.emit(MessageKept(message))
            self._account.remember_chat(message.chat)
        else:
            self._aside.add(outgoing)
        if self._may_write(message.chat):
            self._send(outgoing)

    def flush(self, chat: ChatKey | None = None) -> None:
        """Send again, in order and with the same ids, what this stream has not seen."""
        if chat is None:
            self._open = True
        elif self._is_room(chat):
            self._rooms.add(chat)
        for message in self._account.archive.unsent(self._account.own):
            if chat is not None and message.chat != chat:
                continue
            if message.id not in self._written and self._may_write(message.chat):
                self._send(Outgoing(message, is_room=self._is_room(message.chat)))
        for outgoing in self._aside:
            message = outgoing.message
            if chat is not None and message.chat != chat:
                continue
            if message.id not in self._written and self._may_write(message.chat):
                self._send(outgoing)

    def taken(self, ids: Iterable[str]) -> None:
        """The server has these."""
        for id in ids:
            chat = self._written.pop(id, None)
            self._aside.done(id)
            if chat is not None:
                changed = self._account.archive.set_delivery(chat, id, Delivery.TAKEN)
                self._account.emit(*(MessageChanged(one) for one in changed))

    def forget(self, id: str) -> None:
        """This one was refused; it may be sent again."""
        self._written.pop(id, None)
        self._aside.done(id)

    def stop(self) -> None:
        """The stream is gone: nothing more is known of what was written on it."""
        self._open = False
        self._rooms.clear()
        self._written.clear()

    def _send(self, outgoing: Outgoing) -> None:
        stanza = self._protect(outgoing, self._write(outgoing))
        if not self._account.allows(Weight.ESSENTIAL):
            return
        message = outgoing.message
        if not self._account.write(stanza, message.id):
            return
        self._written[message.id] = message.chat
        if outgoing.kept:
            changed = self._account.archive.set_delivery(message.chat, message.id, Delivery.WRITTEN)
            self._account.emit(*(MessageChanged(one) for one in changed))
        if not self._account.request_ack():
            self._account.spawn(self._ask_by_ping(message.id))

    def _write(self, outgoing: Outgoing) -> ET.Element:
        message = outgoing.message
        kind = "groupchat" if outgoing.is_room else "chat"
        stanza = convert.stanza("message", message.chat.address, kind, message.id)
        if message.body:
            convert.add(stanza, convert.CLIENT, "body", message.body)
        # XEP-0359 §4: "the 'id' of the origin-id and of the message SHOULD be the same".
        convert.add(stanza, SID, "origin-id", id=message.origin_id or message.id)
        for feature in self._account.features:
            feature.write(outgoing, stanza)
        return stanza

    def _protect(self, outgoing: Outgoing, stanza: ET.Element) -> ET.Element:
        """Seal it, or refuse; chats in clear pass as they are."""
        return stanza

    async def _ask_by_ping(self, id: str) -> None:
        """Without acknowledgements: a server that answers has read what was sent before it was asked."""
        try:
            await self._account.request("get", convert.element(PING, "ping"), to=None)
        except Failed as failed:
            if failed.condition in ("timeout", "offline"):
                return
        self.taken([id])

    def _may_write(self, chat: ChatKey) -> bool:
        if not self._account.online or not self._open:
            return False
        if not self._is_room(chat):
            return True
        return chat in self._rooms and self._account.world.rooms[chat].state is RoomState.JOINED

    def _is_room(self, chat: ChatKey) -> bool:
        return chat in self._account.world.rooms

    def _kind(self, chat: ChatKey) -> ChatKind:
        if self._is_room(chat):
            return ChatKind.ROOM
        if chat.address.resource:
            return ChatKind.PRIVATE
        return ChatKind.CONTACT
