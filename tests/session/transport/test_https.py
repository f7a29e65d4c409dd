"""A connection that was given up just when it stood."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator

import pytest

from tests.fakes.certificates import Authority
from tui_xmpp.session.transport import https as module
from tui_xmpp.session.transport import tls
from tui_xmpp.session.transport.https import Https


async def test_the_number_of_a_socket_that_was_given_up_can_be_used_again(
    authority: Authority, good: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed under its transport, the number would stay taken: the loop would refuse the next connection."""
    used: list[int] = []

    async def ignore(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.wait_closed()

    async def dial() -> socket.socket:
        made = socket.socket()
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, server.sockets[0].getsockname())
        used.append(made.fileno())
        return made

    server = await asyncio.start_server(ignore, "127.0.0.1", 0, ssl=good)
    context = tls.context(str(authority.ca_file), direct=False)
    async with server:
        first = Https(dial, context=context, server_name="example.org", timeout=5)
        connecting = asyncio.create_task(first.connect())
        stands = module._Handler.connection_made

        def given_up(handler: module._Handler, transport: asyncio.BaseTransport) -> None:
            stands(handler, transport)
            connecting.cancel()

        with monkeypatch.context() as patch:
            patch.setattr(module._Handler, "connection_made", given_up)
            with pytest.raises(asyncio.CancelledError):
                await connecting
        again = Https(dial, context=context, server_name="example.org", timeout=5)
        await again.connect()
        assert again.certificate()
        await again.close()
        await first.close()
    assert len(used) == 2


async def test_what_is_given_up_half_way_is_cut_and_not_taken_leave_of(
    authority: Authority, good: ssl.SSLContext
) -> None:
    """A server that reads no more answers no farewell: for half a minute the rest of a file would go on."""
    dialled: list[socket.socket] = []
    asked, over = asyncio.Event(), asyncio.Event()

    async def ignore(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await over.wait()
        writer.transport.abort()

    async def dial() -> socket.socket:
        made = socket.socket()
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, server.sockets[0].getsockname())
        dialled.append(made)
        return made

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(100_000)

    async def put() -> None:
        headers = {"Content-Length": str(10**9)}
        async with https.exchange("PUT", "https://example.org/large", headers, endless()):
            pytest.fail("Nobody has answered.")

    server = await asyncio.start_server(ignore, "127.0.0.1", 0, ssl=good)
    context = tls.context(str(authority.ca_file), direct=False)
    https = Https(dial, context=context, server_name="example.org", timeout=5)
    async with server:
        await https.connect()
        putting = asyncio.create_task(put())
        await asyncio.wait_for(asked.wait(), 5)
        putting.cancel()
        await asyncio.gather(putting, return_exceptions=True)
        await https.close()
        async with asyncio.timeout(2):
            while any(one.fileno() != -1 for one in dialled):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        over.set()
