"""The certificate of a server that is not trusted: it is read, and the link goes no further."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from tests.fakes.certificates import Authority
from tests.link.proxy import Link
from tui_xmpp.core.account import TlsMode
from tui_xmpp.session.transport import probe

SECONDS = 5.0
FEATURES = (
    b"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams'><stream:features>"
    b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
)
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(answer: Answer, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A port where each connection is answered so; nothing of them is left behind."""
    tasks: list[asyncio.Task[None]] = []

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        try:
            await answer(reader, writer)
        finally:
            writer.close()
            with suppress(OSError, EOFError):
                await writer.wait_closed()

    async with await asyncio.start_server(run, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*tasks)


async def shown(port: int, mode: TlsMode, seconds: float = SECONDS) -> bytes | None:
    async def connect() -> socket.socket:
        made = socket.socket()
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
        return made

    return await probe.presented(connect, mode, "example.org", timeout=seconds)


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_it_is_read_and_the_link_ends(
    newest: ssl.TLSVersion, authority: Authority, good: ssl.SSLContext
) -> None:
    stood: list[bool] = []

    async def stands(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stood.append(True)
        writer.close()

    good.maximum_version = newest
    async with serving(stands, good) as port, Link(port) as link:
        der = await shown(link.port, TlsMode.DIRECT)
        assert der and b"example.org" in der
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*link._running)
        # A hello; the last words of the handshake would bring tickets, behind which nobody stands any more.
        flights = [way for _, way, _ in link.counts.trace]
        assert newest is ssl.TLSVersion.TLSv1_2 or (len(flights) == 2 and not stood)


@pytest.mark.parametrize("step", [1000, 1])
async def test_over_starttls(step: int, authority: Authority, good: ssl.SSLContext) -> None:
    """However the words of the server are cut into packets."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for wanted, said in ((b"version='1.0'>", FEATURES), (b"xmpp-tls'/>", PROCEED)):
            await reader.readuntil(wanted)
            for start in range(0, len(said), step):
                writer.write(said[start : start + step])
                await writer.drain()
        with pytest.raises((OSError, EOFError)):
            await writer.start_tls(good)
        writer.transport.abort()

    async with serving(answer) as port:
        der = await shown(port, TlsMode.STARTTLS)
        assert der and b"example.org" in der


@pytest.mark.parametrize("said", [b"", b"x" * 200_000, b"HTTP/1.1 400 Bad Request\r\n\r\n"])
@pytest.mark.parametrize("mode", TlsMode)
async def test_what_is_no_answer_is_no_certificate(said: bytes, mode: TlsMode) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    async with serving(answer) as port:
        assert await shown(port, mode) is None


async def test_a_server_that_is_silent_is_not_waited_for_long() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()

    async with serving(silent) as port:
        assert await shown(port, TlsMode.STARTTLS, 0.05) is None
