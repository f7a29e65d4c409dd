"""X-06: 100,000 random stanzas, seeded: nothing leaves the gate but stanzas, and no fault comes of them."""

from __future__ import annotations

import gc
import logging
import random
import tracemalloc
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.attacks.xml.stanzas import Stanzas
from tests.session.wire import ANNA, BERT, Wire
from tui_xmpp.core.address import Address
from tui_xmpp.core.events import MessageKept
from tui_xmpp.session.failure import Failure
from tui_xmpp.session.gate import Gate, Phase
from tui_xmpp.session.reader import Dropped, Header, Limits, Reader

OPEN = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
)
READ = 92_000
"""Through the reader and the gate; the others go all the way, onto the disk."""
HEARD = 8_000
_ROUND = 1_000
_BLOCK = 97
"""Stanzas in one block of bytes."""


def damaged(rng: random.Random, data: bytes) -> bytes:
    """A few bytes are others, gone, or there twice."""
    hurt = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(hurt))
        way = rng.randrange(3)
        if way == 0:
            hurt[at] = rng.randrange(256)
        elif way == 1:
            del hurt[at : at + rng.randint(1, 20)]
        else:
            hurt[at:at] = hurt[at : at + rng.randint(1, 200)]
    return bytes(hurt)


def pour(reader: Reader, gate: Gate, rng: random.Random, data: bytes) -> int:
    """Feed it in pieces; how many stanzas passed the gate."""
    passed = 0
    while data:
        size = rng.choice((1, 3, 17, 200, 4096))
        piece, data = data[:size], data[size:]
        for item in reader.feed(piece):
            if isinstance(item, ET.Element) and gate.admit(item):
                assert item.tag.startswith("{jabber:client}")
                passed += 1
            assert isinstance(item, ET.Element | Header | Dropped)
    return passed


def fresh(rng: random.Random) -> tuple[Reader, Gate]:
    reader, gate = Reader(Limits()), Gate(Address.parse(str(ANNA)))
    gate.phase = Phase.BOUND
    pour(reader, gate, rng, OPEN)
    return reader, gate


def test_x06_whole_stanzas_in_random_pieces_all_come_through_and_memory_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rng, stanzas = random.Random(6), Stanzas(6)
    reader, gate = fresh(rng)
    blocks = READ // 2 // _BLOCK

    def send(count: int) -> int:
        return sum(
            pour(reader, gate, rng, "".join(stanzas.next() for _ in range(_BLOCK)).encode())
            for _ in range(count)
        )

    passed = send(blocks - 60)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    passed += send(60)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert passed == blocks * _BLOCK
    assert grown < 1_000_000, f"{grown} bytes are kept of what has passed"
    assert not caplog.records


def test_x06_of_damaged_stanzas_nothing_comes_but_a_failure() -> None:
    rng, stanzas = random.Random(7), Stanzas(7)
    reader, gate = fresh(rng)
    failures = 0
    for _ in range(READ // 2 // 10):
        data = "".join(stanzas.next() for _ in range(10)).encode()
        try:
            pour(reader, gate, rng, damaged(rng, data))
        except Failure:
            failures += 1
            reader, gate = fresh(rng)
    assert failures > READ // 2 // 10 // 2, "most damage is noticed"


@pytest.mark.parametrize("seed", range(HEARD // _ROUND))
async def test_x06_what_passes_the_gate_is_dealt_with_without_a_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, seed: int
) -> None:
    """Signed in, with a contact and in a room: whatever is said, nothing fails inside, and we still talk."""
    caplog.set_level(logging.ERROR)
    stanzas = Stanzas(seed)
    wire = Wire(tmp_path)
    await wire.online()
    wire.befriend()
    wire.enter()
    for _ in range(_ROUND):
        stanza = stanzas.next()
        await wire.take(stanza)
        faults = [one for one in caplog.records if one.levelno >= logging.ERROR]
        assert not faults, f"{stanza}\n{faults[0].getMessage()}\n{caplog.text}"
        assert not wire.stream.failure, f"{stanza}\n{wire.stream.failure}"
        wire.stream.written.clear()
    assert len(wire.happened(MessageKept)) > _ROUND // 20, "much of it is taken for what it says"
    await wire.take(f"<message from='{BERT}/phone' type='chat' id='fin'><body>still here</body></message>")
    assert [one.message.body for one in wire.happened(MessageKept)][-1] == "still here"
    await wire.close()
