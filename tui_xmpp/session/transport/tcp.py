"""A TCP connection to the first address that answers (RFC 8305), tried anew while none does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

_STAGGER = 0.25
"""Seconds before the next address is tried beside the ones that have not answered (RFC 8305 §5)."""
_FRESH = 3.0
_MOST_AT_ONCE = 8
_UNACKNOWLEDGED = 120.0
_PROBE_AFTER = 90
_PROBE_EVERY = 30
_RTO_MAX_MS = 44
"""TCP_RTO_MAX_MS of linux/tcp.h, since 6.15."""
_LEAST_RTO_MAX = 1.0


async def open_socket(
    addresses: Sequence[str],
    port: int,
    *,
    timeout: float,
    fresh: float = _FRESH,
    patience: float = _UNACKNOWLEDGED,
) -> socket.socket:
    """Return a connected, non-blocking socket; raises OSError or TimeoutError after *timeout* seconds.

    IPv6 and IPv4 take turns, IPv6 first; the first connection to stand wins, the others are closed. While
    none stands, each address is asked anew every *fresh* seconds: the kernel repeats a SYN after 1, 3, 7 and
    15 s (RFC 6298 §2.1, §5.5), which may be long after the link is back. A connection that stands breaks when
    the peer acknowledges nothing for *patience* seconds; `allow_silence` makes it last longer.
    """
    if not addresses:
        raise OSError("no address")
    async with asyncio.timeout(timeout):
        return await _race(_interleaved(addresses), port, fresh, patience)


def _interleaved(addresses: Sequence[str]) -> list[str]:
    six = [address for address in addresses if ":" in address]
    four = [address for address in addresses if ":" not in address]
    return [address for address in chain.from_iterable(zip_longest(six, four)) if address]


def _turns(addresses: Sequence[str], fresh: float) -> Iterator[tuple[str, float]]:
    """Yield which address to try, and the seconds until the turn of the next."""
    rest = max(fresh - _STAGGER * (len(addresses) - 1), min(fresh, _STAGGER))
    while True:
        for address in addresses[:-1]:
            yield address, _STAGGER
        yield addresses[-1], rest


async def _race(addresses: Sequence[str], port: int, fresh: float, patience: float) -> socket.socket:
    turns = _turns(addresses, fresh)
    silent = set(addresses)
    """Those that have not refused."""
    running: dict[asyncio.Task[socket.socket], str] = {}
    last: OSError = OSError("no address")
    until_next = 0.0
    loop = asyncio.get_running_loop()
    try:
        while silent:
            if loop.time() >= until_next:
                address, seconds = next(turns)
                until_next = loop.time() + seconds
                if address in silent:
                    running[asyncio.create_task(_connect(address, port, patience))] = address
                    await _make_room(running)
                elif not running:
                    until_next = 0.0
                    continue
            done, _ = await asyncio.wait(
                running, timeout=max(0.0, until_next - loop.time()), return_when=asyncio.FIRST_COMPLETED
            )
            won = [task for task in done if task.exception() is None]
            if won:
                for task in done:
                    del running[task]
                for extra in won[1:]:
                    extra.result().close()
                return won[0].result()
            for task in done:
                error = task.exception()
                if not isinstance(error, OSError):
                    raise error or RuntimeError
                last = error
                silent.discard(running.pop(task))
                until_next = 0.0
        raise last
    finally:
        await _give_up(list(running))


async def _make_room(running: dict[asyncio.Task[socket.socket], str]) -> None:
    """Give up the second oldest when there are too many; the oldest may be the one that is only slow."""
    if len(running) > _MOST_AT_ONCE:
        second = list(running)[1]
        del running[second]
        await _give_up([second])


async def _give_up(tasks: Sequence[asyncio.Task[socket.socket]]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, socket.socket):
            result.close()


async def _connect(address: str, port: int, patience: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        _notice_silence(made, patience)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


def _notice_silence(made: socket.socket, patience: float) -> None:
    """Let the kernel find out that the peer is gone, also when we have nothing to say."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    _set(made, "TCP_KEEPIDLE", _PROBE_AFTER)
    _set(made, "TCP_KEEPINTVL", _PROBE_EVERY)
    allow_silence(made, patience)


def allow_silence(connected: socket.socket | None, seconds: float = _UNACKNOWLEDGED) -> None:
    """Let a connection last while nothing it sent is acknowledged for *seconds* (RFC 5482)."""
    if connected is not None:
        _set(connected, "TCP_USER_TIMEOUT", int(seconds * 1000))


def _set(made: socket.socket, name: str, amount: int) -> None:
    option = getattr(socket, name, None)
    if option is not None:
        with contextlib.suppress(OSError):
            made.setsockopt(socket.IPPROTO_TCP, option, amount)


def repeat_within(connected: socket.socket | None, seconds: float) -> None:
    """Let the kernel send again at least every *seconds* (1 or more) while nothing is acknowledged.

    By itself it waits twice as long each time (RFC 6298 §5.5), and is late when the link is back. Only where
    the kernel can.
    """
    if connected is not None and sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            milliseconds = int(min(max(seconds, _LEAST_RTO_MAX), _UNACKNOWLEDGED) * 1000)
            connected.setsockopt(socket.IPPROTO_TCP, _RTO_MAX_MS, milliseconds)
