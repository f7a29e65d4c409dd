"""Messages in rooms: who said them, and private ones between occupants (XEP-0045 §7.4, §7.5, XEP-0421)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...core.chat import ChatKey, ChatKind
from ...core.events import Event, RoomChanged
from ...core.room import RoomState
from .. import convert, muc
from ..draft import Draft
from ..feature import Context, Feature, Outgoing


class RoomMessages(Feature):
    """Fills in what only a room knows of a message."""

    XEPS = ("XEP-0045", "XEP-0421")
    NAMESPACES = (muc.OCCUPANT_ID,)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._vouched: set[ChatKey] = set()
        """Rooms that give occupant ids themselves and take out forged ones."""

    def told(self, event: Event) -> None:
        """Note at each join whether the room vouches for occupant ids."""
        if not isinstance(event, RoomChanged) or event.key.account != self.context.own:
            return
        if event.state is RoomState.JOINING:
            info = muc.remembered(self.context.facts, event.key.account, event.key.address)
            self._vouched.discard(event.key)
            if info is not None and info.occupant_ids:
                self._vouched.add(event.key)

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read the occupant id and the real sender; drop private messages of rooms we are not in."""
        room = ChatKey(draft.account, draft.chat.address.bare)
        if draft.kind is ChatKind.CONTACT:
            # XEP-0045 §7.5: the mark of a private message; of a room that we know nothing of.
            told = convert.child(stanza, muc.USER, "x")
            if told is not None and len(told) == 0 and draft.source.resource and not draft.outgoing:
                draft.dropped = "a private message of a room we are not in"
            return
        if draft.kind is ChatKind.PRIVATE and not draft.outgoing and not self._is_inside(room):
            draft.dropped = "a private message of a room we are not in"
            return
        if room in self._vouched:
            draft.occupant_id = muc.occupant_id_in(stanza)
        if draft.kind is ChatKind.ROOM and draft.old:
            self._read_real_sender(stanza, draft)

    def write(self, outgoing: Outgoing, stanza: ET.Element) -> None:
        """Mark a private message as one."""
        address = outgoing.message.chat.address
        if address.resource and ChatKey(self.context.own, address.bare) in self.context.world.rooms:
            # XEP-0045 §7.5: "the client SHOULD include an empty <x/> element".
            convert.add(stanza, muc.USER, "x")

    def _is_inside(self, room: ChatKey) -> bool:
        known = self.context.world.rooms.get(room)
        return known is not None and known.state in (RoomState.JOINING, RoomState.JOINED)

    def _read_real_sender(self, stanza: ET.Element, draft: Draft) -> None:
        # XEP-0313 §5.1.2: where real addresses may be seen the archive tells them; nicks change hands.
        told = convert.child(stanza, muc.USER, "x")
        item = None if told is None else convert.child(told, muc.USER, "item")
        real = None if item is None else convert.address_in(item, "jid")
        if real is not None:
            draft.outgoing = real.bare == draft.account
