"""What a link is like, what passed over it, and how it breaks, as values."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum

MSS = 1448
"""Bytes of payload in a full packet of an ordinary path (Ethernet, IPv4, time stamps)."""


class Way(Enum):
    """A direction on the link."""

    UP = "up"
    """From the client to the server."""
    DOWN = "down"


class Break(Enum):
    """How a connection over the link comes to its end."""

    RESET = "reset"
    """Both sides are told at once (RST)."""
    HOLE = "hole"
    """Nothing passes any more and nobody is told."""
    HALF_OPEN = "half-open"
    """The server's side is closed; the client is told nothing."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How long and how thin the link is."""

    delay: float = 0.0
    """Seconds from one end to the other; a round trip takes two of them."""
    rate: int = 0
    """Bits a second, in each direction; 0: as many as the machine can."""
    up_rate: int = 0
    """Bits a second up, where that differs; 0: `rate`."""

    def bits_a_second(self, way: Way) -> int:
        """The rate in one direction; 0: no limit."""
        return self.up_rate or self.rate if way is Way.UP else self.rate


@dataclass(frozen=True, slots=True)
class Fuse:
    """Breaks a connection at an exact point; what is not given does not count."""

    how: Break = Break.RESET
    up: int | None = None
    """After this many bytes have been passed to the server."""
    down: int | None = None
    """After this many bytes have been passed to the client."""
    flight: int | None = None
    """When this change of direction begins (the client's first bytes are 1): nothing of it is passed."""


@dataclass(slots=True)
class Counts:
    """What passed, seen from the client's end of the link."""

    up: int = 0
    """Bytes of TCP payload."""
    down: int = 0
    packets_up: int = 0
    """Segments that such payload fills at least."""
    packets_down: int = 0
    flights: int = 0
    """Changes of direction, the first bytes included."""
    turnarounds: int = 0
    """Bursts of the client's after which the server said something: an upper bound of its round trips."""
    trace: list[tuple[float, Way, int]] = field(default_factory=list)
    """Monotonic time, direction and bytes of every burst."""
    _last: Way | None = None

    def count(self, way: Way, size: int) -> None:
        """Note `size` bytes passing."""
        packets = -(-size // MSS)
        if way is Way.UP:
            self.up += size
            self.packets_up += packets
        else:
            self.down += size
            self.packets_down += packets
        if way is not self._last:
            self.flights += 1
            self.turnarounds += way is Way.DOWN and self._last is Way.UP
            self._last = way
        self.trace.append((time.monotonic(), way, size))
