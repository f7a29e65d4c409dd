"""The way out to the terminal: never waited for, and never a queue that can fill."""

from __future__ import annotations

import asyncio
import os
import select
import time
from collections.abc import Callable
from contextlib import suppress


class Outlet:
    """One descriptor of our own on the terminal, with one piece of output on its way at most."""

    def __init__(self, descriptor: int, *, drained: Callable[[], None], gone: Callable[[], None]) -> None:
        """`descriptor`: the terminal. `drained` is called when it took all, `gone` when it is there no more.

        Raises OSError.
        """
        self._loop = asyncio.get_running_loop()
        self._drained, self._gone = drained, gone
        self._descriptor = _opened(descriptor)
        self._rest = b""
        self._dead = False

    @property
    def busy(self) -> bool:
        """Whether the terminal has not taken all of what was written last."""
        return bool(self._rest)

    def write(self, text: str) -> None:
        """Write what the terminal takes now; the rest follows when it takes more. Never blocks."""
        self._rest += text.encode()
        self._push()
        if self._rest:
            self._loop.add_writer(self._descriptor, self._go_on)

    def _go_on(self) -> None:
        self._push()
        if not self._rest:
            self._loop.remove_writer(self._descriptor)
            self._drained()

    def _push(self) -> None:
        try:
            while self._rest:
                self._rest = self._rest[os.write(self._descriptor, self._rest) :]
        except BlockingIOError:
            return
        except OSError:
            self._rest = b""
            if not self._dead:
                self._dead = True
                self._gone()

    def close(self, last: str, seconds: float) -> None:
        """Send a last piece, waiting at most so long for the terminal to take it, and end."""
        self._loop.remove_writer(self._descriptor)
        self._rest += last.encode()
        deadline = time.monotonic() + seconds
        self._push()
        while self._rest and (left := deadline - time.monotonic()) > 0:
            select.select([], [self._descriptor], [], left)
            self._push()
        with suppress(OSError):
            os.close(self._descriptor)


def _opened(descriptor: int) -> int:
    """A description of the same terminal for us alone: that it does not block must not trouble others."""
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
    try:
        return os.open(os.ttyname(descriptor), flags)
    except OSError:
        # The terminal of another container has no name here.
        return os.open("/dev/tty", flags)
