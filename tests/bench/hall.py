"""Where what clients spend is measured: all at once, each over a link with a meter, among the same people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from tests.bench.contacts import Contact, Contacts
from tests.bench.stage import quiet
from tests.bench.talkers import Talker
from tests.link.proxy import Link
from tests.server.chat_server import Account, ChatServer
from tests.server.conftest import Accounts

STILL = 6.0
"""Seconds without a byte after which a client is done with what it may put off for a while."""
MOST_STILL = 60.0
PACE = 0.05
"""Seconds between two things that others do."""

Cost = dict[str, int]


@dataclass(slots=True)
class Place:
    """One client, its link and whom it talks to."""

    talker: Talker
    link: Link
    friend: Contact

    @property
    def spent(self) -> tuple[int, int]:
        """Bytes of TCP payload so far: up, down."""
        return self.link.counts.up, self.link.counts.down


class Hall:
    """The clients and the people around them."""

    def __init__(self, server: ChatServer, people: Contacts, talkers: Sequence[Talker]) -> None:
        self.server = server
        self.people = people
        self.places: list[Place] = []
        self._talkers = talkers
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Hall:
        for talker, friend in zip(self._talkers, self.people.all, strict=False):
            port = self.server.c2s_port if talker.starts_tls else self.server.direct_tls_port
            link = await self._stack.enter_async_context(Link(port))
            self.places.append(Place(talker, link, friend))
        return self

    async def __aexit__(self, *_: object) -> None:
        for talker in self._talkers:
            with suppress(AssertionError, OSError):
                await talker.drop()
        await self._stack.aclose()

    async def sign_in(self) -> None:
        """All of them."""
        await asyncio.gather(*(one.talker.sign_in(one.link.port) for one in self.places))

    async def leave(self) -> None:
        """All of them."""
        await asyncio.gather(*(one.talker.leave() for one in self.places))
        await asyncio.gather(*(self.people.miss(one.talker.account.address) for one in self.places))

    async def each(self, do: Callable[[Place], Awaitable[object]]) -> None:
        """Have all do something at once."""
        await asyncio.gather(*map(do, self.places))

    @asynccontextmanager
    async def measured(self, *, still: float = STILL) -> AsyncIterator[dict[str, Cost]]:
        """Count what each client spends on what happens meanwhile, until it is quiet."""
        before = [one.spent for one in self.places]
        costs: dict[str, Cost] = {}
        yield costs
        await asyncio.gather(*(quiet_at_last(one.link, still) for one in self.places))
        for one, (up, down) in zip(self.places, before, strict=True):
            costs[one.talker.name] = {"up": one.link.counts.up - up, "down": one.link.counts.down - down}


async def make(
    stack: AsyncExitStack, server: ChatServer, accounts: Accounts, names: list[str], people: int, crowd: int
) -> tuple[dict[str, Account], Contacts]:
    """An account for each name, with so many contacts who are there, and as many others as make a crowd.

    Their addresses are of one length, so that nobody's bytes depend on it.
    """

    def prepare() -> tuple[dict[str, Account], list[Account]]:
        mine = accounts(server, *(f"m{number:03}" for number in range(len(names))), friends=False)
        others = accounts(server, *(f"c{number:03}" for number in range(crowd)), friends=False)
        for me in mine:
            for other in others[:people]:
                server.befriend(me.user, other.user)
        return dict(zip(names, mine, strict=True)), others

    mine, others = await asyncio.to_thread(prepare)
    return mine, await stack.enter_async_context(Contacts(others, server))


async def quiet_at_last(link: Link, seconds: float) -> None:
    """Wait until nothing has passed for so long, or for a minute: some are never quiet."""
    with suppress(TimeoutError):
        await asyncio.wait_for(quiet(link, seconds), MOST_STILL)


SHOWS = ("", "<show>away</show>", "<show>xa</show>", "", "<show>dnd</show>", "<show>away</show>")
STATUSES = ("", "<status>In a meeting</status>", "<status>Back at four</status>")


def mood(number: int) -> str:
    """How somebody is, the so manyeth time."""
    return SHOWS[number % len(SHOWS)] + STATUSES[number % len(STATUSES)]


async def fill(room: str, people: Sequence[Contact], lines: Sequence[str]) -> None:
    """Have them all enter a room that is made for it, and say something there."""
    first, *others = people
    first.join(room)
    await first.enters(room)
    first.unlock(room)
    for one in others:
        one.join(room)
        # A room that is still locked lets nobody in.
        await one.enters(room)
    for number, line in enumerate(lines):
        people[number % len(people)].chat(room, line, "groupchat")
        await asyncio.sleep(PACE)
    async with asyncio.timeout(60):
        while lines and lines[-1] not in others[-1].heard:
            others[-1].news.clear()
            await others[-1].news.wait()
