"""When the server has forgotten the session, its archive tells: nothing is lost and nothing sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.link.conftest import make_pair
from tests.link.conversation import Pair, arrived
from tests.link.judge import shown_as_taken
from tests.link.shape import Shape, Way
from tests.link.test_loss import settled
from tests.server.chat_server import ChatServer, kill
from tests.server.conftest import Accounts
from tests.server.ejabberd import EjabberdServer
from tests.server.prosody import ProsodyServer

pytestmark = pytest.mark.server

KINDS = [ProsodyServer, EjabberdServer]
SECONDS = 30.0
Ending = Callable[[ChatServer], None]


def stop(server: ChatServer) -> None:
    """It is told to go, and writes down what it has."""
    server.stop()


async def on_disk(pair: Pair, folder: Path, *texts: str) -> None:
    """Wait until the server has written these into both archives, and a kill cannot take them any more.

    Nor the two accounts: an ejabberd that is killed soon after they were made forgets them otherwise.
    """
    mnesia = folder / "mnesia"

    def are_there() -> bool:
        if mnesia.is_dir():
            tables = [*mnesia.glob("passwd.*"), *mnesia.glob("LATEST.LOG")]
            made = b"".join(one.read_bytes() for one in tables)
            if not all(one.account.user.encode() in made for one in (pair.anna, pair.bert)):
                return False
        kept = b"".join(
            one.read_bytes()
            for one in folder.rglob("*")
            if one.is_file() and "archive" in str(one.relative_to(folder))
        )
        return all(kept.count(text.encode()) >= 2 for text in texts)

    await pair.bert.until(are_there, "the server's disk to have it", SECONDS)


@pytest.fixture(params=KINDS)
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChatServer]:
    """One that only this test uses, each kind in turn."""
    server: ChatServer = request.param(tmp_path / "server")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server_has_it", [False, True])
@pytest.mark.parametrize("killed", [False, True])
async def test_the_time_to_resume_is_over(
    kind: type[ProsodyServer | EjabberdServer],
    server_has_it: bool,
    killed: bool,
    accounts: Accounts,
    tmp_path: Path,
) -> None:
    server = kind(tmp_path / "server", hold_seconds=1)
    try:
        await asyncio.to_thread(server.start)
        async with AsyncExitStack() as stack:
            pair = await make_pair(stack, server, accounts, tmp_path)
            pair.link.hold(Way.DOWN if server_has_it else Way.UP)
            for text in ("the first", "the second"):
                pair.anna.say(pair.bert, text)
            await pair.anna.takes("the second")
            if server_has_it:
                await pair.bert.until(lambda: len(pair.bert.archive(pair.anna)) == 2, "both messages")
            pair.link.refuse()
            pair.link.cut()
            pair.link.release()
            pair.anna.say(pair.bert, "the third")
            await pair.anna.takes("the third")
            if killed:
                await pair.anna.kill()
            pair.bert.say(pair.anna, "meanwhile")
            await pair.bert.until(lambda: not pair.bert.hears(pair.anna), "the server to give the session up")
            assert not shown_as_taken(pair.anna, pair.bert)
            pair.link.accept()
            if killed:
                await pair.anna.start()
            await arrived(pair.bert, pair.anna, "meanwhile")
            await settled(pair, "the first", "the second", "the third")
    finally:
        await asyncio.to_thread(server.stop)


@pytest.mark.parametrize("end", [stop, kill])
async def test_the_server_restarts(
    own_server: ChatServer, end: Ending, accounts: Accounts, tmp_path: Path
) -> None:
    """With messages in flight each way: at the server and not counted, and not at the server."""
    async with AsyncExitStack() as stack:
        pair = await make_pair(stack, own_server, accounts, tmp_path)
        pair.link.hold(Way.DOWN)
        for text in ("the first", "the second"):
            pair.anna.say(pair.bert, text)
        await pair.bert.until(lambda: len(pair.bert.archive(pair.anna)) == 2, "both messages")
        pair.bert.say(pair.anna, "on the link")
        await on_disk(pair, tmp_path / "server", "the first", "the second", "on the link")
        pair.link.hold(Way.UP)
        pair.anna.say(pair.bert, "the third")
        await pair.anna.takes("the third")
        assert not shown_as_taken(pair.anna, pair.bert)
        await asyncio.to_thread(end, own_server)
        pair.link.cut()
        pair.link.release()
        pair.anna.say(pair.bert, "the fourth")
        pair.bert.say(pair.anna, "meanwhile")
        await pair.anna.takes("the fourth")
        await asyncio.to_thread(own_server.start)
        await arrived(pair.bert, pair.anna, "on the link", "meanwhile")
        await settled(pair, "the first", "the second", "the third", "the fourth")


@pytest.mark.parametrize("end", [stop, kill])
async def test_an_answer_comes_before_the_count(
    own_server: ChatServer, end: Ending, accounts: Accounts, tmp_path: Path
) -> None:
    """What is answered has arrived, though the archive knows the answer as newer than the question."""
    async with AsyncExitStack() as stack:
        # Bert's program gives no receipts: nothing but the archive can tell.
        silent = "[privacy]\nsend_receipts = false\nsend_markers = false\n"
        pair = await make_pair(stack, own_server, accounts, tmp_path, more=silent)
        pair.anna.say(pair.bert, "before")
        await arrived(pair.anna, pair.bert, "before")
        pair.link.change(Shape(delay=0.3))
        pair.anna.say(pair.bert, "the first")
        await pair.anna.takes("the first")
        pair.anna.say(pair.bert, "the second")
        await pair.bert.until(lambda: len(pair.bert.archive(pair.anna)) == 3, "both messages")
        pair.bert.say(pair.anna, "the answer")
        await pair.anna.until(
            lambda: any(one.body == "the answer" for one in pair.anna.archive(pair.bert)),
            "the answer",
            every=0.01,
        )
        # The count of the second is on its way, and does not come any more.
        pair.link.hold(Way.DOWN)
        assert "the second" not in shown_as_taken(pair.anna, pair.bert)
        await on_disk(pair, tmp_path / "server", "the first", "the second", "the answer")
        await asyncio.to_thread(end, own_server)
        pair.link.cut()
        pair.link.release()
        pair.link.change(Shape())
        await asyncio.to_thread(own_server.start)
        await settled(pair, "the first", "the second")


async def test_killed_while_the_archive_is_asked(
    own_server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    """Again and again, at whatever it has come to: what may have arrived is asked for until that is known."""
    async with AsyncExitStack() as stack:
        pair = await make_pair(stack, own_server, accounts, tmp_path)
        pair.link.hold(Way.DOWN)
        for text in ("the first", "the second"):
            pair.anna.say(pair.bert, text)
        await pair.bert.until(lambda: len(pair.bert.archive(pair.anna)) == 2, "both messages")
        await on_disk(pair, tmp_path / "server", "the first", "the second")
        await asyncio.to_thread(kill, own_server)
        pair.link.cut()
        pair.link.release()
        await asyncio.to_thread(own_server.start)
        pair.link.change(Shape(delay=0.1))
        for flights in range(2, 6):
            await pair.anna.kill()
            connections = len(pair.link.connections)
            await pair.anna.start()
            await pair.anna.until(partial(has_come_to, pair, connections, flights), "it to go on")
        pair.link.change(Shape())
        await pair.anna.kill()
        await pair.anna.start()
        await settled(pair, "the first", "the second")


def has_come_to(pair: Pair, since: int, flights: int) -> bool:
    """Whether the connections of this life together have changed direction so often."""
    return sum(one.counts.flights for one in pair.link.connections[since:]) >= flights
