"""What each link profile spends, beside other clients, on the same things among the same people."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.bench import plot, results
from tests.bench.contacts import Contact, Contacts
from tests.bench.hall import PACE, Cost, Hall, Place, fill, mood
from tests.bench.talkers import PROGRAMS, Ours, missing, shown, talkers
from tests.bench.test_login import Bars
from tests.server.chat_server import Account, ChatServer
from tests.server.conftest import Accounts, running
from tests.server.prosody import ProsodyServer
from tui_xmpp.core.link import PROFILES
from tui_xmpp.session.features.receipts import GATHER_SECONDS

pytestmark = pytest.mark.bench

PEOPLE = 50
CROWD = 100
CHANGES = 300
MESSAGES = 100
IDLE_SECONDS = 60.0
HISTORY = 20

BUSY_PEOPLE = 30
BUSY_SECONDS = 60.0
"""An hour's worth happens in so many."""
BUSY = {"presence": 120, "room presence": 80, "room": 60, "in": 20, "out": 20, "other device": 10}

OF_FULL = {"metered": 0.30, "satellite": 0.06, "radio": 0.03}
TYPED_UP = 175
CHURN_UP = 300
CHURN_DOWN = 0.01
RECEIVED_UP = 14_000

LEFT_OUT = {
    "metered": "presence of others",
    "satellite": "presence of others; rooms that were not opened",
    "radio": "presence of others; rooms, unless asked for",
}

