"""TLS with a small hello, once more with a full one where that is needed, and sessions taken up again."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.server import PROCEED, STARTTLS, FakeServer, Peer, features, header, honest
from tests.session.link.rig import OWN, Facts, Recorded, Rig
from tui_xmpp.core.account import Connection, TlsMode
from tui_xmpp.session.server_memory import Habit, ServerMemory
from tui_xmpp.session.transport import tls


def hello(context: ssl.SSLContext) -> bytes:
    """The first flight of a client."""
    out = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="example.org")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return out.read()


def test_a_small_hello_is_half_as_long() -> None:
    assert len(hello(tls.context(direct=True, small=True))) < 270
    assert len(hello(tls.context(direct=True))) > 500


def test_a_bare_hello_is_shorter_still() -> None:
    small = hello(tls.context(direct=True, small=True))
    assert len(hello(tls.context(direct=True, small=True, bare=True))) == len(small) - 32


@pytest.mark.parametrize("proven", [False, True])
async def test_a_bare_hello_that_nobody_answers_is_not_said_again(
    authority: Authority, good: ssl.SSLContext, proven: bool
) -> None:
    """A box on the way lets pass only what looks like TLS 1.2: what has no session id (RFC 8446 §D.4)."""
    facts = Facts()
    memory(facts).worked(Habit.SMALL_HELLO)
    if proven:
        memory(facts).worked(Habit.BARE_HELLO)
    async with (
        FakeServer(honest(None), direct=good) as server,
        alerting(server.port, lambda first: first[43] == 0, b"") as port,
        Rig(
            port, authority.ca_file, facts=facts, tls=TlsMode.DIRECT, sleep=lambda _: asyncio.sleep(0)
        ) as rig,
    ):
        for number in (1, 2):
            await rig.until_true(lambda number=number: rig.ready == number)  # type: ignore[misc]
            assert len(rig.waits) == number
            rig.streams[-1].abort()
    assert memory(facts).takes(Habit.SMALL_HELLO)
    assert memory(facts).takes(Habit.BARE_HELLO) == proven


def test_a_small_hello_checks_as_much() -> None:
    made = tls.context(direct=True, small=True)
    assert made.minimum_version == ssl.TLSVersion.TLSv1_3
    assert made.check_hostname
    assert made.verify_mode is ssl.CERT_REQUIRED
    assert made.verify_flags == tls.context(direct=True).verify_flags
    assert made.verify_flags == ssl.create_default_context().verify_flags


def test_the_authorities_are_read_once(authority: Authority) -> None:
    contexts = tls.Contexts(str(authority.ca_file))
    first = contexts.get(direct=True, small=False)
    assert contexts.get(direct=True, small=False) is first
    assert contexts.get(direct=True, small=True) is not first
    contexts.forget()
    assert contexts.get(direct=True, small=False) is not first


async def test_a_link_profile_may_begin_with_a_full_hello(good: ssl.SSLContext, authority: Authority) -> None:
    facts = Facts()
    async with (
        FakeServer(honest(good)) as server,
        Rig(server.port, authority.ca_file, facts=facts, small_hello=False) as rig,
    ):
        await rig.until_true(lambda: rig.ready == 1)
    assert not memory(facts).is_proven(Habit.SMALL_HELLO)


@pytest.mark.parametrize("mode", list(TlsMode))
async def test_a_server_that_cuts_a_small_hello_gets_a_full_one(authority: Authority, mode: TlsMode) -> None:
    """Also a box on the way may cut what it does not understand, without an alert."""
    older = authority.issue(["example.org"])
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    direct = mode is TlsMode.DIRECT
    facts = Facts()
    script = honest(None if direct else older)
    async with FakeServer(script, direct=older if direct else None) as server:
        for waits in (1, 0):
            async with Rig(
                server.port, authority.ca_file, facts=facts, tls=mode, sleep=lambda _: asyncio.sleep(0)
            ) as rig:
                await rig.until_true(lambda rig=rig: rig.ready == 1)  # type: ignore[misc]
                assert len(rig.waits) == waits
    assert not memory(facts).takes(Habit.SMALL_HELLO)


async def test_a_server_that_refuses_a_small_hello_gets_a_full_one_at_once(authority: Authority) -> None:
    older = authority.issue(["example.org"])
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    facts = Facts()
    async with (
        FakeServer(honest(None), direct=older) as server,
        alerting(server.port) as port,
        Rig(port, authority.ca_file, facts=facts, tls=TlsMode.DIRECT) as rig,
    ):
        await rig.until(Connection.ONLINE)
        assert rig.waits == []
        assert len(rig.streams) == 2
    assert not memory(facts).takes(Habit.SMALL_HELLO)


async def test_a_cut_says_nothing_once_the_server_took_a_small_hello(
    authority: Authority, good: ssl.SSLContext
) -> None:
    facts = Facts()
    async with FakeServer(honest(good)) as server, Rig(server.port, authority.ca_file, facts=facts) as rig:
        await rig.until(Connection.ONLINE)

    async def cut(peer: Peer) -> None:
        await peer.expect("<starttls[^>]*/>")
        peer.send(header(), features(STARTTLS), PROCEED)
        await peer.flush()
        await peer.expect(".")
        peer.reset()

    async with FakeServer(cut) as server, Rig(server.port, authority.ca_file, facts=facts) as rig:
        await rig.until_true(lambda: bool(rig.waits))
    assert memory(facts).takes(Habit.SMALL_HELLO)


def memory(facts: Facts) -> ServerMemory:
    return ServerMemory(facts, OWN, lambda: datetime.now(UTC))


@contextlib.asynccontextmanager
async def alerting(
    port: int,
    refuses: Callable[[bytes], bool] = lambda first: len(first) < 300,
    said: bytes = bytes([21, 3, 3, 0, 2, 2, 70]),
) -> AsyncIterator[int]:
    """A port that leads to *port*, but for whom it *refuses* by their first bytes.

    By default it alerts a client of TLS 1.3 alone (RFC 8446 §6.2).
    """

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(65536)
        if refuses(first):
            writer.write(said)
            writer.close()
            return
        back, on = await asyncio.open_connection("127.0.0.1", port)
        on.write(first)
        await asyncio.gather(carry(reader, on), carry(back, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_a_bad_certificate_gets_no_second_try(authority: Authority) -> None:
    other = authority.issue(["example.net"])
    async with FakeServer(honest(other)) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until(Connection.REFUSED)
        assert b"<auth" not in server.heard


def reused(stream: Recorded) -> bool:
    connected = stream.wire._transport.get_extra_info("ssl_object")  # type: ignore[union-attr]
    return bool(connected.session_reused)


@pytest.mark.parametrize("mode", list(TlsMode))
async def test_a_session_is_taken_up_again(authority: Authority, good: ssl.SSLContext, mode: TlsMode) -> None:
    direct = mode is TlsMode.DIRECT
    async with (
        FakeServer(honest(None if direct else good), direct=good if direct else None) as server,
        Rig(server.port, authority.ca_file, tls=mode, sleep=lambda _: asyncio.sleep(0)) as rig,
    ):
        await rig.until_true(lambda: rig.ready == 1)
        assert not reused(rig.streams[0])
        rig.streams[0].abort()
        await rig.until_true(lambda: rig.ready == 2)
        assert reused(rig.streams[1])
        assert rig.streams[1].certificate() == rig.streams[0].certificate() is not None


async def test_a_session_is_taken_up_only_with_the_server_that_proved_itself(
    authority: Authority, good: ssl.SSLContext, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A handshake whose certificate was refused leaves nothing behind that could be taken up."""
    forged = Authority(tmp_path_factory.mktemp("mallory"), "Mallory").issue(["example.org"])
    async with FakeServer(honest(forged)) as server, Rig(server.port, authority.ca_file) as rig:
        for times in (1, 2):
            await rig.until_true(lambda times=times: rig.states.count(Connection.REFUSED) == times)  # type: ignore[misc]
            assert "Nobody this computer trusts" in rig.reasons[-1]
            rig.connector.connect_now()
        await rig.until_true(lambda: rig.states.count(Connection.REFUSED) == 3)
        assert b"<auth" not in server.heard


def test_nothing_of_an_unfinished_handshake_is_taken_up_again() -> None:
    class Unfinished:
        session = object()

        def getpeercert(self, _: bool) -> bytes:
            raise ValueError("handshake not done yet")

    assert tls._session(Unfinished()) is None  # type: ignore[arg-type]
