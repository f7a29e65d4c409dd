"""Connections through a proxy, and what is said when one fails."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.session.transport.proxies import ProxyServer
from tui_xmpp.core.account import Account, TlsMode
from tui_xmpp.core.address import Address
from tui_xmpp.core.network import Proxy, parse_proxy
from tui_xmpp.session import reaching
from tui_xmpp.session.endpoints import Endpoint
from tui_xmpp.session.failure import Failure
from tui_xmpp.session.transport.proxy import open_through

SCHEMES = ["socks5", "http"]


@asynccontextmanager
async def target() -> AsyncIterator[int]:
    """A server that speaks first."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"first")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        for _turn in range(5):
            await asyncio.sleep(0)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("host", ["secret.onion", "2001:db8::1", "192.0.2.1"])
async def test_the_proxy_gets_the_name_and_not_a_byte_is_lost(scheme: str, host: str) -> None:
    async with target() as port, ProxyServer(scheme) as proxy:
        account = Account(Address.parse("me@example.org"), proxy=f"{scheme}://127.0.0.1:{proxy.port}")
        # An address that is known is not used.
        there = Endpoint(host, port, TlsMode.DIRECT, ("127.0.0.1",))
        with await reaching.open_socket(there, account, timeout=5) as connected:
            reader, writer = await asyncio.open_connection(sock=connected)
            assert await reader.read() == b"first"
            writer.close()
        ((asked, _),) = proxy.reached
        assert asked.strip("[]") == host or host.startswith(("2001", "192"))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("user", "password"), [("", ""), ("me", "wrong")])
async def test_a_wrong_password_is_named_but_not_shown(scheme: str, user: str, password: str) -> None:
    async with ProxyServer(scheme, user="me", password="right") as proxy:
        with pytest.raises(Failure, match="another name or password") as failed:
            await open_through(
                Proxy(scheme, "127.0.0.1", proxy.port, user, password), "a.example", 1, timeout=5
            )
        assert f"{scheme}://127.0.0.1:{proxy.port}" in failed.value.sentence
        assert "wrong" not in failed.value.sentence
        assert proxy.reached == []


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_refusal_names_the_proxy_and_the_host(scheme: str) -> None:
    async with ProxyServer(scheme, refuse=True) as proxy:
        with pytest.raises(Failure, match=rf"{scheme}://127.* does not connect to a\.example: it .*refuses"):
            await open_through(Proxy(scheme, "127.0.0.1", proxy.port), "a.example", 5222, timeout=5)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-x\r\n", b"\x05\x00\x05", b"HTTP/1.1\r\n\r\n"])
async def test_what_is_no_proxy_is_said(scheme: str, greeting: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read(10)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        proxy = Proxy(scheme, "127.0.0.1", server.sockets[0].getsockname()[1])
        with pytest.raises(Failure, match="proxy"):
            await open_through(proxy, "a.example", 5222, timeout=2)
        for _turn in range(5):
            await asyncio.sleep(0)


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 10_000)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        proxy = Proxy("http", "127.0.0.1", server.sockets[0].getsockname()[1])
        with pytest.raises(Failure, match="is no HTTP proxy"):
            await open_through(proxy, "a.example", 5222, timeout=5)
        for _turn in range(5):
            await asyncio.sleep(0)


async def test_a_proxy_that_is_not_there_is_not_gone_around() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    account = Account(Address.parse("me@example.org"), proxy=f"socks5://127.0.0.1:{port}")
    async with target() as there:
        with pytest.raises(Failure, match=f"proxy socks5://127.0.0.1:{port} cannot be reached"):
            await reaching.open_socket(
                Endpoint("localhost", there, TlsMode.DIRECT, ("127.0.0.1",)), account, timeout=5
            )


async def test_a_silent_proxy_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = Proxy("socks5", "127.0.0.1", listening.getsockname()[1])
        with pytest.raises(Failure, match="in time"):
            await open_through(proxy, "a.example", 5222, timeout=0.2)


def test_credentials_are_decoded_and_never_shown() -> None:
    proxy = parse_proxy("socks5://me:p%3A%40w@[::1]:9050")
    assert (proxy.user, proxy.password, proxy.host, proxy.port) == ("me", "p:@w", "::1", 9050)
    assert str(proxy) == "socks5://[::1]:9050"
    assert "p:@w" not in repr(proxy)
