"""Who is in a room, and public rooms, as lists."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.core import commands as cmd
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.events import PriceAsked
from tui_xmpp.core.questions import PublicRooms, RoomServices, Unanswered
from tui_xmpp.core.room import Occupant, Role, RoomListing
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.actions.questions import price
from tui_xmpp.ui.render import people as render


class Occupants(Kind):
    """Who is in the room; Enter opens a private chat."""

    placeholder = "filter"
    hint = "Enter writes to one of them privately   Esc closes"
    nothing = "Nobody here by that name."

    def __init__(self, face: Face, chat: ChatKey) -> None:
        self._face = face
        self._chat = chat
        room = face.world.rooms.get(chat)
        count = len(room.occupants) if room else 0
        self.title = f"{count} members of {clean_line(face.world.name_of(chat))}"

    def keys(self, text: str) -> Sequence[Hashable]:
        """The nicks that match, moderators first."""
        room = self._face.world.rooms.get(self._chat)
        wanted = text.casefold()
        found = [one for one in (room.occupants.values() if room else ()) if wanted in one.nick.casefold()]
        return [
            one.nick
            for one in sorted(found, key=lambda one: (one.role is not Role.MODERATOR, one.nick.casefold()))
        ]

    def draw(self, key: Hashable, width: int) -> Text:
        """Return nick, role, affiliation, and the address where the room shows it."""
        room = self._face.world.rooms.get(self._chat)
        occupant: Occupant | None = room.occupants.get(str(key)) if room else None
        if room is None or occupant is None:
            return Text()
        text = render.occupant_row(self._face.look, occupant, min(24, width), own=occupant.nick == room.nick)
        text.append(
            f"  {occupant.role.value}, {occupant.affiliation.value}", style=self._face.look.style("dim")
        )
        if occupant.address is not None:
            text.append(f"  {clean_line(str(occupant.address))}", style=self._face.look.style("dim"))
        text.truncate(width, overflow="ellipsis")
        return text

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Write to one of them."""
        room = self._face.world.rooms.get(self._chat)
        await self._face.close_popup()
        if key is not None and room is not None and key != room.nick:
            address = self._chat.address.with_resource(str(key))
            await self._face.enter(ChatKey(self._chat.account, address))
        return True


class RoomList(Kind):
    """The public rooms of a service; Enter joins one."""

    title = "Public rooms"
    nothing = "No public room by that name."
    placeholder = "filter"
    hint = "Enter joins   Esc closes"
    tall = True

    def __init__(self, face: Face, account: Address, service: Address | None) -> None:
        self._face = face
        self._account = account
        self._rooms: list[RoomListing] = []
        self._waiting = True
        self._task = asyncio.create_task(self._ask(service))

    async def _ask(self, service: Address | None) -> None:
        try:
            services = (service,) if service else await self._face.engine.ask(RoomServices(self._account))
            if not services:
                self._face.say("This server names no service for rooms. Write one: /rooms rooms.example.org.")
            for one in services:
                rooms = await self._face.engine.ask(PublicRooms(self._account, one))
                self._rooms += sorted(rooms, key=lambda room: -(room.occupants or 0))
        except Unanswered as error:
            self._face.say(str(error))
        self._waiting = False
        self._face.refill()

    def keys(self, text: str) -> Sequence[Hashable]:
        """The rooms that match."""
        wanted = text.casefold()
        if self._waiting:
            asked = self._price()
            return (f"{price(asked)} Enter asks for it." if asked else "asking the server …",)
        found = [room for room in self._rooms if wanted in f"{room.name} {room.address}".casefold()]
        if not self._rooms:
            return ("There is no public room. /join ROOM@SERVICE enters any other, or makes one.",)
        return found

    def stands(self, key: Hashable) -> bool:
        """On rooms."""
        return isinstance(key, RoomListing)

    def draw(self, key: Hashable, width: int) -> Text:
        """Return name, address, and how many are there."""
        look = self._face.look
        if not isinstance(key, RoomListing):
            return Text(f" {key}", style=look.style("dim"))
        count = f"{key.occupants:>4} " if key.occupants is not None else "     "
        text = Text(count, style=look.style("dim"), no_wrap=True).append(
            clean_line(key.name or key.address.local)
        )
        about = f"  {clean_line(str(key.address))}  {clean_line(key.description)}"
        text.append(about, style=look.style("dim"))
        text.truncate(width, overflow="ellipsis")
        return text

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Join it."""
        if (asked := self._price()) is not None:
            await self._face.do(cmd.Answer(asked.id, True))
            return False
        if not isinstance(key, RoomListing):
            return False
        await self._face.close_popup()
        if await self._face.do(cmd.JoinRoom(self._account, key.address)):
            await self._face.enter(ChatKey(self._account, key.address))
        return True

    def _price(self) -> PriceAsked | None:
        """What the list costs, where that is asked first."""
        asked = self._face.world.questions.values() if self._waiting else ()
        return next(
            (one for one in asked if isinstance(one, PriceAsked) and one.account == self._account), None
        )

    def cancelled(self) -> None:
        """Nobody waits for the list any more."""
        self._task.cancel()
