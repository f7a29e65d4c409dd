"""Whatever moment a connection is given up at, its socket is closed and its number free for the loop."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.fakes.certificates import Authority
from tui_xmpp.session.transport import tls
from tui_xmpp.session.transport.https import Https
from tui_xmpp.session.transport.tcp_wire import TcpWire
from tui_xmpp.session.transport.websocket import WebSocketWire

MOST_TURNS = 60
"""Of the loop, until a handshake on loopback is over for sure."""
NAME = "example.org"

Opening = Callable[[socket.socket, ssl.SSLContext], Awaitable[object]]


async def tcp(connected: socket.socket, context: ssl.SSLContext) -> object:
    wire = await TcpWire.open(connected, context=context, server_name=NAME, timeout=5)
    wire.abort()
    return wire


async def websocket(connected: socket.socket, context: ssl.SSLContext) -> object:
    url = f"wss://{NAME}/ws"
    return await WebSocketWire.open(connected, url, context=context, server_name=NAME, timeout=5)


async def https(connected: socket.socket, context: ssl.SSLContext) -> object:
    async def dial() -> socket.socket:
        return connected

    made = Https(dial, context=context, server_name=NAME, timeout=5)
    try:
        await made.connect()
    finally:
        await made.close()
    return made


@asynccontextmanager
async def silent_server(good: ssl.SSLContext) -> AsyncIterator[tuple[str, int]]:
    """It shakes hands, and says nothing."""

    async def ignore(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.wait_closed()

    server = await asyncio.start_server(ignore, "127.0.0.1", 0, ssl=good)
    async with server:
        yield server.sockets[0].getsockname()


@pytest.mark.parametrize("opening", [tcp, websocket, https])
async def test_given_up_at_any_moment_it_is_closed(
    authority: Authority, good: ssl.SSLContext, opening: Opening
) -> None:
    loop = asyncio.get_running_loop()
    context = tls.context(str(authority.ca_file), direct=False)
    left_open = []
    async with silent_server(good) as where:
        for turns in range(1, MOST_TURNS):
            connected = socket.socket()
            connected.setblocking(False)
            await loop.sock_connect(connected, where)
            task = asyncio.ensure_future(opening(connected, context))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            try:
                async with asyncio.timeout(1):
                    while connected.fileno() != -1:  # noqa: ASYNC110
                        await asyncio.sleep(0)
            except TimeoutError:
                left_open.append(turns)
                connected.close()
    assert left_open == []
