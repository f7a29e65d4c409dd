"""The engine a screen gets before the session exists: the world at once, the rest when it is there."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from .core.commands import Command, Refused
from .core.events import Event, Level, Notice
from .core.ports import Engine
from .core.questions import Question, Unanswered
from .core.world import World

A = TypeVar("A")


class Session(Engine, Protocol):
    """An engine that is started once."""

    async def start(self) -> None:
        """Begin to connect."""


class _Subscription(AsyncIterator[Sequence[Event]]):
    """One front end's queue; gone when nobody holds it any more."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Sequence[Event] | None] = asyncio.Queue()

    async def __anext__(self) -> Sequence[Event]:
        batch = await self.queue.get()
        if batch is None:
            raise StopAsyncIteration
        return batch


class LazyEngine:
    """Implements `core.ports.Engine`; `start` brings the real one."""

    def __init__(self, world: World, load: Callable[[], Callable[[], Session]]) -> None:
        """`load` runs in a thread, may import for long, and returns what makes the session in the event loop.

        The session must use the same `world`.
        """
        self._world = world
        self._load = load
        self._starting: asyncio.Task[Session] | None = None
        self._forwarding: asyncio.Task[None] | None = None
        self._subscriptions: weakref.WeakSet[_Subscription] = weakref.WeakSet()
        self._wanted = asyncio.Event()

    @property
    def world(self) -> World:
        """What is known now."""
        return self._world

    def start(self) -> Awaitable[object]:
        """Load and start the session in the background, once; may be awaited, need not be."""
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._bring())
            self._starting.add_done_callback(self._told)
            self._wanted.set()
        return self._starting

    async def wanted(self) -> None:
        """Return once `start` has been called: the first frame is on the screen."""
        await self._wanted.wait()

    async def do(self, command: Command) -> None:
        """As the session, once it is there. Raises Refused also when it could not be loaded."""
        await (await self._session(Refused)).do(command)

    def events(self) -> AsyncIterator[Sequence[Event]]:
        """What happens from this call on."""
        subscription = _Subscription()
        self._subscriptions.add(subscription)
        return subscription

    async def ask(self, question: Question[A]) -> A:
        """As the session, once it is there."""
        return await (await self._session(Unanswered)).ask(question)

    async def close(self, *, leave: bool = False) -> None:
        """Close the session, or see to it that there will be none; *leave* as in `Engine.close`."""
        if self._starting is not None:
            # A thread cannot be stopped half-way through an import: wait for it.
            results = await asyncio.gather(self._starting, return_exceptions=True)
            if not isinstance(results[0], BaseException):
                await results[0].close(leave=leave)
        if self._forwarding is not None:
            self._forwarding.cancel()
        for subscription in self._subscriptions:
            subscription.queue.put_nowait(None)

    async def _session(self, failure: type[Exception]) -> Session:
        await self._wanted.wait()
        assert self._starting is not None
        try:
            return await asyncio.shield(self._starting)
        except Exception as error:
            raise failure(_sentence(error)) from error

    async def _bring(self) -> Session:
        make = await asyncio.to_thread(self._load)
        session = make()
        # From this call on, so that nothing of the start is missed.
        happened = session.events()
        self._forwarding = asyncio.ensure_future(self._forward(happened))
        await session.start()
        return session

    async def _forward(self, happened: AsyncIterator[Sequence[Event]]) -> None:
        async for batch in happened:
            self._tell(batch)

    def _tell(self, batch: Sequence[Event]) -> None:
        for subscription in self._subscriptions:
            subscription.queue.put_nowait(batch)

    def _told(self, starting: asyncio.Task[Session]) -> None:
        if not starting.cancelled() and (error := starting.exception()) is not None:
            self._tell((Notice(_sentence(error), Level.ERROR),))


def _sentence(error: BaseException) -> str:
    return f"The connection part could not be started: {error or type(error).__name__}"
