"""A TCP connection to the first address that answers (RFC 8305), tried anew while none does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

_STAGGER = 0.25
"""Seconds before the next address is tried beside the ones that have not answered (RFC 8305 §5)."""
_FRESH = 3.0
_MOST_AT_ONCE = 8
_UNACKNOWLEDGED_MS = 120_000
_PROBE_AFTER = 90
_PROBE_EVERY = 30


async def open_socket(
    addresses: Sequence[str], port: int, *, timeout: float, fresh: float = _FRESH
) -> socket.socket:
    """Return a connected, non-blocking socket; raises OSError or TimeoutError after *timeout* seconds.

    IPv6 and IPv4 take turns, IPv6 first; the first connection to stand wins, the others are closed. While
    none stands, each address is asked anew every *fresh* seconds: the kernel repeats a SYN after 1, 3, 7 and
    15 s (RFC 6298 §2.1, §5.5), which may be long after the link is back.
    """
    if not addresses:
        raise OSError("no address")
    async with asyncio.timeout(timeout):
        return await _race(_interleaved(addresses), port, fresh)


def _interleaved(addresses: Sequence[str]) -> list[str]:
    six = [address for address in addresses if ":" in address]
    four = [address for address in addresses if ":" not in address]
    return [address for address in chain.from_iterable(zip_longest(six, four)) if address]


def _turns(addresses: Sequence[str], fresh: float) -> Iterator[tuple[str, float]]:
    """Yield which address to try, and the seconds until the turn of the next."""
    round_seconds = max(fresh, _STAGGER * len(addresses))
    while True:
        for place, address in enumerate(addresses, 1):
            last = place == len(addresses)
            yield address, round_seconds - _STAGGER * (place - 1) if last else _STAGGER


async def _race(addresses: Sequence[str], port: int, fresh: float) -> socket.socket:
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
                    running[asyncio.create_task(_connect(address, port))] = address
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
    """Let the kernel find out that the peer is gone, also when we have nothing to say.

    The last resort: what watches the stream itself notices sooner.
    """
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", _PROBE_AFTER),
        ("TCP_KEEPINTVL", _PROBE_EVERY),
        ("TCP_USER_TIMEOUT", _UNACKNOWLEDGED_MS),
    ):
        option = getattr(socket, name, None)
        if option is not None:
            with contextlib.suppress(OSError):
                made.setsockopt(socket.IPPROTO_TCP, option, value)
