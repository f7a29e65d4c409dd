"""Transfers under way: what is told of each, and how one is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ..core.attachment import Transfer, TransferState
from ..core.commands import Refused
from ..core.file_events import TransferEnded, TransferProgress
from ..core.ports import StorageError
from .feature import Context, Failed

_TELL_SECONDS = 0.3
_CUT_OFF = "Your session ended before the file was through. Try again once you are connected."


class Running:
    """One transfer; whoever carries it says how far it is."""

    def __init__(self, context: Context, transfer: Transfer) -> None:
        self.transfer = transfer
        self.task: asyncio.Task[object] | None = None
        self.is_cancelled = False
        self._context = context
        self._told = context.clock.monotonic()

    def begin(self) -> None:
        """Tell that it is there."""
        self._context.emit(TransferProgress(self.transfer))

    def at(self, done: int, total: int | None) -> None:
        """So many bytes are through; told a few times a second."""
        self.transfer = replace(self.transfer, done=done, total=total)
        now = self._context.clock.monotonic()
        if now - self._told >= _TELL_SECONDS:
            self._told = now
            self._context.emit(TransferProgress(self.transfer))

    def note(self, *, file: str = "", row: int = 0) -> None:
        """Where it is now."""
        self.transfer = replace(self.transfer, file=file or self.transfer.file, row=row or self.transfer.row)

    def end(self, state: TransferState, reason: str = "") -> None:
        """Tell how it ended."""
        self.transfer = replace(self.transfer, state=state, reason=reason)
        self._context.emit(TransferEnded(self.transfer))


class Transfers:
    """Of one account, in one direction."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._running: dict[str, Running] = {}

    def start(self, transfer: Transfer, carry: Callable[[Running], Awaitable[None]]) -> None:
        """Carry a file in the background; *carry* raises `Failed`, `Refused` or OSError with the reason."""
        running = self._running[transfer.id] = Running(self._context, transfer)
        self._context.spawn(self._carry(running, carry))

    def cancel(self, id: str) -> None:
        """Stop one; what is not under way is no error."""
        running = self._running.get(id)
        if running is not None:
            running.is_cancelled = True
            if running.task is not None:
                running.task.cancel()

    def is_under_way(self, row: int) -> bool:
        """Whether the file of a message is being carried."""
        return any(one.transfer.row == row for one in self._running.values())

    async def _carry(self, running: Running, carry: Callable[[Running], Awaitable[None]]) -> None:
        running.task = asyncio.current_task()
        running.begin()
        try:
            if running.is_cancelled:
                raise asyncio.CancelledError
            await carry(running)
            running.end(TransferState.DONE)
        except asyncio.CancelledError:
            if running.is_cancelled:
                running.end(TransferState.CANCELLED, "Cancelled.")
            else:
                running.end(TransferState.FAILED, _CUT_OFF)
            raise
        except (Failed, Refused, StorageError) as error:
            running.end(TransferState.FAILED, str(error))
        except OSError as error:
            running.end(TransferState.FAILED, f"{error.filename or 'The disk'}: {error.strerror or error}.")
        except Exception:
            running.end(TransferState.FAILED, "Something went wrong inside; the log says more.")
            raise
        finally:
            del self._running[running.transfer.id]
