"""The network of this computer changes, and whoever waits for that hears of it."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tui_xmpp.session.network import NetworkWatch, goes_elsewhere, is_gone, open_netlink

_CLONE_NEWNET = 0x40000000


async def heard(event: asyncio.Event) -> None:
    async with asyncio.timeout(5):
        await event.wait()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    yield ours, theirs
    ours.close()
    theirs.close()


async def test_a_handful_of_messages_is_one_change(pair: tuple[socket.socket, socket.socket]) -> None:
    changed = asyncio.Event()
    changes: list[None] = []

    def note() -> None:
        changes.append(None)
        changed.set()

    watch = NetworkWatch(note, open_socket=lambda: pair[0])
    watch.start()
    for _message in range(5):
        pair[1].send(b"a route")
    await heard(changed)
    assert len(changes) == 1
    changed.clear()
    pair[1].send(b"an address")
    await heard(changed)
    assert len(changes) == 2
    watch.stop()
    watch.stop()
    assert pair[0].fileno() == -1


async def test_where_the_kernel_tells_nothing_nothing_happens() -> None:
    watch = NetworkWatch(lambda: None, open_socket=lambda: None)
    watch.start()
    watch.stop()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="netlink is Linux's")
def test_a_new_address_is_noticed() -> None:
    """In a network of its own, where the rights allow one: nothing of this computer's is touched."""
    found = subprocess.run(
        [sys.executable, __file__], capture_output=True, text=True, timeout=30, check=False
    )
    if found.returncode == 77:
        pytest.skip(f"no rights to a network of one's own: {found.stdout}")
    assert found.returncode == 0, found.stderr


def test_an_address_of_this_computer_is_there_and_another_is_not() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert not is_gone(client)
        assert not goes_elsewhere(client)
    assert is_gone(_Connected("192.0.2.1", "127.0.0.1"))  # type: ignore[arg-type]
    assert goes_elsewhere(_Connected("192.0.2.1", "127.0.0.1"))  # type: ignore[arg-type]


class _Connected:
    """A socket that says it is connected from an address (RFC 5737)."""

    family = socket.AF_INET

    def __init__(self, own: str, peer: str) -> None:
        self._own, self._peer = own, peer

    def getsockname(self) -> tuple[str, int]:
        return self._own, 40000

    def getpeername(self) -> tuple[str, int]:
        return self._peer, 5222


# --- in a process of its own ---------------------------------------------------------------------------


async def _notice() -> None:
    changed = asyncio.Event()
    watch = NetworkWatch(changed.set)
    watch.start()
    _raise_loopback()
    await heard(changed)
    watch.stop()


def _raise_loopback() -> None:
    """Bring the interface `lo` up, which gives it its addresses (netdevice(7))."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", 0x1))


def _main() -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        print(os.strerror(ctypes.get_errno()))
        return 77
    if open_netlink() is None:
        print("no netlink")
        return 77
    asyncio.run(_notice())
    return 0


if __name__ == "__main__":
    sys.exit(_main())
