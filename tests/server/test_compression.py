"""A compressed stream with a real server: what it carries, what it saves, and that it goes on after a cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.link.client import Client
from tests.link.proxy import Link
from tests.server.chat_server import Account, ChatServer
from tests.server.conftest import Accounts, running
from tests.server.ejabberd import EjabberdServer
from tests.server.person import Person
from tui_xmpp.core import link, settings
from tui_xmpp.core.account import Connection, TlsMode
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.events import ConnectionChanged
from tui_xmpp.core.message import Delivery

pytestmark = pytest.mark.server

MESSAGES = 50
TYPED = 20
MOST = 0.6
"""Of the bytes of a stream that is not compressed."""
THIN = '[link.profiles.thin]\ninherits = "full"\ncompression = "zlib"\n'
ZLIB = replace(link.PROFILES["full"], name="zlib", compression=link.Compression.ZLIB)


@pytest.fixture(scope="module")
def packing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """A server that offers compression."""
    yield from running(EjabberdServer(tmp_path_factory.mktemp("packing"), compresses=True))


def person(account: Account, server: ChatServer, folder: Path, port: int, profile: str) -> Person:
    return Person(
        account,
        server,
        folder,
        changed={"port": port, "tls": TlsMode.DIRECT, "link": profile},
        link=settings.Link(profiles={"zlib": ZLIB}),
    )


async def test_messages_go_both_ways_and_go_on_after_a_cut(
    packing: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(packing, "anna", "bert")
    async with (
        Link(packing.direct_tls_port) as way,
        person(anna_at, packing, tmp_path / "anna", way.port, "zlib") as anna,
        Person(bert_at, packing, tmp_path / "bert") as bert,
    ):
        await anna.online()
        await bert.online()
        await anna.do(SendMessage(anna.chat(bert), "There"))
        await bert.message(anna, "There")
        await bert.do(SendMessage(bert.chat(anna), "and back"))
        await anna.message(bert, "and back")
        for number in range(3):
            # Learnt by now, the sign-in waits for less.
            bound = anna.happened(ConnectionChanged)[-1].full_address
            seen = len(anna.told)
            way.cut()
            await bert.do(SendMessage(bert.chat(anna), f"Meanwhile {number}"))
            await anna.message(bert, f"Meanwhile {number}")
            again = [one for one in anna.told[seen:] if isinstance(one, ConnectionChanged)]
            assert again[-1].connection is Connection.ONLINE
            assert again[-1].full_address == bound
            await anna.do(SendMessage(anna.chat(bert), f"Here again {number}"))
            await bert.message(anna, f"Here again {number}")


async def test_a_killed_program_goes_on_compressed(
    packing: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(packing, "anna", "bert")
    async with (
        Link(packing.direct_tls_port) as way,
        Client(tmp_path / "anna", anna_at, packing, port=way.port, more=THIN, link="thin") as anna,
        Client(tmp_path / "bert", bert_at, packing) as bert,
    ):
        await bert.online()
        # Killed before `<enabled/>` is kept there is nothing to resume; behind an acknowledgement there is.
        await anna.online()
        anna.say(bert, "Hello")
        await anna.until(partial(has_sent, anna, bert, "Hello"), "the server to have it")
        for number in range(3):
            await anna.online()
            anna.say(bert, f"Before {number}")
            await anna.takes(f"Before {number}")
            await anna.kill()
            bert.say(anna, f"Meanwhile {number}")
            await anna.online()
            await anna.until(partial(has, anna, bert, f"Meanwhile {number}"), "what was said meanwhile")
            await bert.until(partial(has, bert, anna, f"Before {number}"), "what was said before")
        online = [line for line in anna.told if line.get("state") == "online"]
        assert len({line["bound"] for line in online}) == 1
        for one, other in ((anna, bert), (bert, anna)):
            bodies = [message.body for message in one.archive(other)]
            assert len(bodies) == len(set(bodies)) == 7


def has(here: Client, there: Client, body: str) -> bool:
    return any(line["body"] == body for line in here.messages_told(there))


def has_sent(here: Client, there: Client, body: str) -> bool:
    told = [line["delivery"] for line in here.messages_told(there) if line["body"] == body]
    return bool(told) and Delivery[told[-1]] >= Delivery.TAKEN


async def test_it_takes_less(packing: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    """A page of history down, and typed messages up."""
    bert_at, *others = accounts(packing, "bert", "full", "zlib")
    up: dict[str, int] = {}
    down: dict[str, int] = {}
    async with Person(bert_at, packing, tmp_path / "bert") as bert:
        await bert.online()
        for account in others:
            profile = account.user.partition("-")[0]
            folder = tmp_path / profile
            async with person(account, packing, folder, packing.direct_tls_port, profile) as other:
                await other.online()
                await other.session.close(leave=True)
            for number in range(MESSAGES):
                await bert.do(
                    SendMessage(bert.chat(other), f"Message {number}: {number * 7919 % 1009} words")
                )
            await taken(bert, other, MESSAGES)
            async with (
                Link(packing.direct_tls_port) as way,
                person(account, packing, folder, way.port, profile) as other,
            ):
                await other.online()
                await other.until(lambda other=other: len(other.messages(bert)) == MESSAGES, "all of them")
                down[profile], before = way.counts.down, way.counts.up
                for number in range(TYPED):
                    await other.do(SendMessage(other.chat(bert), f"See you at {number}"))
                    await taken(other, bert, number + 1)
                up[profile] = way.counts.up - before
    print(down, up)
    assert down["zlib"] <= MOST * down["full"]
    assert up["zlib"] <= MOST * up["full"]


async def taken(here: Person, there: Person, number: int) -> None:
    """Wait until the server has acknowledged so many messages."""
    await here.until(
        lambda: sum(one.delivery >= Delivery.TAKEN for one in here.messages(there)) == number,
        "the server to have them",
    )
