"""Plain messages: sending, sending again, subjects and headlines (RFC 6121 §5)."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from ...core.address import AddressError
from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, Refused, RetryMessage, SendMessage
from ...core.events import RoomChanged
from ...core.message import Delivery, Reply
from ...core.room import Room, RoomState
from .. import convert, muc
from ..draft import Draft
from ..feature import Feature, Handler, Outgoing
from ..own_message import own_message


class Messages(Feature):
    """Turns text into a message, and reads the subject of one."""

    XEPS = ("XEP-0359", "XEP-0334")
    NAMESPACES = ("urn:xmpp:sid:0",)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Talking."""
        return {SendMessage: self._send, RetryMessage: self._retry}

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read the subject; a room's subject belongs to the room (XEP-0045 §7.2.15)."""
        if draft.kind is not ChatKind.ROOM:
            draft.subject = convert.text_of(stanza, "subject")

    async def _send(self, command: SendMessage) -> None:
        context, key = self.context, command.chat
        if not command.body.strip():
            raise Refused("There is nothing to send.")
        room = context.world.rooms.get(key)
        chat = context.world.chats.get(key)
        if room is not None and room.state in (RoomState.LEFT, RoomState.FAILED):
            self._enter(room)
        elif room is None and chat is not None and chat.kind is ChatKind.ROOM:
            # Nobody has signed in yet: what is said waits for the room.
            room = self._queue(key)
        reply = self._reply(command, is_room=room is not None)
        message = own_message(context, key, command.body, id=command.id, reply=reply)
        await context.submit(Outgoing(message, is_room=room is not None, receipt=command.receipt))

    def _enter(self, room: Room) -> None:
        """Where rooms are only read from outside, who writes in one enters it."""
        if self.context.pacing.joins_open or room.state is RoomState.FAILED:
            raise Refused("You are not in this room; join it first.")
        self._queue(room.key)

    def _queue(self, key: ChatKey) -> Room:
        try:
            nick = muc.own_address(self.context, key).resource
        except AddressError as error:
            raise Refused(f"Your nick cannot be used in this room. {error}") from None
        self.context.emit(RoomChanged(key, RoomState.QUEUED, nick=nick))
        return self.context.world.rooms[key]

    def _reply(self, command: SendMessage, *, is_room: bool) -> Reply | None:
        if not command.reply_to:
            return None
        answered = self.context.archive.message(command.chat, command.reply_to)
        # XEP-0461 §3: in a room the id that the room gave; elsewhere the origin id, or else the id.
        if answered is None:
            raise Refused("The message you answer is not there any more.")
        id = (answered.archive_id if is_room else answered.origin_id) or answered.id
        if not id:
            return None
        text = answered.body.partition("\n")[0]
        return Reply(id, answered.sender, answered.nick, text, answered.row)

    async def _retry(self, command: RetryMessage) -> None:
        context = self.context
        message = context.archive.message(command.chat, command.row)
        if message is None or message.delivery is not Delivery.FAILED:
            raise Refused("Only a message that failed can be sent again.")
        is_room = command.chat in context.world.rooms
        await context.submit(Outgoing(message, is_room=is_room, again=True))
