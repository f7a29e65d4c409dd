"""What the screen has going in the background: commands in order, and tasks the next key waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING

from textual._context import active_message_pump

from tui_xmpp.core.commands import Command

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.main import MainScreen

WORK_SECONDS = 0.3
"""How long the next key waits for what the last one started."""
FLUSH_SECONDS = 3.0
"""How long the end of the program waits for drafts to reach the disk."""


class Works:
    """Runs things that may wait for the engine, without holding up the keys."""

    def __init__(self, screen: MainScreen, do: Callable[[Command], Awaitable[bool]]) -> None:
        self._screen = screen
        self._do = do
        self._waiting: asyncio.Queue[Command] = asyncio.Queue()
        self._asking: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._late: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """The screen is there: commands that wait are asked from now on."""
        self._asking = asyncio.create_task(self._ask_in_order())

    def end(self) -> None:
        """The screen is gone: nothing more is asked."""
        for task in (self._asking, *self._running):
            if task is not None:
                task.cancel()

    def later(self, command: Command) -> None:
        """Ask the engine in the background, in order: for what nobody waits for."""
        self._waiting.put_nowait(command)

    async def flush(self) -> None:
        """Wait until the engine has what was asked in the background, but not for ever."""
        if self._asking is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._waiting.join(), FLUSH_SECONDS)

    def start(self, work: Coroutine[None, None, object]) -> None:
        """Run something as if the screen did it."""
        task = asyncio.create_task(self._run(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(self._late.discard)

    async def settle(self) -> None:
        """Wait a moment, once, for what was started to be done."""
        fresh = self._running - self._late
        if fresh:
            _, late = await asyncio.wait(fresh, timeout=WORK_SECONDS)
            self._late |= late

    async def _ask_in_order(self) -> None:
        while True:
            command = await self._waiting.get()
            try:
                await self._do(command)
            finally:
                self._waiting.task_done()

    async def _run(self, work: Coroutine[None, None, object]) -> None:
        token = active_message_pump.set(self._screen)
        try:
            await work
        except Exception as error:
            self._screen.app._handle_exception(error)
        finally:
            active_message_pump.reset(token)
