"""A link that breaks, in every way a link can, is made anew at once; one that is only slow is left alone.

All times are a twentieth of the real ones.
"""

from __future__ import annotations

import asyncio
import ssl
import time

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.clock import FakeClock
from tests.fakes.server import FakeServer, Peer, honest
from tests.link.proxy import Link
from tests.link.shape import Break, Shape
from tests.session.link.rig import OWN, Facts, Rig
from tui_xmpp.core.account import Connection
from tui_xmpp.session import liveness, timing
from tui_xmpp.session.dialling import Timeouts
from tui_xmpp.session.failure import Failure
from tui_xmpp.session.liveness import Liveness
from tui_xmpp.session.stream import Stream
from tui_xmpp.session.timing import LinkTiming

_PATIENCE = 0.5
_IDLE = 0.3
REQUEST = "<r xmlns='urn:xmpp:sm:3'/>"
TIMEOUTS = Timeouts(connect=30, step=30, probe=5)


class Hasty(LinkTiming):
    """Ten seconds in half of one."""

    def __init__(self) -> None:
        super().__init__(Facts(), OWN, FakeClock())

    @property
    def patience(self) -> float:
        return max(_PATIENCE, 3 * self.rto)


class Watched(Rig):
    """Each stream is watched from binding to its end."""

    def __init__(self, port: int, authority: Authority) -> None:
        self.timing = Hasty()
        super().__init__(port, authority.ca_file, sleep=asyncio.sleep, timeouts=TIMEOUTS, timing=self.timing)
        self.verdicts: list[str] = []
        self.lives: list[Liveness] = []

    async def __aexit__(self, *reason: object) -> None:
        await super().__aexit__(*reason)
        for life in self.lives:
            life.stop()

    async def online(self, times: int) -> float:
        """Wait until signed in for so many times; return when."""
        await self.until_true(lambda: len(self.lives) >= times)
        return time.monotonic()

    async def _on_ready(self, *_: object) -> None:
        self.watch(self.streams[-1])

    def watch(self, stream: Stream) -> None:
        assert stream.wire is not None

        def ask() -> None:
            if not stream.lost.done():
                stream.write(REQUEST)
                life.asked()
                life.said()

        def dead(reason: str) -> None:
            self.verdicts.append(reason)
            stream.fail(Failure("The link broke."))

        def received(data: bytes) -> None:
            life.heard()
            for _answer in range(data.count(b"<a ")):
                life.answered()
            passed_on(data)

        passed_on, stream.received = stream.received, received  # type: ignore[method-assign]
        life = Liveness(self.timing, stream.wire, ask=ask, dead=dead, idle_seconds=_IDLE)
        stream.lost.add_done_callback(lambda _: life.stop())
        self.lives.append(life)


async def answering(peer: Peer) -> None:
    """A server that acknowledges."""
    while (await peer.expect(r"<r [^>]*/>|</stream:stream>"))[0].startswith(b"<r"):
        peer.send("<a xmlns='urn:xmpp:sm:3' h='0'/>")


@pytest.fixture(autouse=True)
def hasty_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "_LOOK_SECONDS", 0.1)
    monkeypatch.setattr(liveness, "_LEAST_PAUSE", 0.01)
    monkeypatch.setattr(timing, "_LEAST_SECURE", 0.4)


@pytest.mark.parametrize("how", list(Break))
async def test_a_broken_link_is_made_anew(authority: Authority, good: ssl.SSLContext, how: Break) -> None:
    async with (
        FakeServer(honest(good, then=answering)) as server,
        Link(server.port) as link,
        Watched(link.port, authority) as rig,
    ):
        await rig.online(1)
        cut = time.monotonic()
        link.cut(how)
        back = await rig.online(2)
        # A question after the silence, and no answer to it.
        noticed = 0.0 if how is Break.RESET else _IDLE + _PATIENCE + 0.3
        assert back - cut < noticed + 1
        assert len(rig.verdicts) == (how is not Break.RESET)
        assert rig.lost == 1
        assert rig.states.count(Connection.WAITING) == 1


