"""Who listens: every front end has a queue of its own and takes it in batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from ..core.events import Event


class Subscription(AsyncIterator[Sequence[Event]]):
    """One listener's queue; unbounded, so that a slow screen never holds up the wire."""

    def __init__(self, subscribers: Subscribers) -> None:
        self._subscribers = subscribers
        self._waiting: list[Event] = []
        self._more = asyncio.Event()
        self._closed = False

    def put(self, event: Event) -> None:
        """Queue one event."""
        self._waiting.append(event)
        self._more.set()

    def close(self) -> None:
        """Let the listener finish what is queued, then end."""
        self._closed = True
        self._more.set()

    async def __anext__(self) -> Sequence[Event]:
        while not self._waiting:
            if self._closed:
                self._subscribers.leave(self)
                raise StopAsyncIteration
            self._more.clear()
            await self._more.wait()
        batch, self._waiting = self._waiting, []
        return batch

    async def aclose(self) -> None:
        """Stop listening."""
        self._subscribers.leave(self)
        self.close()


class Subscribers:
    """All listeners."""

    def __init__(self) -> None:
        self._all: list[Subscription] = []

    def join(self) -> Subscription:
        """A new listener, who hears everything from now on."""
        made = Subscription(self)
        self._all.append(made)
        return made

    def leave(self, one: Subscription) -> None:
        """This one listens no more."""
        if one in self._all:
            self._all.remove(one)

    def tell(self, event: Event) -> None:
        """Put an event into every queue."""
        for one in self._all:
            one.put(event)

    def close(self) -> None:
        """Nothing more will happen."""
        for one in self._all:
            one.close()
