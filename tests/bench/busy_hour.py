"""An hour of one who is in two rooms and talks, compressed in time, in each link profile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from tests.bench.contacts import Contact
from tests.bench.hall import Hall, fill, make, mood
from tests.bench.talkers import Ours, shown
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tui_xmpp.core.link import PROFILES

PEOPLE = 30
CROWD = 100
SECONDS = 60.0
"""An hour's worth happens in so many."""
EVENTS = {"presence": 120, "room presence": 160, "room": 120, "in": 20, "out": 20, "other device": 10}
"""What others do: each of 30 contacts changes four times; in each of two rooms there are 80 changes and 60
messages."""
LINKS = {**{name: name for name in PROFILES}, "satellite, zlib": "squeezed", "radio, zlib": "squeezed-radio"}
"""Link profiles by what the figures call them: the shipped ones, and two that compress, which is opt-in."""
SQUEEZED = """
[link.profiles.squeezed]
inherits = "satellite"
compression = "zlib"

[link.profiles.squeezed-radio]
inherits = "radio"
compression = "zlib"
"""


async def busy_hour(server: ChatServer, accounts: Accounts, folder: Path) -> dict[str, dict[str, Any]]:
    """An hour of one who is in two rooms and talks, compressed in time; the sign-in is not in it."""
    async with AsyncExitStack() as stack:
        mine, people = await make(stack, server, accounts, list(LINKS), PEOPLE, CROWD)
        rooms = [f"busy{number}@{server.rooms_domain}" for number in range(2)]
        half = len(people.all) // 2
        crowds = dict(zip(rooms, (people.all[:half], people.all[half:]), strict=True))
        for room, crowd in crowds.items():
            await fill(room, crowd, [])
        ours = [Ours("full", folder / name, mine[name], server, more=SQUEEZED) for name in LINKS]
        hall = await stack.enter_async_context(Hall(server, people, ours))
        async with hall.measured():
            await hall.sign_in()
            for room in rooms:
                await hall.each(lambda one, room=room: one.talker.join(room))
        await hall.leave()
        others = [Contact(account, server, number) for number, account in enumerate(mine.values())]
        for other in others:
            await other.come()
            stack.push_async_callback(other.go)
        for talker, (name, link) in zip(ours, LINKS.items(), strict=True):
            talker.use(link)
            talker.name = name
        async with hall.measured():
            await hall.sign_in()
            await hall.each(lambda one: one.talker.open(one.friend.account.address))
        async with hall.measured() as costs:
            await asyncio.gather(*script(hall, crowds, others))
        hour: dict[str, dict[str, Any]] = {}
        for place in hall.places:
            name = place.talker.name
            cost: dict[str, Any] = dict(costs[name])
            cost["total"] = cost["up"] + cost["down"]
            cost["of_full"] = round(cost["total"] / sum(costs["full"].values()), 4)
            cost["shown"] = {what: shown(place.talker, tag) for what, tag in TAGS.items()}
            hour[name] = cost
        return hour


TAGS = {"in": "IN", "room": "ROOM", "other device": "OTHER"}


def script(hall: Hall, crowds: dict[str, list[Contact]], others: list[Contact]) -> Iterator[Any]:
    """All that happens, each kind spread evenly over the time."""
    people, rooms = hall.people.all, list(crowds)

    async def spread(what: str, do: Any) -> None:
        for number in range(EVENTS[what]):
            await asyncio.sleep(SECONDS / EVENTS[what])
            result = do(number)
            if result is not None:
                await result

    def in_room(number: int) -> tuple[str, Contact]:
        room = rooms[number % 2]
        return room, crowds[room][number // 2 % len(crowds[room])]

    def comes(number: int) -> None:
        room, one = in_room(number)
        one.announce(mood(number), f"{room}/{one.account.user}")

    def speaks(number: int) -> None:
        room, one = in_room(number)
        one.chat(room, f"ROOM-{number:03} Has anybody seen the key to the shed?", "groupchat")

    yield spread("presence", lambda number: people[number % PEOPLE].announce(mood(number)))
    yield spread("room presence", comes)
    yield spread("room", speaks)
    for place, other in zip(hall.places, others, strict=True):
        me, friend = place.talker.account.address, place.friend
        yield spread(
            "in", lambda n, me=me, one=friend: one.chat(me, f"IN-{n:03} See you at eight, or later.")
        )
        yield spread("out", lambda n, one=place.talker: one.say(f"OUT-{n:03} I will be there by then."))
        yield spread(
            "other device",
            lambda n, other=other, to=friend.account.address: other.chat(to, f"OTHER-{n:03} From the phone."),
        )
