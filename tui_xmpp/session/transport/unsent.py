"""What the kernel took of one TCP connection and has not sent yet (Linux: `SIOCOUTQNSD`)."""

from __future__ import annotations

import contextlib
import struct
import sys
from typing import Protocol

_SIOCOUTQNSD = 0x894B
_INT = struct.Struct("i")


class Described(Protocol):
    """A socket, or what asyncio shows of one."""

    def fileno(self) -> int:
        """As `socket.fileno`."""


def unsent(connected: Described | None) -> int:
    """Return the bytes of *connected* the kernel has not sent once; 0 where it does not tell."""
    if connected is None or not sys.platform.startswith("linux"):
        return 0
    import fcntl

    with contextlib.suppress(OSError, ValueError):
        told = fcntl.ioctl(connected.fileno(), _SIOCOUTQNSD, bytes(_INT.size))
        return int(_INT.unpack(told)[0])
    return 0
