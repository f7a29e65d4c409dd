"""Gives up a way to TLS on which nothing comes any more, long before a time-out of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from .timing import LinkTiming
from .transport.tcp_info import TcpInfo

_ROUND_TRIPS = 6
"""A path so much slower than it was before is waited for."""


class Swallowed:
    """From the first SYN to verified TLS of one try; an async context manager that raises TimeoutError.

    What was sent while the link was down comes too late, or never: a new connection is faster. As long as
    bytes come, however slowly, it is waited for. *look* tells what the kernel knows of the connection.
    """

    def __init__(self, timing: LinkTiming, look: Callable[[], TcpInfo | None]) -> None:
        self._timing = timing
        self._look = look
        self._timeout = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None
        self._began = 0.0
        self._received = 0

    async def __aenter__(self) -> Swallowed:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        await self._timeout.__aexit__(kind, error, trace)

    def begin(self) -> None:
        """The first SYN leaves."""
        self._began = asyncio.get_running_loop().time()
        self._received = 0
        self._wait(self._timing.secure)

    def end(self) -> None:
        """TLS stands."""
        self._timing.secured(asyncio.get_running_loop().time() - self._began)
        self._stop()

    def _wait(self, seconds: float | None) -> None:
        self._stop()
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._check)

    def _check(self) -> None:
        now, info = asyncio.get_running_loop().time(), self._look()
        if info is not None and info.received > self._received:
            self._received = info.received
            # It may be so slow that one segment takes seconds.
            self._wait(self._timing.patience)
        elif info is not None and now - self._began < _ROUND_TRIPS * info.rtt:
            self._wait(_ROUND_TRIPS * info.rtt - (now - self._began))
        else:
            self._timeout.reschedule(now)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