async def test_a_server_that_was_out_of_reach_is_back_within_a_second(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async with (
        FakeServer(honest(good, then=answering)) as server,
        Link(server.port) as link,
        Watched(link.port, authority) as rig,
    ):
        await rig.online(1)
        link.refuse()
        link.cut()
        await rig.until_true(lambda: "refuses connections" in rig.told[-1].reason)
        told = len(rig.told)
        await asyncio.sleep(1.5)
        # The screen stays calm: what is tried every second is told once.
        assert len(rig.told) == told
        link.accept()
        there = time.monotonic()
        assert await rig.online(2) - there < 1.3
        assert rig.states.count(Connection.WAITING) == 2
        assert rig.states.count(Connection.RESOLVING) == 1


async def test_a_change_of_the_network_ends_the_wait(authority: Authority, good: ssl.SSLContext) -> None:
    async with (
        FakeServer(honest(good, then=answering)) as server,
        Link(server.port) as link,
        Watched(link.port, authority) as rig,
    ):
        await rig.online(1)
        link.refuse()
        link.cut()
        await rig.until_true(lambda: "refuses connections" in rig.told[-1].reason)
        link.accept()
        rig.connector.surroundings_changed()
        there = time.monotonic()
        assert await rig.online(2) - there < 0.6


async def test_a_sign_in_that_was_swallowed_is_started_over(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async with (
        FakeServer(honest(good, then=answering)) as server,
        Link(server.port) as link,
        Watched(link.port, authority) as rig,
    ):
        await rig.online(1)
        link.go_dark()
        await rig.until_true(lambda: len(link.connections) == 2)
        link.accept()
        there = time.monotonic()
        assert await rig.online(2) - there < 2


async def test_a_sign_in_over_a_link_that_became_slow_is_waited_for(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async with (
        FakeServer(honest(good, then=answering)) as server,
        Link(server.port) as link,
        Watched(link.port, authority) as rig,
    ):
        await rig.online(1)
        before = len(link.connections)
        link.change(Shape(delay=0.05, rate=24_000))
        link.cut()
        await rig.online(2)
        assert len(link.connections) == before + 1


async def test_a_slow_link_is_not_dropped_by_its_own_question_or_traffic(
    authority: Authority, good: ssl.SSLContext
) -> None:
    """192,000 bit/s and 0.1 s there and back: 9,600 bit/s and 2 s."""

    async def talk(peer: Peer) -> None:
        await peer.expect(r"</body></message>")
        peer.send(f"<message from='romeo@example.net/x'><body>{'x' * 24_000}</body></message>")
        await answering(peer)

    async with (
        FakeServer(honest(good, then=talk)) as server,
        Link(server.port, Shape(delay=0.05, rate=192_000)) as link,
        Watched(link.port, authority) as rig,
    ):
        await rig.online(1)
        stream, life = rig.streams[0], rig.lives[0]
        stream.write(f"<message to='romeo@example.net'><body>{'y' * 24_000}</body></message>")
        stream.write(REQUEST)
        life.asked()
        life.said()
        await rig.until_true(lambda: "message" in rig.reached)
        # The answer stands behind the message.
        await rig.until_true(lambda: (rig.timing.rtt or 0) > 0.05)
        assert rig.verdicts == []
        assert rig.lost == 0


@pytest.mark.parametrize("leave", [True, False])
async def test_stopping_takes_two_seconds_at_most_and_closes_the_stream_only_to_leave(
    authority: Authority, good: ssl.SSLContext, leave: bool
) -> None:
    async with (
        FakeServer(honest(good, then=answering)) as server,
        Link(server.port) as link,
        Watched(link.port, authority) as rig,
    ):
        await rig.online(1)
        began = time.monotonic()
        await rig.connector.stop(leave=leave)
        assert time.monotonic() - began < 2.5
        assert rig.told[-1].connection is Connection.OFFLINE
        assert (b"</stream:stream>" in server.heard) is leave
