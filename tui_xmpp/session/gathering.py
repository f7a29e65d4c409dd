"""What was said and has not left yet: all of one turn of the event loop, or of a window, in one packet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .transport.wire import Item

_FULL_PACKET = 1300
"""Bytes that fill a packet: nothing is saved by waiting for more."""


class Gathering:
    """Of one stream. *let_go* is called when it is time; it takes what is here."""

    def __init__(self, let_go: Callable[[], None]) -> None:
        self._let_go = let_go
        self._items: list[Item] = []
        self._due: asyncio.TimerHandle | None = None
        self.length = 0
        """Bytes, about."""

    def put(self, item: Item, window: float) -> None:
        """Take one; it may wait so many seconds for more."""
        self._items.append(item)
        if isinstance(item, str):
            self.length += len(item)
        loop = asyncio.get_running_loop()
        if window and self.length < _FULL_PACKET:
            if self._due is None:
                self._due = loop.call_later(window, self._let_go)
        elif self._due is None or self._due.when() > loop.time():
            self._stop()
            self._due = loop.call_at(loop.time(), self._let_go)

    def take(self) -> list[Item]:
        """All of it: it leaves now."""
        self._stop()
        taken, self._items, self.length = self._items, [], 0
        return taken

    def _stop(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
