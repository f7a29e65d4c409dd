"""Notices that this computer woke up from sleep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

LOOK_SECONDS = 20.0
_JUMP_SECONDS = 3.0
"""Setting the clock right moves it by less, most of the time; a needless question costs little."""


def slept() -> float:
    """Return a number of seconds that grows only while this computer sleeps."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    if boot is not None:
        # clock_gettime(2): CLOCK_MONOTONIC "does not count time that the system is suspended".
        return time.clock_gettime(boot) - time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.time() - time.monotonic()


class AwakeWatch:
    """Calls *awake* after each sleep; from `start` to `stop`. *slept* is asked at a slow tick."""

    def __init__(
        self,
        awake: Callable[[], None],
        *,
        slept: Callable[[], float] = slept,
        every: float = LOOK_SECONDS,
    ) -> None:
        self._awake = awake
        self._slept = slept
        self._every = every
        self._before = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to watch."""
        if self._timer is None:
            self._before = self._slept()
            self._plan()

    def stop(self) -> None:
        """Watch no more; more often than once is no error."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def look(self) -> None:
        """Look now: whoever notices a sign of the user need not wait for the tick."""
        if self._timer is None:
            return
        now, before = self._slept(), self._before
        self._before = now
        if now - before >= _JUMP_SECONDS:
            self._awake()

    def _tick(self) -> None:
        self.look()
        if self._timer is not None:
            self._plan()

    def _plan(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every, self._tick)
