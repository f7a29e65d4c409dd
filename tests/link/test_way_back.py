"""A cut in the middle of going on with a session, or just behind it, and no sign of it: nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.link.conftest import make_pair
from tests.link.conversation import Pair, arrived
from tests.link.shape import Break, Fuse, Way
from tests.link.test_loss import settled
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts

pytestmark = pytest.mark.server

WITH = 6
"""The change of direction with which `<resumed/>` comes: behind TLS, its end, its tickets, and a proof."""
BEHIND = (7, 5, 8, 6)
"""The same for what goes again behind it. How much of it TLS says by itself is a matter of moments."""


async def cut_at(pair: Pair, how: Break, flight: int, text: str) -> int:
    """Lose the link with a message on it, and the next one at this change of direction.

    Returns how often the session stood until the message had arrived.
    """
    before = onlines(pair)
    pair.link.hold(Way.UP)
    pair.anna.say(pair.bert, text)
    await pair.anna.takes(text)
    pair.link.arm(Fuse(how, flight=flight))
    pair.link.cut()
    pair.link.release()
    await arrived(pair.anna, pair.bert, text, seconds=120)
    return onlines(pair) - before


def onlines(pair: Pair) -> int:
    return len([one for one in pair.anna.told if one.get("state") == "online"])


def sessions(pair: Pair) -> set[str]:
    return {one["bound"] for one in pair.anna.told if one.get("state") == "online"}


@asynccontextmanager
async def pairs(server: ChatServer, accounts: Accounts, folder: Path) -> AsyncIterator[dict[Break, Pair]]:
    """One for each way to lose a link: most of the time is spent waiting."""
    async with AsyncExitStack() as stack:
        yield {how: await make_pair(stack, server, accounts, folder / how.value) for how in Break}


async def test_cut_behind_the_resumption(server: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    """`<resumed/>` came; what goes again does not arrive."""

    async def lose(pair: Pair, how: Break) -> None:
        for number, flight in enumerate(BEHIND):
            if await cut_at(pair, how, flight, f"{number}") > 1:
                break
        else:
            pytest.fail("No cut fell behind <resumed/>.")
        assert len(sessions(pair)) == 1
        await settled(pair, *(f"{one}" for one in range(number + 1)))

    async with pairs(server, accounts, tmp_path) as all:
        await asyncio.gather(*(lose(pair, how) for how, pair in all.items()))


async def test_cut_in_the_resumption(server: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    """The server has gone on with the session; we do not hear of it."""

    async def lose(pair: Pair, how: Break) -> None:
        assert await cut_at(pair, how, WITH, "one") == 1
        assert pair.link.connections[1].broken is how
        assert len(pair.link.connections) > 2
        assert len(sessions(pair)) == 1
        await settled(pair, "one")

    async with pairs(server, accounts, tmp_path) as all:
        await asyncio.gather(*(lose(pair, how) for how, pair in all.items()))
