"""Notices that this computer's network changed: an address, a route or an interface (rtnetlink(7))."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import sys
from collections.abc import Callable

_LINK = 0x1
_IPV4_ADDRESS = 0x10
_IPV4_ROUTE = 0x40
_IPV6_ADDRESS = 0x100
_IPV6_ROUTE = 0x400
_GROUPS = _LINK | _IPV4_ADDRESS | _IPV4_ROUTE | _IPV6_ADDRESS | _IPV6_ROUTE
"""RTMGRP_* of linux/rtnetlink.h."""
_ROUTE_PROTOCOL = 0
"""NETLINK_ROUTE."""
_SETTLE_SECONDS = 0.2
"""One change of the network comes as a handful of messages."""
_MOST_SECONDS = 1.0
"""A network that never settles is told of all the same."""
_READ_BYTES = 65536

_log = logging.getLogger("tui-xmpp")


def open_netlink() -> socket.socket | None:
    """Return a socket on which the kernel tells of changes; None where it does not (not Linux, a sandbox)."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _ROUTE_PROTOCOL)
    except OSError:
        return None
    try:
        made.setblocking(False)
        made.bind((0, _GROUPS))
    except OSError:
        made.close()
        return None
    return made


class NetworkWatch:
    """Calls *changed* soon after each change of the network; from `start` to `stop`."""

    def __init__(
        self,
        changed: Callable[[], None],
        *,
        open_socket: Callable[[], socket.socket | None] = open_netlink,
    ) -> None:
        self._changed = changed
        self._open_socket = open_socket
        self._socket: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._first = 0.0

    def start(self) -> None:
        """Begin to watch; returns at once, also where there is nothing to watch."""
        if self._socket is None:
            self._socket = self._open_socket()
            if self._socket is not None:
                asyncio.get_running_loop().add_reader(self._socket, self._read)

    def stop(self) -> None:
        """Watch no more; more often than once is no error."""
        made, self._socket = self._socket, None
        if made is not None:
            asyncio.get_running_loop().remove_reader(made)
            made.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _read(self) -> None:
        if self._socket is None:
            return
        try:
            while self._socket.recv(_READ_BYTES):
                pass
        except BlockingIOError:
            pass
        except OSError as error:
            # ENOBUFS: more happened than the kernel could keep for us; that it happened is all we want.
            _log.debug("netlink: %s", error)
        self._settle()

    def _settle(self) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is None:
            self._first = loop.time()
        else:
            self._timer.cancel()
        at = min(loop.time() + _SETTLE_SECONDS, self._first + _MOST_SECONDS)
        self._timer = loop.call_at(at, self._tell)

    def _tell(self) -> None:
        self._timer = None
        _log.debug("the network changed")
        self._changed()


def is_gone(connected: socket.socket | None) -> bool:
    """Whether the address our end of the connection has is no longer one of this computer's."""
    if connected is None:
        return False
    try:
        own = connected.getsockname()
        with socket.socket(connected.family, socket.SOCK_DGRAM) as trial:
            trial.bind((own[0], 0, *own[2:]))
    except OSError as error:
        return error.errno == errno.EADDRNOTAVAIL
    return False


def goes_elsewhere(connected: socket.socket | None) -> bool:
    """Whether what we send to the peer would now leave from another address, or not at all."""
    if connected is None:
        return False
    try:
        own, peer = connected.getsockname(), connected.getpeername()
        # Connecting a datagram socket sends nothing: the kernel only looks up the route.
        with socket.socket(connected.family, socket.SOCK_DGRAM) as trial:
            trial.connect(peer)
            return bool(trial.getsockname()[0] != own[0])
    except OSError:
        return True
