"""What a message costs on the wire sealed for one device, three and ten, beside profanity's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tests.bench import results
from tests.bench.sealed_devices import SealedDevices
from tests.bench.stage import QUIET, quiet
from tests.link.client import Client as Engine
from tests.link.proxy import Link
from tests.server.chat_server import Account, ChatServer
from tests.server.conftest import Accounts
from tests.server.profanity import Profanity
from tui_xmpp.core.address import Address
from tui_xmpp.session.crypto.omemo_names import NEW, OLD

pytestmark = pytest.mark.bench

DEVICES = (1, 3, 10)
MESSAGES = 5
TEXT = "See you at eight."
VERSION = {OLD: "OMEMO 0.3", NEW: "OMEMO 0.8"}

Say = Callable[[str], Awaitable[None]]
Cost = dict[str, float]


class Client(Protocol):
    """How one client signs in over a link with a meter."""

    def __call__(
        self, me: Account, to: Address, server: ChatServer, folder: Path
    ) -> AbstractAsyncContextManager[tuple[Link, Say]]: ...


@asynccontextmanager
async def ours(me: Account, to: Address, server: ChatServer, folder: Path) -> AsyncIterator[tuple[Link, Say]]:
    """Our engine, signed in over a link with a meter."""
    client = Engine(folder, me, server, omemo=True)
    async with client, Link(server.direct_tls_port) as link:
        client.move(link.port)
        await client.online()
        await quiet(link, 2 * QUIET)

        async def say(text: str) -> None:
            client.tell("send", chat=str(to), text=text)

        yield link, say


@asynccontextmanager
async def profanity(
    me: Account, to: Address, server: ChatServer, folder: Path
) -> AsyncIterator[tuple[Link, Say]]:
    """profanity, signed in over a link with a meter, that trusts what it meets."""
    client = Profanity(folder)
    async with Link(server.c2s_port) as link:
        try:
            await asyncio.to_thread(client.connect, me, server, port=link.port)
            for line in ("/omemo trustmode blind", "/omemo gen"):
                await asyncio.to_thread(client.type, line)
            await asyncio.to_thread(client.wait_for, "materials generated.")
            await asyncio.to_thread(client.type, f"/msg {to}")
            await quiet(link, 2 * QUIET)
            is_sealed = False

            async def say(text: str) -> None:
                nonlocal is_sealed
                if not is_sealed:
                    await asyncio.to_thread(client.type, f"/omemo start {to}")
                    await asyncio.to_thread(client.wait_for, "[OMEMO]")
                    is_sealed = True
                await asyncio.to_thread(client.say, str(to), text)

            yield link, say
        finally:
            await asyncio.to_thread(client.close)


async def cost(
    client: Client, namespace: str, count: int, server: ChatServer, accounts: Accounts, folder: Path
) -> Cost:
    """Bytes of TCP payload: `first` with all that is fetched for it, then of each message."""
    me, other = accounts(server, "anna", "bert")
    sender = Address.parse(me.address)
    async with (
        SealedDevices(other, server, namespace, count) as devices,
        client(me, devices.address, server, folder) as (link, say),
    ):
        taken: list[tuple[int, int]] = []
        for number in range(MESSAGES + 1):
            up, down = link.counts.up, link.counts.down
            text = f"{TEXT} {number}"
            reading = asyncio.create_task(devices.reads(sender, text))
            await say(text)
            await reading
            await quiet(link, QUIET)
            taken.append((link.counts.up - up, link.counts.down - down))
            if not number:
                devices.answer(sender)
                await quiet(link, QUIET)
        first, *each = taken
        return {
            "first_up": first[0],
            "first_down": first[1],
            "up": round(sum(one[0] for one in each) / MESSAGES, 1),
            "down": round(sum(one[1] for one in each) / MESSAGES, 1),
        }


async def test_sealed_cost(prosody: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    plan: list[tuple[str, Client, str]] = [
        ("tui-xmpp, OMEMO 0.3", ours, OLD),
        ("tui-xmpp, OMEMO 0.8", ours, NEW),
        ("profanity, OMEMO 0.3", profanity, OLD),
    ]
    figures = {
        name: [
            await cost(client, namespace, count, prosody, accounts, tmp_path / f"{name} {count}")
            for count in DEVICES
        ]
        for name, client, namespace in plan
    }
    table: list[list[object]] = [
        ["client", "devices", "first message with the keys it needs, up/down", "each message, up/down"]
    ]
    for name, taken in figures.items():
        for count, one in zip(DEVICES, taken, strict=True):
            first = f"{one['first_up']:,.0f}/{one['first_down']:,.0f}"
            table.append([name, count, first, f"{one['up']:,.0f}/{one['down']:,.0f}"])
    title = f"A message of {len(TEXT) + 2} letters, sealed for so many devices; bytes of TCP payload with TLS"
    results.write("sealed_cost", {"title": title, "table": table, "devices": DEVICES, **figures})
    print(f"\n{table}")
    mine, theirs = figures["tui-xmpp, OMEMO 0.3"], figures["profanity, OMEMO 0.3"]
    assert all(a["up"] + a["down"] <= b["up"] + b["down"] for a, b in zip(mine, theirs, strict=True))
