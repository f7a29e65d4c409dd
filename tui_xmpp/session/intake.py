"""What comes faster than it can be kept and shown: read a little at a time, and the sender waits (T-05)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from .failure import Failure

if TYPE_CHECKING:
    from .stream import Stream

_log = logging.getLogger("tui-xmpp")

_PIECE = 16 * 1024
"""Bytes read in one turn of the loop: a few milliseconds, so that keys and frames get their turn."""
_PAUSE = 0.01
"""Seconds until the next look whether what was read has been kept."""


class Intake:
    """Stands between the wire and the reader, for one stream.

    While anything waits here the wire reads no more, so that the network holds the sender back and what is in
    memory stays bounded.
    """

    def __init__(self, stream: Stream, feed: Callable[[bytes], None]) -> None:
        """*feed* reads bytes in their order. While `stream.is_full` says so, nothing is read."""
        self._stream = stream
        self._feed = feed
        self._waiting = bytearray()
        self._next: asyncio.Handle | None = None

    def put(self, data: bytes) -> None:
        """Take bytes; the first of them are read at once where nothing waits, in a sign-in all of them.

        There the stream may begin anew behind each step: nothing may be left over from before it.
        """
        if not self._stream.sessionstarted:
            self._read(data)
            return
        self._waiting += data
        if self._next is None:
            self._go_on()

    def finish(self) -> None:
        """Read at once all that waits: no more will come."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        data, self._waiting = bytes(self._waiting), bytearray()
        if data:
            self._read(data)

    def _go_on(self) -> None:
        self._next = None
        is_full = self._stream.is_full()
        if not is_full:
            piece = bytes(self._waiting[:_PIECE])
            del self._waiting[:_PIECE]
            self._read(piece)
        if self._stream.wire is not None:
            self._stream.wire.hold(bool(self._waiting))
        if self._waiting:
            loop = asyncio.get_running_loop()
            self._next = loop.call_later(_PAUSE, self._go_on) if is_full else loop.call_soon(self._go_on)

    def _read(self, data: bytes) -> None:
        self._stream.read_bytes += len(data)
        self._stream.heard_at = asyncio.get_running_loop().time()
        self._stream.listener.heard()
        try:
            self._feed(data)
        except Exception:
            # Part of it is lost, and a held wire would never go on: what was not counted comes again.
            _log.exception("what came could not be read")
            self._stream.fail(Failure("Something went wrong inside; the log says more."))
