"""Finds the longest time an event loop was busy, while a screen is really drawn."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from textual.drivers.headless_driver import HeadlessDriver

TICK = 0.005
"""Seconds between two looks at the clock."""
BAR = 100.0
"""Milliseconds nothing may take."""


class DrawingDriver(HeadlessDriver):
    """Takes everything in and shows nothing: for a headless terminal Textual does not draw at all."""

    written = 0
    """Characters drawn so far, by all."""

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        DrawingDriver.written += len(data)


class Stalls:
    """While it is open, a task wakes every `TICK`; `longest` is how much too late it woke, in milliseconds.

    The time in which other programs had the core is taken off where the system tells it. `busiest`: how much
    of it the thread itself has worked: a machine with much else to do leaves it as it is.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.busiest = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Stalls:
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A stall that still lasts must be seen too.
        await asyncio.sleep(2 * TICK)
        assert self._task is not None
        self._task.cancel()

    async def _watch(self) -> None:
        before, waited, worked = time.perf_counter(), _waited(), time.thread_time()
        while True:
            await asyncio.sleep(TICK)
            now, waited_now, worked_now = time.perf_counter(), _waited(), time.thread_time()
            self.longest = max(self.longest, (now - before - TICK - (waited_now - waited)) * 1000)
            self.busiest = max(self.busiest, (worked_now - worked - TICK) * 1000)
            before, waited, worked = now, waited_now, worked_now


def _waited() -> float:
    """Seconds for which this thread could have run and had no core (proc(5), schedstat)."""
    with suppress(OSError):
        return int(Path("/proc/thread-self/schedstat").read_bytes().split()[1]) / 1e9
    return 0.0
