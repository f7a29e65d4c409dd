"""The authority of the session's tests, and somebody a wire tells what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.session.link.conftest import authority, good

__all__ = ["authority", "good"]


class Heard:
    """A receiver that keeps what it is told."""

    def __init__(self) -> None:
        self.data = b""
        self.errors: list[BaseException | None] = []
        self._changed = asyncio.Event()

    def received(self, data: bytes) -> None:
        self.data += data
        self._changed.set()

    def drained(self) -> None:
        self._changed.set()

    def broken(self, error: BaseException | None) -> None:
        self.errors.append(error)
        self._changed.set()

    async def until(self, condition: Callable[[Heard], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()
