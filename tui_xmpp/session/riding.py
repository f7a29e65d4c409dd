"""Stanzas that are worth no packet of their own: they ride on what leaves anyway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .lanes import Parcel


class Riding:
    """Of one account. *send* lets go what found nothing to ride on."""

    def __init__(self, send: Callable[[Parcel], None]) -> None:
        self._send = send
        self._waiting: list[Parcel] = []
        self._due: asyncio.TimerHandle | None = None

    def put(self, parcel: Parcel, seconds: float) -> None:
        """Take a stanza; it goes alone after so many seconds."""
        loop = asyncio.get_running_loop()
        self._waiting.append(parcel)
        if self._due is None or self._due.when() > loop.time() + seconds:
            self._stop()
            self._due = loop.call_later(seconds, self.let_go)

    def take(self) -> list[Parcel]:
        """All that waits: a packet is about to leave."""
        self._stop()
        taken, self._waiting = self._waiting, []
        return taken

    def let_go(self) -> None:
        """Wait no longer."""
        for parcel in self.take():
            self._send(parcel)

    def clear(self) -> None:
        """The session is over."""
        self.take()

    def _stop(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
