"""X-01 through compression: a megabyte that would be a gigabyte."""

from __future__ import annotations

import resource
import ssl
import time
import zlib
from datetime import UTC, datetime

import pytest

from tests.fakes.certificates import Authority
from tests.fakes.server import FakeServer, Peer, honest
from tests.session.link.rig import OWN, Facts, Rig
from tui_xmpp.core.account import Connection
from tui_xmpp.session.reader import Limits
from tui_xmpp.session.server_memory import Habit, ServerMemory

GIGABYTE = 2**30
PIECE = 2**24
MOST_MEMORY = 64 * 1024
"""KiB."""


def bomb(before: bytes, unit: bytes) -> bytes:
    """So much of *unit* behind *before*, as one stream of zlib data without its header."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    begun = packing.compress(before) + packing.flush(zlib.Z_FULL_FLUSH)
    # Behind a full flush nothing refers to what was before: the same piece can be said again.
    piece = packing.compress(unit * (PIECE // len(unit))) + packing.flush(zlib.Z_FULL_FLUSH)
    return begun + piece * (GIGABYTE // PIECE)


@pytest.mark.parametrize(
    ("before", "unit"),
    [
        (b"<message a='", b"x"),
        (b"<message><body>", b"x"),
        (b"<message><body>", b"&lt;"),
        (b"<message>", b"<a/>"),
        (b"", b" "),
        (b"", b"<message/>"),
        (b"", b"<message><body>" + b"x" * 60_000 + b"</body></message>"),
    ],
    ids=["attribute", "text", "entities", "elements", "whitespace", "stanzas", "long stanzas"],
)
async def test_x01_a_bomb_in_a_compressed_stream(
    authority: Authority, good: ssl.SSLContext, before: bytes, unit: bytes
) -> None:
    data = bomb(before, unit)
    assert len(data) < 2 * 2**20

    async def drop(peer: Peer) -> None:
        await rig.until_true(lambda: rig.ready == 1)
        began.append(time.process_time())
        # The header of the zlib data has gone out already.
        peer.send_raw(data)
        await peer.flush()

    began: list[float] = []
    facts = Facts()
    script = honest(good, compresses=True, then=drop)
    async with (
        FakeServer(script) as server,
        Rig(server.port, authority.ca_file, facts=facts, compressed=True) as rig,
    ):
        await rig.until(Connection.ONLINE)
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await rig.until(Connection.WAITING)
        assert time.process_time() - began[0] < 1
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - size < MOST_MEMORY
        assert rig.streams[0].wire is not None
        assert rig.streams[0].wire.bytes_in < Limits().stanza_bytes
    # Whoever writes to us could have made it: they do not keep us away.
    kept = ServerMemory(facts, OWN, lambda: datetime.now(UTC))
    assert not kept.takes(Habit.COMPRESSION)
