"""A compressed stream (XEP-0138): when it is asked for, what it carries, and what does not end it."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.server import (
    COMPRESSED,
    COMPRESSION,
    SM_FEATURE,
    FakeServer,
    Peer,
    ScramServer,
    authentication,
    bind_feature,
    honest,
    mechanisms,
    sasl2,
    success2,
)
from tests.session.link.rig import OWN, Facts, Opened, Rig
from tui_xmpp.core.account import Connection
from tui_xmpp.session.opening import Resumption
from tui_xmpp.session.server_memory import Habit, ServerMemory
from tui_xmpp.session.transport.deflate import Deflate

NAME = "SCRAM-SHA-256"
MESSAGE = "<message from='romeo@example.net/x'><body>still here</body></message>"
REFUSED = "<failure xmlns='http://jabber.org/protocol/compress'><setup-failed/></failure>"


def memory(facts: Facts) -> ServerMemory:
    return ServerMemory(facts, OWN, lambda: datetime.now(UTC))


async def greet(peer: Peer) -> None:
    peer.send(MESSAGE)


async def test_a_stream_is_compressed_both_ways(authority: Authority, good: ssl.SSLContext) -> None:
    script = honest(good, compresses=True, then=greet)
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file, compressed=True) as rig:
        await rig.until_true(lambda: "message" in rig.reached)
        assert b"jabber:iq:roster" in server.heard
        wire = rig.streams[0].wire
        assert wire is not None and wire.bytes_out < len(server.heard)


@pytest.mark.parametrize("compressed", [False, True])
async def test_nothing_is_asked_for_that_is_not_offered_and_wanted(
    authority: Authority, good: ssl.SSLContext, compressed: bool
) -> None:
    async def script(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        await ScramServer(NAME).run(peer)
        await peer.bind(inner="" if compressed else COMPRESSION)

    async with (
        FakeServer(script) as server,
        Rig(server.port, authority.ca_file, compressed=compressed) as rig,
    ):
        await rig.until(Connection.ONLINE)
        assert b"<compress " not in server.heard


async def test_who_is_known_to_compress_is_asked_with_the_header(
    authority: Authority, good: ssl.SSLContext
) -> None:
    facts = Facts()
    for _ in range(2):
        script = honest(good, compresses=True)
        async with (
            FakeServer(script) as server,
            Rig(server.port, authority.ca_file, facts=facts, compressed=True) as rig,
        ):
            await rig.until_true(lambda: rig.ready == 1)
            packets = rig.streams[0].packets
    asked, session = packets[-2:]
    assert "Opening" in asked and "<compress " in asked
    assert "Opening" in session and "<bind" in session and "jabber:iq:roster" in session


async def test_a_session_is_resumed_on_the_compressed_stream(
    authority: Authority, good: ssl.SSLContext
) -> None:
    async def script(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        await ScramServer(NAME).run(peer)
        await peer.compress()
        await peer.open_stream(bind_feature() + SM_FEATURE)
        await peer.expect("<resume [^>]*previd=.sm1.")
        peer.send("<resumed xmlns='urn:xmpp:sm:3' previd='sm1' h='0'/>", MESSAGE)

    held = Opened()
    held.held = Resumption("sm1", 0, OWN)
    async with (
        FakeServer(script) as server,
        Rig(server.port, authority.ca_file, opener=held, compressed=True) as rig,
    ):
        await rig.until_true(lambda: "message" in rig.reached and rig.ready == 1)
        assert rig.signed_in[0].resumed == 0


async def test_a_refusal_is_no_reason_to_stay_away(authority: Authority, good: ssl.SSLContext) -> None:
    async def script(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        await ScramServer(NAME).run(peer)
        await peer.open_stream(bind_feature() + COMPRESSION)
        await peer.expect(r"<compress .*?</compress>")
        peer.send(REFUSED)
        found = await peer.expect(r"<iq [^>]*id='([^']+)'[^>]*>.*?</iq>")
        bound = f"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{OWN}/balcony</jid></bind>"
        peer.send(f"<iq type='result' id='{found[1].decode()}'>{bound}</iq>")

    facts = Facts()
    async with (
        FakeServer(script) as server,
        Rig(server.port, authority.ca_file, facts=facts, compressed=True) as rig,
    ):
        await rig.until(Connection.ONLINE)
        assert not memory(facts).takes(Habit.COMPRESSION)
        assert len(server.peers) == 1


async def test_where_it_was_offered_nothing_is_bound_along_with_the_proof(
    authority: Authority, good: ssl.SSLContext
) -> None:
    """A stream that begins anew behind a bound session would have none."""
    facts = Facts()
    memory(facts).saw_session(frozenset({"{http://jabber.org/features/compress}compression"}))

    async def script(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(authentication(NAME))
        scram = ScramServer(NAME)
        first, request = await peer.request()
        assert b"urn:xmpp:bind:0" not in request
        peer.send(sasl2("challenge", scram.challenge(first)))
        peer.send(
            success2(scram.finish(await peer.sasl_message("response")), jid=str(OWN)).replace(
                SM_FEATURE, bind_feature() + COMPRESSION
            )
        )
        await peer.expect(r"<compress .*?</compress>")
        await peer.grant()
        await peer.bind()
        peer.send(MESSAGE)

    async with (
        FakeServer(script) as server,
        Rig(server.port, authority.ca_file, facts=facts, compressed=True) as rig,
    ):
        await rig.until_true(lambda: "message" in rig.reached)


@pytest.mark.parametrize(
    ("behind", "asked"), [(MESSAGE, True), ("x\x9c", True), ("", False)], ids=["xml", "zlib", "unasked"]
)
async def test_nothing_is_slipped_in_before_the_compressed_stream(
    authority: Authority, good: ssl.SSLContext, behind: str, asked: bool
) -> None:
    async def script(peer: Peer) -> None:
        await peer.upgrade(good)
        await peer.open_stream(mechanisms(NAME))
        await ScramServer(NAME).run(peer)
        await peer.open_stream(bind_feature() + COMPRESSION)
        if asked:
            await peer.expect(r"<compress .*?</compress>")
        peer.send(COMPRESSED, behind)

    async with FakeServer(script) as server, Rig(server.port, authority.ca_file, compressed=asked) as rig:
        await rig.until(Connection.REFUSED)
        assert "message" not in rig.reached


async def test_what_is_no_compressed_data_ends_the_link(authority: Authority, good: ssl.SSLContext) -> None:
    async def spoil(peer: Peer) -> None:
        peer.send_raw(b"\xff\xff not deflate")

    script = honest(good, compresses=True, then=spoil)
    async with FakeServer(script) as server, Rig(server.port, authority.ca_file, compressed=True) as rig:
        await rig.until(Connection.WAITING)
        assert "cannot be read" in rig.reasons[-1]


def test_each_packet_can_be_read_at_once() -> None:
    here, there = Deflate(), Deflate()
    for packet in (b"<presence/>", b"<message/>" * 1000, b"<presence/>"):
        assert b"".join(there.unpack(here.pack(packet))) == packet


def test_what_repeats_itself_for_hours_is_no_bomb() -> None:
    here, there = Deflate(), Deflate()
    caps = b"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://a.example' ver='Qm9v'/>"
    for number in range(20_000):
        stanza = b"<presence from='romeo%d@example.net/a'><show>away</show>%s</presence>" % (number % 5, caps)
        assert b"".join(there.unpack(here.pack(stanza))) == stanza
