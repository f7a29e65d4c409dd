"""What a sign-in costs and how long it takes, beside others' and the least there can be, over one link."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.bench import results
from tests.bench.poezio import version as poezio_version
from tests.bench.stage import QUIET, Cost, Stage, quiet, stage
from tests.bench.subjects import Least, Ours, Subject, poezio, profanity
from tests.bench.yardstick import Yardstick
from tests.link.client import Client
from tests.link.proxy import Link
from tests.link.shape import Break, Shape
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, running
from tests.server.prosody import ProsodyServer

pytestmark = pytest.mark.bench

PEOPLE = 50
THIN = Shape(delay=0.3, rate=9600)
TRIES = range(2)
"""Of a sign-in over it, of which the better one counts."""
THINNEST = Shape(delay=1.0, rate=2400)
ABSENCE = 5.0
"""Seconds that a link is away in one of the cuts."""

LEAST_BAR = 1.2
ROUND_TRIPS = {"token": 3.0, "password": 6.0}
RESUME_UP, RESUME_DOWN = 1500, 4500
BACK_SECONDS = 1.0
THIN_SECONDS = {"token": 4.5, "password": 8.0}

NO_POEZIO = "poezio: not measured, it is not installed (.ci/install bench says why)"

Figures = dict[str, Any]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """A server that signs in by password only."""
    yield from running(ProsodyServer(tmp_path_factory.mktemp("old"), modern=False))


class Bars:
    """What must hold: each figure with its limit."""

    def __init__(self) -> None:
        self.all: list[tuple[str, float, float]] = []

    def at_most(self, what: str, figure: float, limit: float) -> None:
        self.all.append((what, round(figure, 2), limit))

    @property
    def missed(self) -> list[tuple[str, float, float]]:
        return [bar for bar in self.all if bar[1] > bar[2]]


def subjects(on: Stage, folder: Path, how: str, copy: int) -> list[Subject]:
    """One installation of each client; ours first, so that nothing waits for it in the archive.

    The other clients sign in by password always; poezio is measured once, where it is installed.
    """

    def place(name: str) -> Path:
        return folder / f"{name}-{copy}"

    ours = Ours(f"tui-xmpp, {how}", place("ours"), on.me, on.server)
    least = Least(place("least"), on.me, on.server, fast=how == "token")
    others = [profanity, *([poezio] if how == "password" and poezio_version() else [])]
    return [ours, least, *(other(place(other.__name__), on.me, on.server) for other in others)]


async def costs(on: Stage, folder: Path, how: str) -> dict[str, dict[str, Cost]]:
    fresh = subjects(on, folder, how, 0)
    return {
        subject.name: await on.measure(subject, other)
        for subject, other in zip(subjects(on, folder, how, 1), fresh, strict=True)
    }


async def back(on: Stage, folder: Path, absence: float, how: Break = Break.RESET) -> float:
    """Seconds from the moment the link is there again after a cut until the session goes on.

    Where nobody tells the client, the link is away until it has noticed, and *absence* seconds longer.
    """
    client = Client(folder, on.me, on.server)
    async with client, Link(on.server.direct_tls_port) as link:
        client.move(link.port)
        await client.online()
        await quiet(link, QUIET)
        if how is not Break.RESET:
            link.vanish(how)
            client.tell("send", chat=on.contacts.all[0].account.address, text="Are you there?")
            await client.until(lambda: not client.is_online(), "the loss to be noticed")
        elif absence:
            link.refuse()
        link.cut()
        await asyncio.sleep(absence)
        link.accept()
        began = time.monotonic()
        await client.until(lambda: last(client, "online") > began, "the session")
        return last(client, "online") - began


async def profanity_back(on: Stage, folder: Path) -> float:
    """Seconds from a cut until profanity connects again, which is before it is signed in."""
    theirs = profanity(folder, on.me, on.server)
    async with Link(on.server.c2s_port) as link:
        await theirs.sign_in(link.port)
        await quiet(link, QUIET)
        link.cut()
        began, before = time.monotonic(), len(link.connections)
        async with asyncio.timeout(120):
            while len(link.connections) == before:
                link.moved.clear()
                await link.moved.wait()
        taken = link.connections[before].began - began
        await theirs.drop()
        return taken


async def over(on: Stage, folder: Path, shape: Shape, *, warm: bool) -> Figures:
    """Sign in over a thin link; the figures until all is quiet there, or two minutes have passed."""
    client = Client(folder, on.me, on.server)
    async with client, Link(on.server.direct_tls_port, shape) as link:
        for _ in range(2 * warm):
            # Straight to the server: nothing passes over the link meanwhile.
            began = time.monotonic()
            await client.online()
            await on.contacts.see(on.me.address, after=began)
            await client.quit("leave")
            await on.contacts.miss(on.me.address)
        client.move(link.port)
        await client.start()
        await client.until(client.is_online, "a sign-in over a thin link", 300)
        started = next(line for line in reversed(client.told) if line["told"] == "started")
        seen = await on.contacts.see(on.me.address, after=started["time"])
        with suppress(TimeoutError):
            await asyncio.wait_for(quiet(link, 12 * shape.delay + 5), 120)
        return {
            "online_seconds": round(last(client, "online") - started["time"], 2),
            "seen_seconds": round(seen - started["time"], 2),
            "people_from_disk": started["roster"],
            "connections": len(link.connections),
            "up": link.counts.up,
            "down": link.counts.down,
        }


async def least_over(on: Stage, folder: Path, shape: Shape, *, fast: bool) -> Figures:
    """The yardstick's next sign-in over a thin link: seconds from its first packet until it was let in."""

    def sign_in(port: int) -> float:
        least = Yardstick(folder, on.me, on.server, port, fast=fast)
        began = time.monotonic()
        least.sign_in()
        least.leave()
        return round(least.let_in - began, 2)

    port = on.server.direct_tls_port if fast else on.server.c2s_port
    for _ in range(2):
        await asyncio.to_thread(sign_in, port)
    async with Link(port, shape) as link:
        seconds = await asyncio.to_thread(sign_in, link.port)
        return {"online_seconds": seconds, "up": link.counts.up, "down": link.counts.down}


