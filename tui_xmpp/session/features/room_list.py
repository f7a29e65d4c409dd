"""The rooms a service offers (XEP-0045 §6, XEP-0030, XEP-0059)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

from ...core.address import Address
from ...core.questions import PublicRooms, RoomServices
from ...core.room import RoomListing
from .. import convert, muc
from ..feature import Failed, Feature
from ..pricing import PER_ROOM

RSM = "http://jabber.org/protocol/rsm"
PAGE = 100
MAX_ROOMS = 2000
MAX_SERVICES = 30
"""Items of a server that are asked what they are."""
MAX_COUNTED = 50
"""Rooms that are asked how many people are in, where the list does not say."""
_AT_ONCE = 5

# Some services write the number of occupants behind the name.
_COUNTED = re.compile(r"(.*?)\s*\((\d{1,6})\)", re.DOTALL)


class RoomList(Feature):
    """Asks for services and their rooms."""

    XEPS = ("XEP-0045", "XEP-0059")
    NAMESPACES = (convert.DISCO_ITEMS,)

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Awaitable[Any]]]:
        """Two questions."""
        return {RoomServices: self._services, PublicRooms: self._rooms}

    async def _services(self, question: RoomServices) -> tuple[Address, ...]:
        found = await self._items(Address("", self.context.own.domain), MAX_SERVICES)
        candidates = [address for address, _ in found if not address.local and not address.resource]
        kinds = await self._each(candidates, self._is_service)
        return tuple(one for one, is_service in zip(candidates, kinds, strict=True) if is_service)

    async def _is_service(self, address: Address) -> bool:
        query = await self._info(address)
        if query is None:
            return False
        identities = convert.children(query, convert.DISCO_INFO, "identity")
        # XEP-0045 §6.2: a service is of category "conference" and type "text"; gateways are of other types.
        return any((one.get("category"), one.get("type")) == ("conference", "text") for one in identities)

    async def _rooms(self, question: PublicRooms) -> tuple[RoomListing, ...]:
        what = f"List the rooms of {question.service}"
        if not await self.context.pricing.agree(what, PAGE * PER_ROOM):
            raise Failed("The list was not fetched.")
        found = await self._items(question.service, MAX_ROOMS)
        rooms = [_listing(address, name) for address, name in found if address.local and not address.resource]
        uncounted = [room for room in rooms if room.occupants is None][:MAX_COUNTED]
        if not self.context.pacing.asks_by_itself:
            return tuple(rooms)
        asked = await self._each([room.address for room in uncounted], self._room_info)
        known = {room.address: info for room, info in zip(uncounted, asked, strict=True) if info is not None}
        return tuple(_completed(room, known.get(room.address)) for room in rooms)

    async def _room_info(self, address: Address) -> muc.RoomInfo | None:
        query = await self._info(address)
        return None if query is None else muc.read_info(query)

    async def _info(self, address: Address) -> ET.Element | None:
        query = convert.element(convert.DISCO_INFO, "query")
        try:
            return convert.payload(await self.context.request("get", query, to=address))
        except Failed:
            return None

    async def _items(self, service: Address, most: int) -> list[tuple[Address, str]]:
        """All items of a service with their names, page by page where the service has pages."""
        found: dict[Address, str] = {}
        after = ""
        while len(found) < most:
            query = convert.element(convert.DISCO_ITEMS, "query")
            bounds = convert.add(query, RSM, "set")
            convert.add(bounds, RSM, "max", str(PAGE))
            if after:
                convert.add(bounds, RSM, "after", after)
            answer = convert.payload(await self.context.request("get", query, to=service))
            if answer is None:
                break
            before = len(found)
            for item in convert.children(answer, convert.DISCO_ITEMS, "item"):
                address = convert.address_in(item, "jid")
                if address is not None and len(found) < most:
                    found[address] = item.get("name", "")
            told = convert.child(answer, RSM, "set")
            last = "" if told is None else convert.text_of(told, "last", RSM)
            # A service without pages answers with everything; one that turns in circles brings nothing new.
            if not last or last == after or len(found) == before:
                break
            after = last
        return list(found.items())

    async def _each(self, addresses: list[Address], ask: Callable[[Address], Awaitable[Any]]) -> list[Any]:
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(address: Address) -> Any:
            async with turns:
                return await ask(address)

        return list(await asyncio.gather(*(one(address) for address in addresses)))


def _listing(address: Address, name: str) -> RoomListing:
    counted = _COUNTED.fullmatch(name)
    if counted is None:
        return RoomListing(address, name)
    return RoomListing(address, counted[1], int(counted[2]))


def _completed(room: RoomListing, info: muc.RoomInfo | None) -> RoomListing:
    if info is None:
        return room
    return replace(room, name=info.name or room.name, occupants=info.occupants, description=info.description)
