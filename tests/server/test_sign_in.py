"""Signing in on real servers: every way there is, in as few round trips as it takes."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, running
from tests.server.prosody import ProsodyServer
from tests.session.link.rig import Facts, Kept, Opened, Recorded, Rig
from tui_xmpp.core.account import Connection, TlsMode, Token
from tui_xmpp.core.address import Address
from tui_xmpp.session.opening import Resumption
from tui_xmpp.session.sasl2 import CARBONS
from tui_xmpp.session.server_memory import Habit, ServerMemory, note_archive

pytestmark = pytest.mark.server

ROSTER = b"id='roster'"
SM = "urn:xmpp:sm:3"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """A server without SASL2."""
    yield from running(ProsodyServer(tmp_path_factory.mktemp("old"), modern=False))


class Visitor:
    """One account that signs in again and again, and remembers."""

    def __init__(self, server: ChatServer, accounts: Accounts) -> None:
        (account,) = accounts(server, "anna")
        self.server = server
        self.own = Address.parse(account.address)
        self.password = account.password
        self.facts = Facts()

    def rig(self, **other: Any) -> Rig:
        return Rig(
            other.pop("port", self.server.direct_tls_port),
            self.server.ca_file,
            own=self.own,
            passwords=(self.password,),
            facts=self.facts,
            tls=TlsMode.DIRECT,
            **other,
        )

    async def visit(self, **other: Any) -> Rig:
        """Sign in, wait for the roster, leave."""
        async with self.rig(**other) as rig:
            await ready(rig)
        return rig


async def ready(rig: Rig, sessions: int = 1) -> Recorded:
    await rig.until_true(lambda: len(rig.signed_in) == sessions)
    stream = rig.streams[-1]
    await rig.until_true(lambda: rig.signed_in[-1].resumed is not None or roster_came(stream))
    return stream


def roster_came(stream: Recorded) -> bool:
    return re.search(rb"<iq[^>]*id=.roster.[^>]*>", stream.heard) is not None


def session_id(stream: Recorded) -> str:
    found = re.search(rb"<enabled[^>]*\sid=.([^'\"]+).", stream.heard)
    assert found
    return found[1].decode()


@contextlib.asynccontextmanager
async def far_away(port: int, delay: float):  # type: ignore[no-untyped-def]
    """A port on loopback from which it takes *delay* seconds to *port*, and as long back."""
    tasks: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            loop.call_later(delay, writer.write, data)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        on, back = await asyncio.open_connection("127.0.0.1", port)
        pair = (asyncio.ensure_future(carry(reader, back)), asyncio.ensure_future(carry(on, writer)))
        tasks.update(pair)
        await asyncio.wait(pair, return_when=asyncio.FIRST_COMPLETED)
        back.transport.abort()
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_old_way_takes_three_flights_once_the_server_is_known(
    old: ChatServer, accounts: Accounts
) -> None:
    anna = Visitor(old, accounts)
    first = (await anna.visit()).streams[-1]
    assert len(first.packets) >= 4
    rig = await anna.visit()
    assert [len(rig.streams), rig.streams[0].flights] == [1, 3]
    assert "<auth " in rig.streams[0].packets[0]
    assert "<bind " in rig.streams[0].packets[2]
    assert "jabber:iq:roster" in rig.streams[0].packets[2]


async def test_the_old_way_goes_on_with_a_session(old: ChatServer, accounts: Accounts) -> None:
    anna = Visitor(old, accounts)
    opener = Opened()
    async with anna.rig(opener=opener, sleep=lambda _: asyncio.sleep(0)) as rig:
        stream = await ready(rig)
        await rig.until_true(lambda: b"<enabled" in stream.heard)
        full = rig.signed_in[0].bound
        opener.held = Resumption(session_id(stream), 1, full)
        stream.abort()
        again = await ready(rig, 2)
        assert rig.signed_in[1].bound == full
        assert rig.signed_in[1].resumed is not None
        assert len(opener.inlined) == 1
        assert again.flights == 3
        assert again.packets[2].count("<") == 1
        opener.held = Resumption("not-a-session", 1, full)
        again.abort()
        await ready(rig, 3)
        assert rig.signed_in[2].resumed is None
        assert len(opener.inlined) == 2


async def test_a_slow_link_waits_once_less(old: ChatServer, accounts: Accounts) -> None:
    anna = Visitor(old, accounts)
    await anna.visit()
    async with far_away(old.direct_tls_port, 0.1) as port:
        rig = await anna.visit(port=port, paced=True)
    assert [len(rig.streams), rig.streams[0].flights] == [1, 2]
    assert ServerMemory(anna.facts, anna.own, rig.clock.now).takes(Habit.PACING)


async def test_everything_at_once_with_an_archive(server: ChatServer, accounts: Accounts) -> None:
    anna = Visitor(server, accounts)
    note_archive(anna.facts, anna.own, has=True)
    for flights in (4, 3):
        rig = await anna.visit()
        assert [len(rig.streams), rig.streams[0].flights] == [1, flights]
        assert rig.opener.inlined == [frozenset({SM, CARBONS})]
        assert rig.signed_in[0].enabled is not None
        assert rig.signed_in[0].enabled.get("id")
        assert "tui-xmpp" in (rig.signed_in[0].bound.resource or "")


async def test_a_slow_link_asks_for_everything_behind_the_proof(
    server: ChatServer, accounts: Accounts
) -> None:
    anna = Visitor(server, accounts)
    note_archive(anna.facts, anna.own, has=True)
    await anna.visit()
    async with far_away(server.direct_tls_port, 0.1) as port:
        rig = await anna.visit(port=port, paced=True)
    assert [len(rig.streams), rig.streams[0].flights] == [1, 2]


async def test_nothing_is_bound_inline_without_an_archive(old: ChatServer, accounts: Accounts) -> None:
    """The server would throw the messages away that wait for us (XEP-0386 §3.2)."""
    anna = Visitor(old, accounts)
    note_archive(anna.facts, anna.own, has=False)
    rig = await anna.visit()
    assert rig.opener.inlined == [frozenset()]


async def test_a_token_signs_in_with_one_flight_and_no_password(
    server: ChatServer, accounts: Accounts
) -> None:
    anna = Visitor(server, accounts)
    note_archive(anna.facts, anna.own, has=True)
    kept = Kept()
    assert (await anna.visit(tokens=kept)).asked == [""]
    assert kept.now is not None
    assert kept.now.expires is not None
    for _ in range(2):
        rig = await anna.visit(tokens=kept)
        assert rig.asked == []
        assert [len(rig.streams), rig.streams[0].flights] == [1, 1]
        assert "jabber:iq:roster" in rig.streams[0].packets[0]


async def test_a_token_that_the_server_renews_is_replaced(accounts: Accounts, tmp_path: Path) -> None:
    kept = Kept()
    rotating = ProsodyServer(tmp_path / "rotating", settings={"sasl2_fast_token_min_ttl": -1})
    for server in running(rotating):
        anna = Visitor(server, accounts)
        note_archive(anna.facts, anna.own, has=True)
        for _ in range(4):
            rig = await anna.visit(tokens=kept)
            assert len(rig.streams) == 1
        assert rig.asked == []
    secrets = [one.secret for one in kept.all if one is not None]
    assert len(secrets) == len(kept.all) == len(set(secrets)) == 4


async def test_a_token_goes_on_with_a_session_in_one_flight(server: ChatServer, accounts: Accounts) -> None:
    anna = Visitor(server, accounts)
    note_archive(anna.facts, anna.own, has=True)
    kept, opener = Kept(), Opened()
    async with anna.rig(tokens=kept, opener=opener, sleep=lambda _: asyncio.sleep(0)) as rig:
        stream = await ready(rig)
        full = rig.signed_in[0].bound
        opener.held = Resumption(session_id(stream), 1, full)
        stream.abort()
        again = await ready(rig, 2)
        assert rig.signed_in[1].bound == full
        assert rig.signed_in[1].resumed is not None
        assert again.flights == 1
        assert len(opener.inlined) == 1
        opener.held = Resumption("not-a-session", 1, full)
        again.abort()
        last = await ready(rig, 3)
        assert rig.signed_in[2].resumed is None
        assert rig.signed_in[2].enabled is not None
        assert [last.flights, len(opener.inlined), len(rig.streams)] == [2, 2, 3]
        assert rig.asked == [""]


async def test_a_token_that_is_refused_gives_way_to_the_password(
    server: ChatServer, accounts: Accounts
) -> None:
    anna = Visitor(server, accounts)
    note_archive(anna.facts, anna.own, has=True)
    kept = Kept()
    await anna.visit(tokens=kept)
    assert kept.now is not None
    kept.now = Token(kept.now.mechanism, "made-up", kept.now.expires)
    rig = await anna.visit(tokens=kept)
    assert len(rig.streams) == 2
    assert rig.asked == [""]
    assert rig.waits == []
    assert kept.all[-2] is None
    assert kept.now is not None
    assert kept.now.secret != "made-up"


async def test_a_token_that_was_taken_back_signs_nobody_in(server: ChatServer, accounts: Accounts) -> None:
    anna = Visitor(server, accounts)
    kept = Kept()
    async with anna.rig(tokens=kept) as rig:
        await ready(rig)
        token = kept.now
        assert token is not None
        await rig.connector.forget_token()
        assert kept.now is None
        assert "invalidate='true'" in rig.streams[-1].packets[-1]
    kept.now = token
    again = await anna.visit(tokens=kept)
    assert again.asked == [""]
    assert len(again.streams) == 2


async def test_a_wrong_password_is_still_one(server: ChatServer, accounts: Accounts) -> None:
    anna = Visitor(server, accounts)
    await anna.visit()
    anna.password = "wrong"
    async with anna.rig() as rig:
        refused = await rig.until(Connection.REFUSED)
        assert "did not accept the password" in refused.reason
        assert len(rig.streams) == 1


async def test_starttls_takes_one_flight(server: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    anna = Visitor(server, accounts)
    async with Rig(
        server.c2s_port, server.ca_file, own=anna.own, passwords=(anna.password,), facts=anna.facts
    ) as rig:
        stream = await ready(rig)
        assert stream.packets[0].endswith("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
