"""Who is in a room: the first flood as one batch, then each change (XEP-0045 §7.2.3, §7.14, XEP-0421)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...core.chat import ChatKey
from ...core.events import Event, OccupantChanged, OccupantLeft, OccupantsArrived, RoomChanged
from ...core.room import Occupant, Room, RoomState
from .. import convert, muc, muc_sentences
from ..feature import Context, Feature

MAX_OCCUPANTS = 20_000
"""Held for one room; no room that means well has more."""


class Occupants(Feature):
    """Reads the presence of occupants; our own is passed on to those who act on it."""

    XEPS = ("XEP-0045", "XEP-0421")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._arriving: dict[ChatKey, dict[str, Occupant]] = {}
        self._vouched: set[ChatKey] = set()

    def told(self, event: Event) -> None:
        """A join begins: collect; it is over: tell who is there."""
        if not isinstance(event, RoomChanged) or event.key.account != self.context.own:
            return
        if event.state is RoomState.JOINING:
            self._arriving[event.key] = {}
            self._vouched.discard(event.key)
            info = muc.remembered(self.context.facts, event.key.account, event.key.address)
            if info is not None and info.occupant_ids:
                self._vouched.add(event.key)
        elif event.state is not None:
            arrived = self._arriving.pop(event.key, None)
            if arrived is not None and event.state is RoomState.JOINED:
                self.context.emit(OccupantsArrived(event.key, tuple(arrived.values())))

    def presence(self, stanza: ET.Element) -> bool:
        """Read one occupant's presence."""
        sender = convert.address_in(stanza)
        if sender is None or not sender.resource or stanza.get("type") not in (None, "unavailable"):
            return False
        key = ChatKey(self.context.own, sender.bare)
        room = self.context.world.rooms.get(key)
        if room is None or room.state not in (RoomState.JOINING, RoomState.JOINED):
            return False
        presence = muc.read_presence(stanza, sender.resource, vouched=key in self._vouched)
        arriving = self._arriving.get(key)
        if arriving is not None:
            self._arrive(arriving, presence)
        elif presence.available:
            self._change(room, presence.occupant)
        elif sender.resource in room.occupants:
            self._leave(room, presence)
        return not presence.is_own(room.nick)

    def _arrive(self, arriving: dict[str, Occupant], presence: muc.RoomPresence) -> None:
        occupant = presence.occupant
        if not presence.available:
            gone = arriving.pop(occupant.nick, None)
            if gone is not None and muc.Status.NEW_NICK in presence.statuses and presence.new_nick:
                arriving[presence.new_nick] = gone
        elif len(arriving) < MAX_OCCUPANTS:
            arriving[occupant.nick] = occupant

    def _change(self, room: Room, occupant: Occupant) -> None:
        known = room.occupants.get(occupant.nick)
        if known == occupant or (known is None and len(room.occupants) >= MAX_OCCUPANTS):
            return
        self.context.emit(OccupantChanged(room.key, occupant, joined=known is None))

    def _leave(self, room: Room, presence: muc.RoomPresence) -> None:
        is_renamed = muc.Status.NEW_NICK in presence.statuses
        self.context.emit(
            OccupantLeft(
                room.key,
                presence.occupant.nick,
                new_nick=presence.new_nick if is_renamed else "",
                reason="" if is_renamed else muc_sentences.departure(presence),
            )
        )
