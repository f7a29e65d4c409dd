"""What waits in the kernel of one TCP connection, in either direction (Linux: `SIOCOUTQNSD`, `SIOCINQ`)."""

from __future__ import annotations

import contextlib
import struct
import sys
from typing import Protocol

_SIOCOUTQNSD = 0x894B
_SIOCINQ = 0x541B
_INT = struct.Struct("i")


class Described(Protocol):
    """A socket, or what asyncio shows of one."""

    def fileno(self) -> int:
        """As `socket.fileno`."""


def unsent(connected: Described | None) -> int:
    """Return the bytes of *connected* the kernel has not sent once; 0 where it does not tell."""
    return _told(connected, _SIOCOUTQNSD)


def unread(connected: Described | None) -> int:
    """Return the bytes that came on *connected* and wait in the kernel; 0 where it does not tell."""
    return _told(connected, _SIOCINQ)


def _told(connected: Described | None, request: int) -> int:
    if connected is None or not sys.platform.startswith("linux"):
        return 0
    import fcntl

    with contextlib.suppress(OSError, ValueError):
        told = fcntl.ioctl(connected.fileno(), request, bytes(_INT.size))
        return int(_INT.unpack(told)[0])
    return 0
