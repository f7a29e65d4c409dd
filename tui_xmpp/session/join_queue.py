"""The order in which rooms are joined: small ones first, few at a time."""

from __future__ import annotations

import random

from ..core.chat import ChatKey

AT_ONCE = 3
"""Joins under way at the same time."""
UNKNOWN_SIZE = 50
"""Occupants taken for a room that was never seen."""

_RETRY_SECONDS = 30.0
_RETRY_LONGEST = 900.0


def retry_after(tries: int) -> float:
    """Seconds to wait before a room is tried again after so many failures in a row."""
    return min(_RETRY_SECONDS * 2.0 ** min(tries - 1, 10), _RETRY_LONGEST) * random.uniform(0.8, 1.2)


class JoinQueue:
    """Rooms that wait for their join, and how far a batch of joins has come."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._waiting: dict[ChatKey, int] = {}
        self._running: set[ChatKey] = set()
        self.done = 0
        """Joins of this batch that have ended, well or not."""

    @property
    def total(self) -> int:
        """Joins of this batch."""
        return self.done + len(self._waiting) + len(self._running)

    def add(self, room: ChatKey, size: int | None, *, first: bool = False) -> None:
        """Let a room wait; `size` in occupants, `first`: before all others, because the user asked for it."""
        if not self._waiting and not self._running:
            self.done = 0
        # Also one that is under way: it may have failed this moment, and is wanted again.
        self._waiting[room] = -1 if first else UNKNOWN_SIZE if size is None else size

    def take(self) -> list[ChatKey]:
        """The rooms to join now; each one is to be `finish`ed."""
        free = self._at_once - len(self._running)
        waiting = [room for room in self._waiting if room not in self._running]
        taken = sorted(waiting, key=lambda room: self._waiting[room])[: max(free, 0)]
        for room in taken:
            del self._waiting[room]
        self._running.update(taken)
        return taken

    def finish(self, room: ChatKey) -> bool:
        """A join has ended; False when it was not under way."""
        if room not in self._running:
            return False
        self._running.discard(room)
        self.done += 1
        return True

    def remove(self, room: ChatKey) -> None:
        """Do not join a room after all."""
        self._waiting.pop(room, None)

    def stop(self) -> None:
        """The stream is gone: nothing is under way."""
        self._waiting.clear()
        self._running.clear()
        self.done = 0
