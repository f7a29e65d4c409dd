"""What becomes of us in a room: nick, role, and being shown the door (XEP-0045 §7.6, §8.2, §9)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from ...core import commands as cmd
from ...core.address import AddressError
from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, Refused
from ...core.events import Level, Notice, RoomChanged
from ...core.room import Room, RoomState
from .. import convert, muc, muc_sentences
from ..draft import Draft
from ..feature import Context, Feature, Handler
from ..join_queue import retry_after


class OwnOccupant(Feature):
    """Follows our own presence in rooms, and the rooms' configuration."""

    XEPS = ("XEP-0045",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._thrown_out: set[ChatKey] = set()
        """For a reason that passes by itself."""

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Another nick."""
        return {cmd.ChangeNick: self._change_nick}

    async def _change_nick(self, command: cmd.ChangeNick) -> None:
        key = command.chat
        if key.account != self.context.own:
            return
        room = self.context.world.rooms.get(key)
        if room is None:
            raise Refused("Join a room first; a nick belongs to a room.")
        try:
            occupant = muc.own_address(self.context, key, command.nick)
        except AddressError as error:
            raise Refused(f"This nick cannot be used. {error}") from None
        if room.state is RoomState.JOINED and self.context.online:
            self.context.send(muc.available(occupant, muc.own_presence(self.context)))
        else:
            self.context.emit(RoomChanged(key, nick=occupant.resource))

    def presence(self, stanza: ET.Element) -> bool:
        """Read what the room says about us."""
        sender = convert.address_in(stanza)
        room = None
        if sender is not None:
            room = self.context.world.rooms.get(ChatKey(self.context.own, sender.bare))
        if sender is None or room is None or room.state not in muc.INSIDE:
            return False
        if stanza.get("type") == "error":
            self._refused(room, convert.child(stanza, convert.CLIENT, "error"))
            return True
        presence = muc.read_presence(stanza, sender.resource, vouched=False)
        if not presence.is_own(room.nick):
            return True
        if room.state is RoomState.JOINING and not presence.available:
            # The room's last word about the time before: nobody leaves who is not in yet.
            return True
        if presence.available:
            occupant = presence.occupant
            self.context.emit(
                RoomChanged(
                    room.key, nick=occupant.nick, role=occupant.role, affiliation=occupant.affiliation
                )
            )
        elif muc.Status.NEW_NICK in presence.statuses and presence.new_nick:
            self.context.emit(RoomChanged(room.key, nick=presence.new_nick))
        else:
            self._removed(room, presence)
        return True

    def _refused(self, room: Room, error: ET.Element | None) -> None:
        words = convert.sentence(error)
        if convert.condition_of(error) == "conflict":
            words = "That nick is taken in this room. Choose another one."
        self.context.emit(Notice(words, Level.WARN, self.context.own, room.key))

    def _removed(self, room: Room, presence: muc.RoomPresence) -> None:
        reason = muc_sentences.removal(presence)
        if not reason:
            self.context.emit(RoomChanged(room.key, RoomState.LEFT))
            return
        self.context.emit(RoomChanged(room.key, RoomState.FAILED, reason))
        if muc_sentences.is_passing(presence):
            self._thrown_out.add(room.key)
            self.context.spawn(self._come_back(room.key))

    async def _come_back(self, key: ChatKey) -> None:
        await asyncio.sleep(retry_after(1))
        self._back(key)

    def _back(self, key: ChatKey) -> None:
        self._thrown_out.discard(key)
        if self.context.world.rooms[key].state is RoomState.FAILED:
            self.context.emit(RoomChanged(key, RoomState.QUEUED))

    def on_ready(self) -> None:
        """Join again where only the room's server was the reason."""
        for key in list(self._thrown_out):
            self._back(key)

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Notice that the room's configuration changed."""
        if draft.kind is not ChatKind.ROOM or draft.old or draft.sender.resource:
            return
        # XEP-0045 §10.2.1: the room tells its occupants that its configuration changed.
        if muc.statuses_in(stanza) & muc.Status.CONFIGURATION_CHANGED:
            self.context.spawn(self._look_again(draft.chat))

    async def _look_again(self, key: ChatKey) -> None:
        info = await muc.ask_info(self.context, key.address)
        if info is not None:
            self.context.emit(info.changed(key))
