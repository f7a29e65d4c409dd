"""A TCP connection to the first address that answers (RFC 8305)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from itertools import chain, zip_longest

_STAGGER = 0.25
"""Seconds before the next address is tried beside the ones that have not answered (RFC 8305 §5)."""
_UNACKNOWLEDGED_MS = 120_000
_PROBE_AFTER = 90


async def open_socket(addresses: Sequence[str], port: int, *, timeout: float) -> socket.socket:
    """Return a connected, non-blocking socket; raises OSError or TimeoutError after *timeout* seconds.

    IPv6 and IPv4 take turns, IPv6 first; the first connection to stand wins, the others are closed.
    """
    if not addresses:
        raise OSError("no address")
    async with asyncio.timeout(timeout):
        return await _race(_interleaved(addresses), port)


def _interleaved(addresses: Sequence[str]) -> list[str]:
    six = [address for address in addresses if ":" in address]
    four = [address for address in addresses if ":" not in address]
    return [address for address in chain.from_iterable(zip_longest(six, four)) if address]


async def _race(addresses: Sequence[str], port: int) -> socket.socket:
    waiting = list(addresses)
    running: set[asyncio.Task[socket.socket]] = set()
    last: OSError = OSError("no address")
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(_connect(waiting.pop(0), port)))
            done, running = await asyncio.wait(
                running, timeout=_STAGGER if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            won = [task for task in done if task.exception() is None]
            if won:
                for extra in won[1:]:
                    extra.result().close()
                return won[0].result()
            for task in done:
                error = task.exception()
                if isinstance(error, OSError):
                    last = error
                elif error is not None:
                    raise error
        raise last
    finally:
        for task in running:
            task.cancel()
        for result in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(result, socket.socket):
                result.close()


async def _connect(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        _notice_silence(made)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


def _notice_silence(made: socket.socket) -> None:
    """Let the kernel find out that the peer is gone, also when we have nothing to say."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", _PROBE_AFTER), ("TCP_USER_TIMEOUT", _UNACKNOWLEDGED_MS)):
        option = getattr(socket, name, None)
        if option is not None:
            with contextlib.suppress(OSError):
                made.setsockopt(socket.IPPROTO_TCP, option, value)
