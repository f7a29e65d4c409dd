"""What a compressed stream does to bytes (RFC 1950), both ways, within bounds."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from ..failure import Failure

BOMB = "bomb"
"""The condition of a Failure: more came out than goes into a chat."""
_PIECE = 16 * 1024
"""Bytes that are unpacked at a time: whoever reads them may have had enough by then."""
_TAG = 160
"""What a tag costs beyond its bytes: a stanza of one tag is as much work as a long text."""
_RATIO = 256
"""Cost to allow for each byte that comes: the same presence again and again costs some two hundred."""
_ALLOWANCE = 2 * 1024 * 1024
"""Cost beyond that, which what somebody writes in order to grow may use up: as much as one stanza."""


class Deflate:
    """One stream's compression; made anew with the stream.

    What is written in one packet is flushed once, so that the peer can read it all (XEP-0138 §6.1).
    """

    def __init__(self) -> None:
        self._out = zlib.compressobj()
        self._in = zlib.decompressobj()
        self._credit = _ALLOWANCE

    def pack(self, data: bytes) -> bytes:
        """Return *data* as it goes on the wire."""
        return self._out.compress(data) + self._out.flush(zlib.Z_SYNC_FLUSH)

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Yield what *data* holds, piece by piece; raises Failure when it is no such data, or a bomb."""
        while data:
            try:
                piece = self._in.decompress(data, _PIECE)
            except zlib.error:
                raise Failure("The server's compressed data cannot be read; the link was cut.") from None
            left = self._in.unconsumed_tail
            earned = self._credit + _RATIO * (len(data) - len(left))
            self._credit = min(earned - len(piece) - _TAG * piece.count(b"<"), _ALLOWANCE)
            if self._credit < 0:
                raise Failure(
                    "What the server compressed grows out of all proportion; the link was cut.", BOMB
                )
            data = left
            yield piece
        if self._in.eof:
            raise Failure("The server ended its compressed data; the link was cut.")
