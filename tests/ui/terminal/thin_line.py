"""A terminal at the far end of a line that is thin and long, behind a server that takes a lot at once."""

from __future__ import annotations

import codecs
import os
import re
import select
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from tests.terminal import ANSWER, QUESTION, Terminal
from tests.ui.terminal.emulator import Emulator

WINDOW = 2 * 2**20
"""Bytes that an SSH server takes from the program before it has to wait for the line."""
_SLICE = 0.05
"""Seconds of the line that go together."""
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]_P][^\x07\x1b]*\x1b?)?\Z")


class ThinTerminal(Terminal):
    """It shows what has come over the line, and its answers and keys take their time too."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        rate: int,
        round_trip: float,
        columns: int = 80,
        rows: int = 24,
        answers: bool = True,
        shows: bool = False,
        **options: Any,
    ) -> None:
        """`rate`: bytes a second. `answers` and `shows` are as without a line."""
        super().__init__(argv, columns=columns, rows=rows, shows=False, **options)
        self.emulator = Emulator(columns, rows)
        self._rate, self._delay = rate, round_trip / 2
        self._replies = answers
        self._waiting = bytearray()
        self._down: deque[tuple[float, bytes]] = deque()
        self._up: deque[tuple[float, bytes]] = deque()
        self._free = 0.0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""

    def send(self, keys: str) -> None:
        """Type; it arrives later."""
        self._up.append((time.monotonic() + self._delay, keys.encode()))

    def read(self, seconds: float = 0.05) -> bool:
        """Let the line work for so long; False when the program has ended."""
        until = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            self._carry(now)
            if now >= until:
                return True
            if len(self._waiting) >= WINDOW:
                time.sleep(_SLICE)
                continue
            ready, _, _ = select.select([self._master], [], [], min(0.01, until - now))
            if ready:
                try:
                    data = os.read(self._master, 65536)
                except OSError:
                    return False
                self.raw += data
                self._waiting += data

    def shown(self) -> str:
        """The screen as it is seen there, in lines."""
        return "\n".join(
            "".join(glyph.data for glyph in self.emulator.row(y)) for y in range(self.emulator.lines)
        )

    def wait_shown(self, pattern: str, seconds: float) -> float | None:
        """Wait until it shows that; returns how long that took, None when it took longer."""
        began = time.monotonic()
        while not re.search(pattern, self.shown()):
            if time.monotonic() - began > seconds:
                return None
            assert self.read(0.02), "the program ended"
        return time.monotonic() - began

    def drain(self) -> None:
        """Wait until the line is empty for a while."""
        empty_since = time.monotonic()
        while time.monotonic() - empty_since < 1 + 4 * self._delay:
            if self._waiting or self._down or self._up:
                empty_since = time.monotonic()
            assert self.read(0.05), "the program ended"

    def _carry(self, now: float) -> None:
        while self._waiting and self._free <= now:
            piece = bytes(self._waiting[: max(1, int(self._rate * _SLICE))])
            del self._waiting[: len(piece)]
            self._free = max(self._free, now - _SLICE) + len(piece) / self._rate
            self._down.append((self._free + self._delay, piece))
        while self._down and self._down[0][0] <= now:
            self._arrived(self._down.popleft()[1], now)
        while self._up and self._up[0][0] <= now:
            os.write(self._master, self._up.popleft()[1])

    def _arrived(self, piece: bytes, now: float) -> None:
        self._text += self._decoder.decode(piece)
        unfinished = _UNFINISHED.search(self._text)
        end = unfinished.start() if unfinished else len(self._text)
        whole, self._text = self._text[:end], self._text[end:]
        self.emulator.feed(whole)
        asked = whole.count(QUESTION.decode())
        if asked and self._replies:
            self._up.append((now + self._delay, ANSWER * asked))
