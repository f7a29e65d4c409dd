"""What each link profile spends, beside other clients, on the same things among the same people."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.bench import plot, results
from tests.bench.busy_hour import SECONDS, busy_hour
from tests.bench.contacts import Contact
from tests.bench.hall import PACE, Cost, Hall, Place, fill, make, mood
from tests.bench.talkers import PROGRAMS, Ours, missing, shown, talkers
from tests.bench.test_login import Bars
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, running
from tests.server.ejabberd import EjabberdServer
from tests.server.prosody import ProsodyServer
from tui_xmpp.core.link import PROFILES

pytestmark = pytest.mark.bench

PEOPLE = 50
CROWD = 100
CHANGES = 300
MESSAGES = 100
IDLE_SECONDS = 60.0
HISTORY = 20

OF_FULL = {"metered": 0.30, "satellite, zlib": 0.06, "radio, zlib": 0.03}
"""What others write to us alone is more than that without compression, in any client: in `radio` nothing else
comes."""
PLAIN = "full, no read markers"
"""What no peer asks for costs nothing here; all else is as in `full`, acknowledgements too."""
TYPED_UP = 175
CHURN_UP = 300
CHURN_DOWN = 0.01
RECEIVED_UP = 14_000

LEFT_OUT = {
    "metered": "presence of others; rooms that were not opened",
    "satellite": "presence of others; rooms that were not opened",
    "radio": "presence of others; rooms, unless asked for",
}

Figures = dict[str, dict[str, dict[str, Any]]]
"""By client and scenario."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """A server that keeps presence back for who asks it to (XEP-0016)."""
    yield from running(ProsodyServer(tmp_path_factory.mktemp("house"), extra_modules=("privacy_lists",)))


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """A server that looks at the list of each device by itself (XEP-0016 §2.2), and compresses (XEP-0138).

    Prosody looks at that of one device for all of an account: with another device there, it is by chance
    whether presence is kept off.
    """
    yield from running(EjabberdServer(tmp_path_factory.mktemp("station"), compresses=True))


async def test_link(house: ChatServer, station: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    scenarios = await play(house, accounts, tmp_path / "scenarios")
    hour = await busy_hour(station, accounts, tmp_path / "hour")
    bars = bars_of(scenarios, hour)
    names = list(next(iter(scenarios.values())))
    results.write(
        "link",
        {
            "title": f"The same, with {PEOPLE} contacts there, in each link profile and in other clients; "
            "bytes of TCP payload up/down, TLS included",
            "table": [
                ["client", *names, "busy hour", "of full", "not shown"],
                *(row(one, scenarios.get(one, {}), names, hour) for one in {**scenarios, **hour}),
                *([name, "not installed", *[""] * (len(names) + 2)] for name in missing()),
            ],
            "scenarios": scenarios,
            "busy_hour": hour,
            "busy_hour_in_seconds": SECONDS,
            "busy_hour_server": station.kind,
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
        full = hall.places[0]
        assert isinstance(full.talker, Ours)
        full.talker.cell("markers", "none")
        async with hall.measured() as costs:
            await types(full, "S4b")
        full.talker.cell("markers", "")
        note("S4 100 typed", {PLAIN: costs[full.talker.name]}, arrived={PLAIN: arrived(full.friend, "S4b")})

        async with hall.measured() as costs:
            await hall.each(lambda one: says(one, "S3"))
            # What may be told together is told by then.
            await asyncio.sleep(max(one.receipt_seconds for one in PROFILES.values()))
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


# --- what must hold -------------------------------------------------------------------------------------


def bars_of(scenarios: Figures, hour: dict[str, dict[str, Any]]) -> Bars:
    bars = Bars()
    for name, most in OF_FULL.items():
        bars.at_most(f"busy hour: {name}, of full", 100 * hour[name]["of_full"], 100 * most)
    peers = [name for name in scenarios if name not in (*PROFILES, PLAIN)]
    for what in scenarios["full"]:
        least = min(total(scenarios[peer][what]) for peer in peers)
        same = PLAIN if what in scenarios[PLAIN] else "full"
        bars.at_most(f"{what}: {same}, bytes, and the leanest peer", total(scenarios[same][what]), least)
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


def row(
    client: str, costs: dict[str, dict[str, Any]], names: list[str], hour: dict[str, dict[str, Any]]
) -> list[object]:
    """One line of the table; what was not played by this client stays empty."""
    spent = hour.get(client)
    shares = [f"{spent['up']:,}/{spent['down']:,}", f"{100 * spent['of_full']:.1f} %"] if spent else ["", ""]
    pairs = [f"{cost['up']:,}/{cost['down']:,}" if (cost := costs.get(name)) else "" for name in names]
    return [client, *pairs, *shares, LEFT_OUT.get(client.partition(",")[0], "")]
