"""For whom a room is sealed: all its members, those who are not there now among them (XEP-0384 §5.5)."""

from __future__ import annotations

import asyncio

from ...core.address import Address
from ...core.chat import ChatKey
from ...core.room import Affiliation, Room
from .. import convert
from ..feature import Context, Failed

ADMIN = "http://jabber.org/protocol/muc#admin"
_MEMBERS = (Affiliation.OWNER, Affiliation.ADMIN, Affiliation.MEMBER)
MOST_MEMBERS = 200
"""In a larger room each message would be some hundred kilobytes."""


class RoomMembers:
    """Of one account: the members of rooms as their lists said, kept for as long as we are in."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._members: dict[ChatKey, frozenset[Address]] = {}

    def problems(self, chat: ChatKey) -> list[str]:
        """Why a room cannot be sealed, in sentences; empty: as far as the room goes it can."""
        room = self._context.world.rooms.get(chat)
        if room is None:
            return ["You are not in this room."]
        found = []
        if room.anonymous:
            found.append("The room hides the addresses of those in it: nobody can know whose keys to use.")
        if not room.members_only:
            found.append("Anybody can enter this room, and would be sent what you say.")
        if len(self._members.get(chat, ())) > MOST_MEMBERS:
            found.append(f"The room has over {MOST_MEMBERS} members: what is sealed for all is too large.")
        return found

    def known(self, chat: ChatKey) -> frozenset[Address] | None:
        """Everybody in the room but us, present or not; None: the lists were not fetched."""
        listed = self._members.get(chat)
        room = self._context.world.rooms.get(chat)
        if listed is None or room is None:
            return None
        return (listed | _present(room)) - {self._context.own}

    async def fetch(self, chat: ChatKey) -> None:
        """Ask the room for its lists; what we may not see of them is left out. Raises `Failed`."""
        answers = await asyncio.gather(*(self._list(chat, one) for one in _MEMBERS))
        room = self._context.world.rooms.get(chat)
        seen = frozenset[Address]().union(*answers)
        self._members[chat] = seen if room is None else seen | _present(room)

    async def _list(self, chat: ChatKey, affiliation: Affiliation) -> frozenset[Address]:
        query = convert.element(ADMIN, "query")
        convert.add(query, ADMIN, "item", affiliation=affiliation.value)
        try:
            answer = convert.payload(await self._context.request("get", query, to=chat.address))
        except Failed as failed:
            # XEP-0045 §9.5: who is not an admin may be refused; those present are seen all the same.
            if failed.condition in ("offline", "timeout"):
                raise
            return frozenset()
        items = () if answer is None else convert.children(answer, ADMIN, "item")
        found = (convert.address(item.get("jid")) for item in items)
        return frozenset(one.bare for one in found if one is not None)

    def forget(self, chat: ChatKey) -> None:
        """The room's lists have changed, or we left it."""
        self._members.pop(chat, None)


def _present(room: Room) -> frozenset[Address]:
    return frozenset(one.address.bare for one in room.occupants.values() if one.address is not None)
