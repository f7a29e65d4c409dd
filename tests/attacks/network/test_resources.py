"""N-15, X-01 to X-03: a server or a network that means to wear us out."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.server import (
    PROCEED,
    STARTTLS,
    FakeServer,
    Peer,
    ScramServer,
    Script,
    honest,
    mechanisms,
    sasl,
)
from tests.session.link.rig import Rig
from tui_xmpp.core.account import Connection
from tui_xmpp.session.reader import Limits

MESSAGE = "<message from='romeo@example.net/x'><body>still here</body></message>"
CHUNK = 64 * 1024


def flood(unit: bytes, total: int, before: str, chunk: int = CHUNK) -> Script:
    async def send(peer: Peer) -> None:
        peer.send(before)
        piece = unit * max(1, chunk // len(unit))
        for _ in range(total // len(piece)):
            peer.send(piece)
            await peer.flush()

    return send


@pytest.mark.parametrize(
    ("before", "unit", "total", "chunk"),
    [
        ("<message><body>", b"x", 50_000_000, CHUNK),
        ("<message a='", b"x", 8_000_000, 100),
        ("<message a='>", b">", 8_000_000, 100),
        ("<message>", b"<a/>", 50_000_000, CHUNK),
        ("<message><body", b"y", 8_000_000, 100),
        ("<message><body>", b"&lt;", 50_000_000, CHUNK),
        ("<message><![CDATA[", b"]", 50_000_000, CHUNK),
    ],
)
async def test_x01_too_much_in_one_piece(
    authority: Authority, good: ssl.SSLContext, before: str, unit: bytes, total: int, chunk: int
) -> None:
    async with (
        FakeServer(honest(good, then=flood(unit, total, before, chunk))) as server,
        Rig(server.port, authority.ca_file) as rig,
    ):
        began = time.process_time()
        await rig.until(Connection.REFUSED)
        assert Connection.BINDING in rig.states
        assert time.process_time() - began < 1
        assert rig.streams[0].wire is not None
        assert rig.streams[0].wire.bytes_in < 1.2 * Limits().whole_bytes
        assert "message" not in rig.reached


async def test_x01_before_tls(authority: Authority) -> None:
    async def flood_in_clear(peer: Peer) -> None:
        await peer.expect(r"<stream:stream[^>]*>")
        await flood(b"x", 8_000_000, "<stream:stream a='")(peer)

    async with FakeServer(flood_in_clear) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until(Connection.REFUSED)
        assert rig.streams[0].wire is not None
        assert rig.streams[0].wire.bytes_in < 2 * Limits().tag_bytes


@pytest.mark.parametrize("depth", [500, 5_000, 200_000, 400_000])
async def test_x02_deep_nesting(
    authority: Authority, good: ssl.SSLContext, depth: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def nest(peer: Peer) -> None:
        peer.send("<message from='romeo@example.net/x'><body>deep</body>", "<a>" * depth, "</a>" * depth)
        peer.send("</message>", MESSAGE)

    async with FakeServer(honest(good, then=nest)) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until_true(lambda: "message" in rig.reached)
        assert rig.reached.count("message") == 1
        await rig.until(Connection.ONLINE)


@pytest.mark.parametrize(
    "bomb",
    [
        "<!DOCTYPE a>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]>",
        "<!-- c -->",
        "<?php d ?>",
        "<message><body>&lol;</body></message>",
        "<message><!-- c --></message>",
        "<message><?php d ?></message>",
    ],
)
@pytest.mark.parametrize("moment", ["first", "online"])
async def test_x03_forbidden_xml(authority: Authority, good: ssl.SSLContext, bomb: str, moment: str) -> None:
    async def first(peer: Peer) -> None:
        await peer.expect(r"<stream:stream[^>]*>")
        peer.send(
            bomb if bomb.startswith("<!D") else "",
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
            "version='1.0'>",
            bomb,
        )

    async def online(peer: Peer) -> None:
        peer.send(bomb, MESSAGE)

    script = first if moment == "first" else honest(good, then=online)
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file) as rig:
        await rig.until_true(lambda: rig.states[-1:] in ([Connection.REFUSED], [Connection.WAITING]))
        # A document type in the middle of a document is not even XML.
        assert rig.states[-1] is Connection.REFUSED or (moment == "online" and bomb.startswith("<!D"))
        assert "message" not in rig.reached


async def test_x03_billion_laughs(authority: Authority) -> None:
    names = "abcdefghij"
    entities = "".join(
        f"<!ENTITY {name} '{f'&{names[place - 1]};' * 10 if place else 'lol'}'>"
        for place, name in enumerate(names)
    )

    async def laugh(peer: Peer) -> None:
        await peer.expect(r"<stream:stream[^>]*>")
        peer.send(
            f"<?xml version='1.0'?><!DOCTYPE s [{entities}]><stream:stream xmlns='jabber:client' "
            "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
            "<message><body>&j;</body></message>"
        )

    async with FakeServer(laugh) as server, Rig(server.port, authority.ca_file) as rig:
        began = time.process_time()
        await rig.until(Connection.REFUSED)
        assert time.process_time() - began < 0.5


@pytest.mark.parametrize("step", range(8))
async def test_n15_reset_at_each_step(authority: Authority, good: ssl.SSLContext, step: int) -> None:
    async def reset(peer: Peer) -> None:
        stops = iter(range(8))

        async def stop_here() -> None:
            if next(stops) == step:
                await peer.flush()
                peer.reset()
                raise EOFError

        await stop_here()
        await peer.open_stream(STARTTLS)
        await stop_here()
        await peer.expect(r"<starttls[^>]*/>")
        peer.send(PROCEED)
        await peer.flush()
        await stop_here()
        await peer.start_tls(good)
        await stop_here()
        await peer.open_stream(mechanisms("SCRAM-SHA-256"))
        await stop_here()
        scram = ScramServer("SCRAM-SHA-256")
        peer.send(sasl("challenge", scram.challenge(await peer.sasl_message("auth"))))
        await stop_here()
        proof = scram.finish(await peer.sasl_message("response"))
        assert proof
        peer.send(sasl("success", proof))
        await stop_here()
        await peer.bind()
        await stop_here()

    async def at_once(_: float) -> None:
        if len(rig.waits) >= 18:
            await asyncio.Event().wait()
        await asyncio.sleep(0)

    async with (
        FakeServer(reset) as server,
        Rig(server.port, authority.ca_file, sleep=at_once) as rig,
    ):
        await rig.until_true(lambda: len(rig.waits) == 18)
        # A dozen cuts in a row are mended at once; then each wait is 2, 5, 15, 30, 60, 60 … seconds, a fifth
        # more or less.
        assert rig.waits[:12] == [0] * 12
        for wait, seconds in zip(rig.waits[12:], (2, 5, 15, 30, 60, 60), strict=True):
            assert 0.8 * seconds <= wait <= 1.2 * seconds
        assert len(set(rig.waits[12:])) == 6
        assert len(server.peers) == 18
        assert Connection.REFUSED not in rig.states
        assert not any("unforeseen" in reason for reason in rig.reasons)


async def test_n15_a_good_connection_is_made_again_at_once(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async def leave_later(peer: Peer) -> None:
        await rig.until_true(lambda: rig.ready == 1)
        rig.clock.seconds += 60
        peer.reset()

    async with (
        FakeServer(honest(good, then=leave_later)) as server,
        Rig(server.port, authority.ca_file) as rig,
    ):
        await rig.until(Connection.WAITING)
        await rig.until_true(lambda: bool(rig.waits))
        assert rig.waits[0] == 0
