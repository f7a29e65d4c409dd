"""What waits for room on the wire: the urgent before the rest, and never more than the link can take."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum

from tui_xmpp.core.value import value

from ..core.custody import Pending

MOST_UNACKNOWLEDGED = 1500
"""Bytes of the background that may be under way at a time: a second and a quarter at 9,600 bit/s.

A longer stanza goes alone, and then a message may wait for all of it: what goes in the background are
questions, of some hundred bytes each.
"""
_CHAT_MARKS = ("urn:xmpp:receipts", "urn:xmpp:chat-markers:0")
"""What is said about messages is worth saying in the next session, where the last one lost it."""
_LOOK_SECONDS = 0.05
"""How often a full wire is looked at, where it does not say by itself that it has room."""


class Lane(IntEnum):
    """Who goes first."""

    MESSAGE = 0
    """What the user said, and what opens a session."""
    REQUEST = 1
    """What somebody waits for."""
    BACKGROUND = 2
    """What nobody waits for: the next pieces leave once the last have been acknowledged."""


def _nothing() -> None:
    """Nobody waits for it to leave."""


@value
class Parcel:
    """One stanza on its way."""

    text: str
    lane: Lane
    pending: Pending | None = None
    """The entry of the outbox it belongs to."""
    leaves: Callable[[], None] = _nothing
    """Called as it is written to the server."""


class Lanes:
    """Three queues in front of one wire.

    *write* puts a parcel on the wire; *room* says whether the wire takes more; *under_way* how many bytes of
    the background the server has not acknowledged. When more of it waits for that, *ask* is called: `run` has
    to follow once the server has answered.
    """

    def __init__(
        self,
        write: Callable[[Parcel], None],
        room: Callable[[], bool],
        under_way: Callable[[], int],
        ask: Callable[[], None],
    ) -> None:
        self._write = write
        self._room = room
        self._under_way = under_way
        self._ask = ask
        self._queues: tuple[deque[Parcel], ...] = tuple(deque() for _ in Lane)
        self._look: asyncio.TimerHandle | None = None
        self._open = False

    def put(self, parcel: Parcel) -> None:
        """Take a stanza; it is written now if nothing as urgent waits and there is room."""
        self._queues[parcel.lane].append(parcel)
        self.run()

    def withdraw(self, parcel: Parcel) -> None:
        """Nobody waits for it any more: if it has not been written, it never will be."""
        with suppress(ValueError):
            self._queues[parcel.lane].remove(parcel)

    def take_back(self, unwanted: Callable[[Pending], bool]) -> list[Pending]:
        """Take back what waits of the outbox and is not to go yet; returns it."""
        queue = self._queues[Lane.MESSAGE]
        back = [one for one in queue if one.pending is not None and unwanted(one.pending)]
        for parcel in back:
            queue.remove(parcel)
        return [one.pending for one in back if one.pending is not None]

    def open(self) -> None:
        """A wire stands."""
        self._open = True
        self.run()

    def close(self) -> None:
        """The wire is gone; what waits goes on waiting."""
        self._open = False
        self._stop_looking()

    def clear(self) -> None:
        """The session is over: nothing of it will be sent."""
        for queue in self._queues:
            queue.clear()

    @property
    def is_open(self) -> bool:
        """Whether anything may be written."""
        return self._open

    @property
    def waiting(self) -> int:
        """Bytes that wait."""
        return sum(len(parcel.text) for queue in self._queues for parcel in queue)

    @property
    def queued(self) -> int:
        """Stanzas that wait."""
        return sum(map(len, self._queues))

    @property
    def urgent(self) -> int:
        """Stanzas that wait and that somebody waits for."""
        return sum(len(queue) for lane, queue in enumerate(self._queues) if lane != Lane.BACKGROUND)

    def run(self) -> None:
        """Write what may be written now."""
        self._stop_looking()
        while self._open and self._room():
            queue = next((one for one in self._queues if one), None)
            if queue is None:
                return
            # The background waits for the server's word: what is urgent never stands behind much of it.
            if queue is self._queues[Lane.BACKGROUND] and not self._may_follow(queue[0]):
                self._ask()
                return
            self._write(queue.popleft())
        if self._open and any(self._queues):
            self._look = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self.run)

    def _may_follow(self, parcel: Parcel) -> bool:
        under_way = self._under_way()
        return not under_way or under_way + len(parcel.text) <= MOST_UNACKNOWLEDGED

    def _stop_looking(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None


def is_mark(text: str) -> bool:
    """Whether a stanza says something of a message that is worth saying late (XEP-0184, XEP-0333)."""
    return text.startswith("<message") and any(mark in text for mark in _CHAT_MARKS)
