"""Connections on which no stream is counted: what each of them has carried, once it is over."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

from .transport import carrying
from .transport.carrying import Look


class Unstreamed:
    """Of one account. *spent* is told of each connection that carried anything.

    A connection is held by a second descriptor: whoever used it has closed theirs by the time it is looked
    at, and the kernel forgets a socket with the last of them.
    """

    def __init__(self, spent: Callable[[Look], None]) -> None:
        self._spent = spent
        self._held: list[socket.socket] = []

    def hold(self, connected: socket.socket) -> socket.socket:
        """Watch over a connection until `let_go` or `settle`; returns it."""
        # Without descriptors there is no connection either, and that is said elsewhere.
        with contextlib.suppress(OSError):
            self._held.append(connected.dup())
        return connected

    def let_go(self) -> None:
        """A stream began on what is held: its meter counts."""
        for connected in self._held:
            connected.close()
        self._held.clear()

    def settle(self) -> None:
        """What is held is over: tell what it took."""
        for connected in self._held:
            look = carrying.of(connected)
            if look is not None and any(look.tcp):
                self._spent(look)
        self.let_go()
