"""When the next frame may go: the terminal's own answers say how much of the way is still full.

A frame ends with a question every terminal answers in order (DECRQM 2026). Its answer says that the frame was
drawn, how long the way is, and what it carries. Where none comes, the clock alone decides.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

QUESTION = "\x1b[?2026$p"
ANSWER = "\x1b[?2026;"
"""How the answer begins (DECRPM): the mode, then its state, then `$y`."""

_SMALL = 200
"""Characters that may go without a question."""
_TELLING = 500
"""Characters from which on the time they take says something of the rate."""
_PATIENCE = 3.0
"""Seconds after which an answer is not waited for any more."""
_UNANSWERED = 0.1
"""Seconds between two frames where nothing answers."""
_BACKLOG = 0.25
"""Seconds of drawing that may lie ahead of a second frame."""
_LOOKS, _FIRST = 6, 2
"""Round trips that are kept, and those at the start that say nothing yet: the program is still loading."""
_SHARE = 0.3
"""How much a new measure counts against the ones before."""


class _Asked(NamedTuple):
    at: float
    size: int
    """Characters on the way when it was asked, its own frame among them."""


class Pacing:
    """The state of the way to the terminal; every method takes the time, in seconds."""

    def __init__(self, *, asks: bool) -> None:
        """`asks`: the terminal is known to do no harm with the question."""
        self.interval = 0.0
        """Seconds between two frames at least, as the profile says."""
        self._taken: deque[float] = deque(maxlen=_LOOKS)
        self.rate: float | None = None
        """Characters a second, as measured while the way was full."""
        self.answers: bool | None = None
        """Whether the terminal answers; None: not known yet."""
        self.asks = asks
        """A question may go."""
        self._asked: deque[_Asked] = deque()
        self._lost = self._unasked = 0
        self._shortest = float("inf")
        self._last = float("-inf")

    @property
    def round_trip(self) -> float | None:
        """Seconds: the shortest of the last few, for a busy machine makes some longer; None while unknown."""
        return min(self._taken) if len(self._taken) > _FIRST else None

    def wait(self, now: float) -> float:
        """Seconds until a frame may go; an answer may make it less."""
        while self._asked and now - self._asked[0].at > self._patience():
            self._asked.popleft()
            self._lost += 1
            if self.answers is None or self._lost > 3:
                self.answers = False
        if not self.answers:
            return max(0.0, self._last + max(self.interval, _UNANSWERED) - now)
        pause = max(0.0, self._last + self.interval - now)
        ahead = self._asked[-1].size / self.rate if self._asked and self.rate else 0.0
        if not self._asked or (len(self._asked) < 2 and ahead < _BACKLOG):
            return pause
        return max(pause, self._asked[0].at + self._patience() - now)

    def sent(self, size: int, now: float, *, echo: bool = False) -> str:
        """A frame of so many characters goes now; returns the question to send behind it, or nothing.

        `echo`: it shows only what was typed.
        """
        self._unasked += size
        if not echo:
            self._last = now
        if not self.asks or self.answers is False or (self._unasked < _SMALL and self.answers is not None):
            return ""
        before = self._asked[-1].size if self._asked else 0
        self._asked.append(_Asked(now, before + self._unasked))
        self._unasked = 0
        return QUESTION

    def answered(self, now: float) -> None:
        """The terminal has answered the oldest question."""
        self.answers = True
        if self._lost or not self._asked:
            self._lost = max(0, self._lost - 1)
            return
        asked = self._asked.popleft()
        self._asked = deque(one._replace(size=one.size - asked.size) for one in self._asked)
        taken = max(now - asked.at, 1e-6)
        self._shortest = min(self._shortest * 1.01, taken)
        self._taken.append(taken)
        busy = taken - self._shortest
        if busy > 0.02 and asked.size > _TELLING:
            rate = asked.size / busy
            self.rate = rate if self.rate is None else self.rate + _SHARE * (rate - self.rate)

    def forget(self) -> None:
        """The terminal was somebody else's: nothing old is answered any more, and nothing measured holds."""
        self._asked.clear()
        self._unasked = self._lost = 0
        self.rate, self._shortest = None, float("inf")
        self._taken.clear()

    def _patience(self) -> float:
        return max(_PATIENCE, 8 * max(self._taken, default=0.0))
