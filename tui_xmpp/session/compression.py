"""Stream compression by zlib (XEP-0138): behind the proof of who we are, before the session (XEP-0170 §2.2).

A server that lets a session be bound or resumed along with the proof (XEP-0386, XEP-0198 §8) has no place for
it there: the stream begins anew behind `<compressed/>`. So both are asked for on the compressed stream.
"""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree as ET

from . import gate
from .exchange import SKIPPED
from .failure import Failure, Violation
from .server_memory import Habit, ServerMemory
from .stream import Stream
from .transport.deflate import BOMB, Deflate
from .transport.tcp_wire import TcpWire

OFFERED = "{http://jabber.org/features/compress}compression"
_METHOD = "{http://jabber.org/features/compress}method"
REQUEST = f"<compress xmlns='{gate.COMPRESS}'><method>zlib</method></compress>"


class Compression:
    """Of one stream that is to be compressed where the server offers it."""

    def __init__(self, stream: Stream, memory: ServerMemory, *, wanted: bool) -> None:
        self._stream = stream
        self._memory = memory
        self._wire = stream.wire if isinstance(stream.wire, TcpWire) else None
        self._wanted = wanted and self._wire is not None and memory.takes(Habit.COMPRESSION)
        self._said = False

    @property
    def likely(self) -> bool:
        """Whether it is wanted, and the server has been seen to offer it."""
        return self._wanted and OFFERED in (self._memory.session or set()) | (self._memory.bound or set())

    def say(self) -> None:
        """Ask for it; only once."""
        if not self._said:
            self._said = True
            self._stream.phase_gate.compressing = True
            self._stream.say(REQUEST)

    async def begin(self, features: ET.Element, timeout: float) -> bool:
        """Compress from now on, if *features* offer it; True: a new stream is to be opened.

        Raises Failure.
        """
        offered = features.find(OFFERED)
        methods = () if offered is None else [(one.text or "").strip() for one in offered.iter(_METHOD)]
        if self._wanted and "zlib" in methods:
            self.say()
        if not self._said:
            return False
        stream = self._stream
        answer = await stream.take(timeout)
        if answer.tag == gate.COMPRESSION_FAILED:
            # XEP-0138 §2: a refusal is no reason to end the stream.
            self._memory.failed(Habit.COMPRESSION)
            return False
        if answer.tag != gate.COMPRESSED or self._wire is None:
            raise stream.fail(Violation(SKIPPED))
        # The server has nothing to say before the new stream is opened.
        if stream.release():
            raise stream.fail(Violation("Something was slipped in before the stream was compressed."))
        self._wire.deflate = Deflate()
        stream.lost.add_done_callback(self._ended)
        return True

    def _ended(self, lost: asyncio.Future[Failure]) -> None:
        # Whoever can write to us may have made it: staying away would be what they want.
        if lost.result().condition == BOMB:
            self._memory.failed(Habit.COMPRESSION)