def best(tries: list[Figures]) -> Figures:
    """The try that took least: what else a machine does can only add to it."""
    return min(tries, key=lambda one: one["online_seconds"])


def last(client: Client, state: str) -> float:
    return next((line["time"] for line in reversed(client.told) if line.get("state") == state), 0.0)


async def figures_of(
    server: ChatServer, accounts: Accounts, name: str, how: str, folder: Path, bars: Bars
) -> Figures:
    """All figures of one server."""
    async with stage(server, accounts, PEOPLE) as on:
        measured = await costs(on, folder, how)
        thin = best([await over(on, folder / f"thin-{one}", THIN, warm=True) for one in TRIES])
        thin["yardstick"] = best(
            [await least_over(on, folder / f"least-{one}", THIN, fast=how == "token") for one in TRIES]
        )
        thinnest = await over(on, folder / "thinnest", THINNEST, warm=False)
        returns = {
            "at once": await back(on, folder / "back", 0.0),
            f"after {ABSENCE:.0f} s": await back(on, folder / "later", ABSENCE),
            "after a black hole": await back(on, folder / "hole", ABSENCE, Break.HOLE),
            "after a half-open link": await back(on, folder / "half", ABSENCE, Break.HALF_OPEN),
        }
    ours, least = measured[f"tui-xmpp, {how}"], measured[f"yardstick, {how}"]
    ratio = {way: round(ours["warm"][way] / least["warm"][way], 3) for way in ("up", "down")}
    bars.at_most(f"{name}: next sign-in up, times the yardstick", ratio["up"], LEAST_BAR)
    bars.at_most(f"{name}: round trips", ours["warm"]["round_trips"], ROUND_TRIPS[how])
    bars.at_most(f"{name}: bytes up to resume", ours["resume"]["up"], RESUME_UP)
    bars.at_most(f"{name}: bytes down to resume", ours["resume"]["down"], RESUME_DOWN)
    for after, seconds in returns.items():
        bars.at_most(f"{name}: seconds back {after}", seconds, BACK_SECONDS)
    bars.at_most(f"{name}: seconds at 9,600 bit/s", thin["online_seconds"], THIN_SECONDS[how])
    bars.at_most(f"{name}: people missing at the start", PEOPLE - thin["people_from_disk"], 0)
    for shape in (thin, thinnest):
        bars.at_most(f"{name}: connections on a thin link", shape["connections"], 1)
    return {
        "costs": measured,
        "warm_against_yardstick": ratio,
        "9600_bits_600_ms": thin,
        "2400_bits_2_s": thinnest,
        "back_seconds": {after: round(seconds, 2) for after, seconds in returns.items()},
    }


async def test_login(
    prosody: ChatServer, ejabberd: ChatServer, old: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    bars = Bars()
    plan = (
        ("prosody", prosody, "token"),
        ("ejabberd", ejabberd, "token"),
        ("prosody without SASL2", old, "password"),
    )
    taken = await asyncio.gather(
        *(
            figures_of(server, accounts, name, how, tmp_path / str(number), bars)
            for number, (name, server, how) in enumerate(plan)
        )
    )
    figures: Figures = {name: one for (name, *_), one in zip(plan, taken, strict=True)}
    async with stage(old, accounts, PEOPLE) as on:
        figures["profanity_back_seconds"] = round(await profanity_back(on, tmp_path / "profanity"), 2)
    whats = [f"{what}, bytes up/down" for what in ("first", "next", "resumed", "message")]
    table = [
        ["server", "client", *whats, "round trips first/next/resumed"],
        *(row(name, client, cost) for name, *_ in plan for client, cost in figures[name]["costs"].items()),
    ]
    figures["poezio"] = poezio_version() or NO_POEZIO
    if figures["poezio"] == NO_POEZIO:
        table.append([plan[-1][0], NO_POEZIO, *([""] * (len(table[0]) - 2))])
    title = f"Signing in with {PEOPLE} contacts there; bytes of TCP payload, TLS included"
    results.write("login", {"title": title, "table": table, **figures, "bars": bars.all})
    print(f"\n{bars.all}")
    assert not bars.missed


def test_poezio_is_measured() -> None:
    if not poezio_version():
        pytest.skip(NO_POEZIO)


def row(server: str, client: str, cost: dict[str, Cost]) -> list[object]:
    """One line of the table."""
    trips = "/".join(
        f"{cost[what]['round_trips']:.1f}" for what in ("cold", "warm", "resume") if what in cost
    )
    pairs = [cost.get(what) for what in ("cold", "warm", "resume", "message")]
    return [server, client, *(f"{one['up']:,.0f}/{one['down']:,.0f}" if one else "" for one in pairs), trips]
