"""The terminal, lent to gpg for as long as it asks for a passphrase, one time after the other."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ...core.events import QuestionSettled
from ...core.openpgp import LendTerminal, PassphraseWanted
from ..feature import Context
from .gpg import Lent
from .gpg_status import GpgFailed, PassphraseNeeded, PassphraseRefused

T = TypeVar("T")

_NONE = "The passphrase of your key is needed, and there is no terminal to ask for it in."


class Lending:
    """Of one account."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._one = asyncio.Lock()
        self._wanted: dict[str, asyncio.Future[str]] = {}

    async def have(self, work: Callable[[Lent | None], Awaitable[T]], what: str, *, at_once: bool) -> T:
        """Have some work done by gpg; where it needs a passphrase, the user is asked for the terminal first.

        May wait for hours: only in work that is `spawn`ed, and never in a transaction. Raises `GpgFailed`.
        """
        try:
            return await work(None)
        except PassphraseNeeded:
            pass
        async with self._one:
            try:
                # Somebody before us in the queue may have had it entered.
                return await work(None)
            except PassphraseNeeded:
                pass
            if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
                try:
                    return await work(Lent(""))
                except PassphraseRefused:
                    raise
                except GpgFailed:
                    pass
                try:
                    return await work(None)
                except PassphraseNeeded:
                    # No window was opened: what asks here does so in a terminal.
                    pass
            return await self._borrowed(work, what, at_once=at_once)

    async def _borrowed(self, work: Callable[[Lent | None], Awaitable[T]], what: str, *, at_once: bool) -> T:
        id = self._context.new_id()
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._wanted[id] = answer
        try:
            self._context.emit(PassphraseWanted(id, self._context.own, what, at_once))
            terminal = await answer
            if not terminal:
                raise GpgFailed(_NONE)
            return await work(Lent(terminal))
        finally:
            del self._wanted[id]
            self._context.emit(QuestionSettled(id))

    def lent(self, command: LendTerminal) -> None:
        """The front end has left the screen, maybe for another account."""
        waiting = self._wanted.get(command.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(command.terminal)