Figures = dict[str, dict[str, dict[str, Any]]]
"""By client and scenario."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """A server that keeps presence back for who asks it to (XEP-0016)."""
    yield from running(ProsodyServer(tmp_path_factory.mktemp("house"), extra_modules=("privacy_lists",)))


async def make(
    stack: AsyncExitStack, server: ChatServer, accounts: Accounts, names: list[str], people: int, crowd: int
) -> tuple[dict[str, Account], Contacts]:
    """An account for each name, with so many contacts who are there, and as many others as make a crowd."""

    def prepare() -> tuple[dict[str, Account], list[Account]]:
        mine = accounts(server, *names, friends=False)
        others = accounts(server, *(f"c{number:03}" for number in range(crowd)), friends=False)
        for me in mine:
            for other in others[:people]:
                server.befriend(me.user, other.user)
        return dict(zip(names, mine, strict=True)), others

    mine, others = await asyncio.to_thread(prepare)
    return mine, await stack.enter_async_context(Contacts(others, server))


async def test_link(house: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    scenarios = await play(house, accounts, tmp_path / "scenarios")
    hour = await busy_hour(house, accounts, tmp_path / "hour")
    bars = bars_of(scenarios, hour)
    names = list(next(iter(scenarios.values())))
    results.write(
        "link",
        {
            "title": f"The same, with {PEOPLE} contacts there, in each link profile and in other clients; "
            "bytes of TCP payload up/down, TLS included",
            "table": [
                ["client", *names, "busy hour", "of full", "not shown"],
                *(row(client, costs, hour) for client, costs in scenarios.items()),
                *([name, "not installed", *[""] * (len(names) + 2)] for name in missing()),
            ],
            "scenarios": scenarios,
            "busy_hour": hour,
            "busy_hour_in_seconds": BUSY_SECONDS,
            "bars": bars.all,
        },
    )
    kilobytes = {name: cost["total"] / 1000 for name, cost in hour.items()}
    plot.bars("link", "A busy hour, both ways, by link profile", kilobytes, "kB")
    print(f"\n{bars.all}")
    assert not bars.missed


# --- the scenarios --------------------------------------------------------------------------------------


async def play(server: ChatServer, accounts: Accounts, folder: Path) -> Figures:
    figures: Figures = {}

    def note(what: str, costs: dict[str, Cost], **more: dict[str, object]) -> None:
        for client, cost in costs.items():
            extra = {key: by[client] for key, by in more.items() if client in by}
            figures.setdefault(client, {})[what] = {**cost, **extra}

    async with AsyncExitStack() as stack:
        names = [*PROFILES, *PROGRAMS]
        mine, people = await make(stack, server, accounts, names, PEOPLE, CROWD)
        async with Hall(server, people, talkers(folder / "before", mine, server)) as before:
            # So that their abilities are known to the server, as they are to one with users of them.
            async with before.measured():
                await before.sign_in()
            await before.leave()
        hall = await stack.enter_async_context(Hall(server, people, talkers(folder, mine, server)))
        async with hall.measured() as costs:
            await hall.sign_in()
        note("S1 first sign-in", costs)
        await hall.leave()
        async with hall.measured() as costs:
            await hall.sign_in()
        note("S1 next sign-in", costs)

        await hall.each(lambda one: one.talker.open(one.friend.account.address))
        known = told(hall)
        async with hall.measured() as costs:
            for number in range(CHANGES):
                people.all[number % PEOPLE].announce(mood(number // PEOPLE + number))
                await asyncio.sleep(PACE)
        heard = {name: count - known[name] for name, count in told(hall).items()}
        note("S2 300 presences", costs, told=heard)

        async with hall.measured() as costs:
            await hall.each(lambda one: types(one, "S4"))
        note(
            "S4 100 typed", costs, arrived={one.talker.name: arrived(one.friend, "S4") for one in hall.places}
        )

        async with hall.measured() as costs:
            await hall.each(lambda one: says(one, "S3"))
            # What may be told together is told by then.
            await asyncio.sleep(GATHER_SECONDS)
        note("S3 100 in", costs, shown={one.talker.name: shown(one.talker, "S3") for one in hall.places})

        room = f"hall@{server.rooms_domain}"
        await fill(room, people.all, [f"S5-{number:03} was said before" for number in range(HISTORY)])
        entered: dict[str, Cost] = {}
        for place in hall.places:
            # One after the other: everybody hears of everybody.
            async with hall.measured(still=1.5) as costs:
                await place.talker.join(room)
            entered[place.talker.name] = costs[place.talker.name]
        note(
            "S5 a room of 100",
            entered,
            shown={one.talker.name: shown(one.talker, "S5") for one in hall.places},
        )

        async with hall.measured(still=0.1) as costs:
            await asyncio.sleep(IDLE_SECONDS)
        note("S7 idle", costs)
    return figures


async def says(place: Place, tag: str) -> None:
    for number in range(MESSAGES):
        place.friend.chat(
            place.talker.account.address, f"{tag}-{number:03} See you at eight, or a bit later."
        )
        await asyncio.sleep(PACE)


async def types(place: Place, tag: str) -> None:
    for number in range(MESSAGES):
        text = f"{tag}-{number:03} See you at eight, or a bit later."
        await place.talker.say(text)
        await place.friend.hears(text)


def told(hall: Hall) -> dict[str, int]:
    """The changes of presence that those of ours know of."""
    return {one.talker.name: one.talker.presences for one in hall.places if isinstance(one.talker, Ours)}


def arrived(friend: Contact, tag: str) -> int:
    return len({text for text in friend.heard if text.startswith(tag)})


# --- the busy hour --------------------------------------------------------------------------------------


async def busy_hour(server: ChatServer, accounts: Accounts, folder: Path) -> dict[str, dict[str, Any]]:
    """An hour of one who is in two rooms and talks, compressed in time; the sign-in is not in it."""
    async with AsyncExitStack() as stack:
        mine, people = await make(stack, server, accounts, list(PROFILES), BUSY_PEOPLE, CROWD)
        rooms = [f"busy{number}@{server.rooms_domain}" for number in range(2)]
        half = len(people.all) // 2
        crowds = dict(zip(rooms, (people.all[:half], people.all[half:]), strict=True))
        for room, crowd in crowds.items():
            await fill(room, crowd, [])
        ours = [Ours("full", folder / name, mine[name], server) for name in PROFILES]
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
        for talker, name in zip(ours, PROFILES, strict=True):
            talker.use(name)
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
        for number in range(BUSY[what]):
            await asyncio.sleep(BUSY_SECONDS / BUSY[what])
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

    yield spread("presence", lambda number: people[number % BUSY_PEOPLE].announce(mood(number)))
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


# --- what must hold -------------------------------------------------------------------------------------


def bars_of(scenarios: Figures, hour: dict[str, dict[str, Any]]) -> Bars:
    bars = Bars()
    for name, most in OF_FULL.items():
        bars.at_most(f"busy hour: {name}, of full", 100 * hour[name]["of_full"], 100 * most)
    peers = [name for name in scenarios if name not in PROFILES]
    for what, cost in scenarios["full"].items():
        least = min(total(scenarios[peer][what]) for peer in peers)
        bars.at_most(f"{what}: full, bytes, and the leanest peer", total(cost), least)
    up = scenarios["satellite"]["S4 100 typed"]["up"] / MESSAGES
    bars.at_most("a typed message in satellite, bytes up", up, TYPED_UP)
    churn = "S2 300 presences"
    least_down = min(scenarios[peer][churn]["down"] for peer in peers)
    for name in PROFILES:
        bars.at_most(f"{churn}: {name}, bytes up", scenarios[name][churn]["up"], CHURN_UP)
        if name in ("satellite", "radio"):
            bars.at_most(
                f"{churn}: {name}, bytes down", scenarios[name][churn]["down"], CHURN_DOWN * least_down
            )
            bars.at_most(f"{name}: messages missing", MESSAGES - scenarios[name]["S3 100 in"]["shown"], 0)
        if name != "full":
            bars.at_most(f"S3 100 in: {name}, bytes up", scenarios[name]["S3 100 in"]["up"], RECEIVED_UP)
    return bars


def total(cost: dict[str, Any]) -> int:
    return int(cost["up"] + cost["down"])


def row(client: str, costs: dict[str, dict[str, Any]], hour: dict[str, dict[str, Any]]) -> list[object]:
    """One line of the table."""
    spent = hour.get(client)
    shares = [f"{spent['up']:,}/{spent['down']:,}", f"{100 * spent['of_full']:.1f} %"] if spent else ["", ""]
    pairs = [f"{cost['up']:,}/{cost['down']:,}" for cost in costs.values()]
    return [client, *pairs, *shares, LEFT_OUT.get(client, "")]
