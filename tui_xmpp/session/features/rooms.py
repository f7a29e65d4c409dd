"""Entering and leaving rooms as the user asks (XEP-0045 §7.2, §7.14): `QUEUED` rooms are to be joined."""

from __future__ import annotations

from collections.abc import Mapping

from ...core import commands as cmd
from ...core import events as ev
from ...core.address import AddressError
from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, Refused
from ...core.contact import Show
from ...core.events import Event, RoomChanged
from ...core.room import Room, RoomState
from .. import muc, muc_sentences
from ..feature import Feature, Handler


class Rooms(Feature):
    """Queues and leaves rooms, and keeps what they know of our presence up to date."""

    XEPS = ("XEP-0045",)
    NAMESPACES = (muc.MUC,)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """In and out."""
        return {cmd.JoinRoom: self._join, cmd.LeaveRoom: self._leave, cmd.CloseChat: self._close}

    async def _join(self, command: cmd.JoinRoom) -> None:
        if command.account != self.context.own:
            return
        if not command.room.local:
            raise Refused(muc_sentences.NO_ROOM)
        key = ChatKey(self.context.own, command.room.bare)
        nick = command.nick or command.room.resource
        try:
            occupant = muc.own_address(self.context, key, nick)
        except AddressError as error:
            raise Refused(f"This nick cannot be used. {error}") from None
        self.context.open_chat(key, ChatKind.ROOM)
        room = self.context.world.rooms.get(key)
        if room is None or room.state not in muc.INSIDE or not self.context.online:
            self.context.emit(RoomChanged(key, RoomState.QUEUED, nick=occupant.resource))
        elif nick and occupant.resource != room.nick:
            # XEP-0045 §7.6: another nick is asked for by presence to the new address.
            self.context.send(muc.available(occupant, muc.own_presence(self.context)))

    async def _leave(self, command: cmd.LeaveRoom) -> None:
        if command.chat.account == self.context.own:
            muc.leave(self.context, command.chat, command.text)

    async def _close(self, command: cmd.CloseChat) -> None:
        if command.chat.account == self.context.own:
            muc.leave(self.context, command.chat)

    def told(self, event: Event) -> None:
        """Rooms hear of it when our presence changes; they are left when we become unavailable."""
        # RFC 6121 §4.6.3: rooms got directed presence, so that changes are ours to send.
        if not isinstance(event, ev.OwnPresenceChanged) or event.account != self.context.own:
            return
        if event.presence.show is Show.OFFLINE:
            # RFC 6121 §4.6.3: whom directed presence was sent to, the server tells that we are unavailable.
            self.on_stop()
            return
        for room in self._mine():
            if room.state is RoomState.JOINED:
                occupant = muc.own_address(self.context, room.key, room.nick)
                self.context.send(muc.available(occupant, event.presence))

    def _mine(self) -> list[Room]:
        return [room for room in self.context.world.rooms.values() if room.key.account == self.context.own]

    def on_stop(self) -> None:
        """Every room we were in is to be joined again: no room knows us any more."""
        for room in self._mine():
            if room.state in muc.INSIDE:
                self.context.emit(RoomChanged(room.key, RoomState.QUEUED))
