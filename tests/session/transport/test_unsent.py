"""What the kernel holds back counts as waiting."""

from __future__ import annotations

import asyncio
import socket
import sys

import pytest

from tests.session.transport.conftest import Heard
from tui_xmpp.session.transport.tcp_wire import TcpWire
from tui_xmpp.session.transport.unsent import unsent


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
async def test_what_the_kernel_holds_is_waiting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made = socket.create_connection(listening.getsockname())
        made.setblocking(False)
        peer, _ = listening.accept()
        with peer:
            wire = await TcpWire.open(made)
            heard = Heard()
            wire.attach(heard)
            assert wire.waiting == 0
            for _ in range(300):
                wire.write(["<message>" + "x" * 1000 + "</message>"])
            held = unsent(wire.socket())
            assert held > 0
            assert wire.waiting > held
            peer.setblocking(False)
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(10):
                while wire.waiting:
                    await loop.sock_recv(peer, 65536)
            wire.abort()
            await heard.until(lambda one: bool(one.errors))
            assert wire.waiting == 0


def test_no_socket_holds_nothing() -> None:
    assert unsent(None) == 0
