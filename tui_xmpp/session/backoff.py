"""How long to wait before the next try to connect."""

from __future__ import annotations

import random

SECONDS = (0.0, 2.0, 5.0, 15.0, 30.0, 60.0)
JITTER = 0.2


class Backoff:
    """Grows with every failure in a row; the jitter keeps a server's clients from coming back all at once."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._failures = 1

    def next(self) -> float:
        """Return the seconds to wait now."""
        seconds = SECONDS[min(self._failures, len(SECONDS) - 1)]
        self._failures += 1
        return seconds * self._rng.uniform(1 - JITTER, 1 + JITTER)

    def good(self) -> None:
        """The connection was good for a while: the next try may come at once."""
        self._failures = 0

    def reset(self) -> None:
        """The user asked for a try: begin anew behind it."""
        self._failures = 1
