"""Where sign-ins are measured: a server, an account whose contacts are there, and a link with a meter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from tests.bench.contacts import Contacts
from tests.bench.subjects import Subject
from tests.link.proxy import Link
from tests.link.shape import Shape
from tests.server.chat_server import Account, ChatServer
from tests.server.conftest import Accounts

QUIET = 1.5
"""Seconds without a byte after which a client is done with what it does at once, on a link without delay."""
LONG = 6.0
"""The same for what it may put off."""
NEAR = Shape()
FAR = Shape(delay=0.25)
"""Where round trips are counted by the time they take."""
MESSAGES = 5

Cost = dict[str, float]


class Stage:
    """One account on one server; one client at a time is on it."""

    def __init__(self, server: ChatServer, me: Account, contacts: Contacts) -> None:
        self.server = server
        self.me = me
        self.contacts = contacts

    @asynccontextmanager
    async def visit(
        self,
        subject: Subject,
        shape: Shape = NEAR,
        *,
        still: float = QUIET,
        end: Literal["leave", "drop"] = "leave",
    ) -> AsyncIterator[tuple[Link, Cost]]:
        """Sign in over such a link, wait until it is quiet (for `still` seconds), and end; tells the cost.

        `up` and `down` are bytes of TCP payload; `round_trips`, on a link with delay, are counted from the
        first packet until a contact sees the account come, or until a resumed session stands.
        """
        port = self.server.c2s_port if subject.starts_tls else self.server.direct_tls_port
        was_there = self.me.address in self.contacts.all[0].seen
        async with Link(port, shape) as link:
            began = time.monotonic()
            await subject.sign_in(link.port)
            if was_there:
                there = await subject.online()
            else:
                there = await self.contacts.see(self.me.address, after=began)
            await quiet(link, still + 4 * shape.delay)
            cost: Cost = {"up": link.counts.up, "down": link.counts.down}
            if shape.delay:
                cost["round_trips"] = round((there - link.connections[0].began) / (2 * shape.delay), 2)
            yield link, cost
            if end == "leave":
                await subject.leave()
                await self.contacts.miss(self.me.address)
            else:
                await subject.drop()

    async def measure(self, subject: Subject, fresh: Subject) -> dict[str, Cost]:
        """All costs of one client, of which there are two installations: neither has signed in before."""
        costs: dict[str, Cost] = {}
        # This one also makes its abilities known to the server, as they are to a server with users of it.
        async with self.visit(fresh, FAR) as (_, far):
            pass
        async with self.visit(subject, still=LONG) as (_, near):
            costs["cold"] = {**near, "round_trips": far["round_trips"]}
        # What is learnt once, a client may have learnt by now.
        async with self.visit(subject, still=LONG) as (_, near):
            costs["second"] = near
        async with self.visit(subject, FAR) as (_, far):
            pass
        end: Literal["leave", "drop"] = "drop" if subject.resumes else "leave"
        async with self.visit(subject, still=LONG, end=end) as (link, near):
            costs["warm"] = {**near, "round_trips": far["round_trips"]}
            costs["message"] = await self._messages(subject, link)
        if subject.resumes:
            async with self.visit(subject, still=LONG, end="drop") as (_, near):
                pass
            async with self.visit(subject, FAR) as (_, far):
                costs["resume"] = {**near, "round_trips": far["round_trips"]}
        return costs

    async def _messages(self, subject: Subject, link: Link) -> Cost:
        to = self.contacts.all[0].account.address
        # With the first one a client may also ask what the other's can do.
        await subject.say(to, "Are you there?")
        await quiet(link, QUIET)
        up, down = link.counts.up, link.counts.down
        for _ in range(MESSAGES):
            await subject.say(to, "See you at eight.")
            await quiet(link, 1.0)
        return {
            "up": round((link.counts.up - up) / MESSAGES, 1),
            "down": round((link.counts.down - down) / MESSAGES, 1),
        }


async def quiet(link: Link, seconds: float) -> None:
    """Return once nothing has passed for so long."""
    while True:
        link.moved.clear()
        try:
            await asyncio.wait_for(link.moved.wait(), seconds)
        except TimeoutError:
            return


@asynccontextmanager
async def stage(server: ChatServer, accounts: Accounts, people: int) -> AsyncIterator[Stage]:
    """An account with so many contacts, all there."""
    me, *others = await asyncio.to_thread(
        accounts, server, "anna", *(f"c{number:02}" for number in range(people)), friends=False
    )
    for other in others:
        await asyncio.to_thread(server.befriend, me.user, other.user)
    async with Contacts(others, server) as contacts:
        yield Stage(server, me, contacts)
