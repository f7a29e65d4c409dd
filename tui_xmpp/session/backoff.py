"""How long to wait before the next try to connect."""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import Enum

from .failure import Failure

SECONDS = (0.0, 2.0, 5.0, 15.0, 30.0, 60.0)
JITTER = 0.2

QUICK_SECONDS = 120.0
"""As long as the server was out of reach for less, it is tried about every second."""
_QUICK_LEAST, _QUICK_MOST = 0.6, 0.85

_AT_ONCE = 12.0
"""Links lost one soon after the other that are each made anew at once."""
_AT_ONCE_SECONDS = 10.0
"""In which one more may be."""

_OUT_OF_REACH = frozenset({"dns", "timeout", "unreachable", "proxy"})
_BROKEN = frozenset({"", "dead"})


class Kind(Enum):
    """What a failure cost, and whose fault it was."""

    OUT_OF_REACH = "out of reach"
    """Nobody was spoken to, and next to nothing was sent."""
    CUT = "cut"
    """The link broke."""
    REFUSED = "refused"
    """Somebody said no: asking again soon only costs both sides."""


def kind_of(failure: Failure) -> Kind:
    """Say what kind of failure it is."""
    if failure.condition in _OUT_OF_REACH:
        return Kind.OUT_OF_REACH
    return Kind.CUT if failure.condition in _BROKEN else Kind.REFUSED


class Backoff:
    """Quick while trying costs nothing, slower with every refusal in a row.

    The jitter keeps a server's clients from coming back all at once. *monotonic* tells the time in seconds,
    *rtt* the round trip of the link in seconds; None: not known.
    """

    def __init__(
        self,
        rng: random.Random,
        monotonic: Callable[[], float],
        rtt: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._rng = rng
        self._monotonic = monotonic
        self._rtt = rtt
        self._failures = 1
        self._out_since: float | None = None
        self._at_once = _AT_ONCE
        self._counted_at = monotonic()

    def next(self, kind: Kind, took: float = 0.0) -> tuple[float, bool]:
        """Return the seconds to wait now, and whether that is one of many quick tries.

        *took*: how many seconds the try took that has just failed.
        """
        now = self._monotonic()
        if kind is Kind.OUT_OF_REACH:
            if self._out_since is None:
                self._out_since = now
            if now - self._out_since < QUICK_SECONDS:
                seconds = max(1.0, 2 * (self._rtt() or 0.0))
                return max(0.0, seconds * self._rng.uniform(_QUICK_LEAST, _QUICK_MOST) - took), True
            return self._slower(), False
        self._out_since = None
        if kind is Kind.CUT:
            more = (now - self._counted_at) / _AT_ONCE_SECONDS
            self._at_once, self._counted_at = min(self._at_once + more, _AT_ONCE), now
            if self._at_once >= 1:
                self._at_once -= 1
                return 0.0, True
        return self._slower(), False

    def _slower(self) -> float:
        seconds = SECONDS[min(self._failures, len(SECONDS) - 1)]
        self._failures += 1
        return seconds * self._rng.uniform(1 - JITTER, 1 + JITTER)

    def good(self) -> None:
        """The connection was good for a while: the next try may come at once."""
        self._failures = 0
        self._out_since = None

    def afresh(self) -> None:
        """The surroundings changed: what was out of reach may be in reach now."""
        self._out_since = None

    def reset(self) -> None:
        """The user asked for a try: begin anew behind it."""
        self._failures = 1
        self._out_since = None
        self._at_once = _AT_ONCE
