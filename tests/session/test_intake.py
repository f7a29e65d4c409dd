"""What comes too fast waits with the network: keys and frames get their turn, and memory stays bounded."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.server import FakeServer, Peer, honest
from tests.session.link.conftest import authority, good
from tests.session.link.rig import Rig
from tests.session.wire import Wire
from tui_xmpp.core.account import Connection
from tui_xmpp.session.inbox import Inbox
from tui_xmpp.session.intake import Intake
from tui_xmpp.session.listener import Listener

__all__ = ["authority", "good"]

FLOOD = b"".join(b"%06d " % number for number in range(30_000))
LITTLE = 32 * 1024
COUNT = 20_000
STANZA = "<message><body>" + "x" * 985 + "</body></message>"


@dataclass
class FakeStream:
    """What the intake sees of a stream, and of its wire."""

    sessionstarted: bool = True
    full: bool = False
    read_bytes: int = 0
    heard_at: float = 0.0
    listener: Listener = field(default_factory=Listener)
    held: list[bool] = field(default_factory=list)
    read: list[bytes] = field(default_factory=list)

    @property
    def wire(self) -> FakeStream:
        return self

    def hold(self, is_held: bool) -> None:
        self.held.append(is_held)

    def is_full(self) -> bool:
        return self.full

    def intake(self) -> Intake:
        return Intake(cast(Any, self), self.read.append)


async def test_a_little_is_read_in_a_turn_in_order_and_the_wire_waits_meanwhile() -> None:
    stream = FakeStream()
    intake = stream.intake()
    intake.put(FLOOD[:100_000])
    intake.put(FLOOD[100_000:])
    turns = 0
    while sum(map(len, stream.read)) < len(FLOOD):
        assert stream.held[-1]
        await asyncio.sleep(0)
        turns += 1
    assert b"".join(stream.read) == FLOOD
    assert max(map(len, stream.read)) <= LITTLE
    assert turns >= len(FLOOD) // LITTLE
    assert not stream.held[-1]
    assert stream.read_bytes == len(FLOOD)


async def test_nothing_is_read_while_what_was_read_is_still_to_be_kept() -> None:
    stream = FakeStream(full=True)
    intake = stream.intake()
    intake.put(b"<a/>")
    await asyncio.sleep(0.03)
    assert not stream.read
    assert stream.held[-1]
    stream.full = False
    async with asyncio.timeout(5):
        while not stream.read:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert stream.read == [b"<a/>"]
    assert not stream.held[-1]


async def test_few_and_long_stanzas_are_enough_while_they_are_still_to_be_kept(wire: Wire) -> None:
    """As where gpg waits for a passphrase: some hundred stanzas may be as much as the memory there is."""
    inbox = Inbox(wire.account)
    read = 10**6
    assert not inbox.is_full(read)
    inbox.put(None)
    assert not inbox.is_full(read + 2**22)
    assert inbox.is_full(read + 2**22 + 1)
    worker = asyncio.create_task(inbox.run())
    await wire.until(lambda: not inbox.is_full(read + 2**22 + 1))
    worker.cancel()
    inbox.put(None)
    assert not inbox.is_full(10**6), "another stream counts anew"


async def test_in_a_sign_in_nothing_is_left_over_for_the_stream_that_begins_anew() -> None:
    stream = FakeStream(sessionstarted=False, full=True)
    stream.intake().put(FLOOD)
    assert stream.read == [FLOOD]


async def test_what_waits_when_the_link_ends_is_read() -> None:
    stream = FakeStream()
    intake = stream.intake()
    intake.put(FLOOD)
    intake.finish()
    assert b"".join(stream.read) == FLOOD
    await asyncio.sleep(0.03)
    assert b"".join(stream.read) == FLOOD


async def test_a_flood_waits_at_the_server_while_we_are_full(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async def flood(peer: Peer) -> None:
        await rig.until_true(lambda: rig.ready == 1 and rig.streams[0].sessionstarted)
        rig.streams[0].is_full = lambda: True
        peer.send(STANZA * COUNT)
        sent.set()

    sent = asyncio.Event()
    async with FakeServer(honest(good, then=flood)) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until(Connection.ONLINE)
        await asyncio.wait_for(sent.wait(), 10)
        stream = rig.streams[0]
        assert stream.wire is not None
        before, now = -1, stream.wire.bytes_in
        while before != now:
            await asyncio.sleep(0.2)
            before, now = now, stream.wire.bytes_in
        assert now < 2**20, "the network holds what we have no room for"
        stream.is_full = lambda: False
        await rig.until_true(lambda: stream.read_bytes > COUNT * len(STANZA))


async def test_what_goes_wrong_in_a_later_turn_ends_the_stream_and_the_next_one_is_waited_for(
    authority: Authority, good: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No wire tells of it there: it would be held for ever, and what was left in the turn be lost."""

    async def flood(peer: Peer) -> None:
        await rig.until_true(lambda: rig.ready == 1 and rig.streams[0].sessionstarted)
        monkeypatch.setattr(rig.streams[0].listener, "left_out", broken)
        peer.send(STANZA * 100 + "<message>" + "<x>" * 70 + "</x>" * 70 + "</message>" + STANZA * 100)

    def broken() -> None:
        raise RuntimeError("a fault of ours")

    async with FakeServer(honest(good, then=flood)) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until(Connection.ONLINE)
        await rig.until_true(lambda: rig.streams[0].lost.done())
        assert "went wrong inside" in rig.streams[0].last_error
        await rig.until_true(lambda: bool(rig.waits))
