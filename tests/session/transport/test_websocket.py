"""A stream over WebSocket, with a server that does not do what it should."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.fakes.certificates import Authority
from tests.session.link.rig import OWN, Facts
from tests.session.transport.conftest import Heard
from tui_xmpp.core.account import Account, TlsMode, TransportKind
from tui_xmpp.session import reaching
from tui_xmpp.session.endpoints import Endpoint
from tui_xmpp.session.failure import BadCertificate, Failure, Violation
from tui_xmpp.session.gate import Phase
from tui_xmpp.session.reader import Limits
from tui_xmpp.session.stream import Stream
from tui_xmpp.session.transport import tls
from tui_xmpp.session.transport.wire import Closing, Opening, Wire

OPEN = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org' id='s' version='1.0'/>"
FEATURES = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>"

Script = Callable[[ServerConnection], Awaitable[None]]


async def idle(peer: ServerConnection) -> None:
    await peer.wait_closed()


@asynccontextmanager
async def served(
    context: ssl.SSLContext | None,
    script: Script = idle,
    *,
    subprotocol: str | None = "xmpp",
    answer: Callable[[ServerConnection, Request], Response | None] | None = None,
) -> AsyncIterator[int]:
    async with serve(
        script,
        "127.0.0.1",
        0,
        ssl=context,
        subprotocols=None if subprotocol is None else [Subprotocol(subprotocol)],
        select_subprotocol=lambda _, __: None if subprotocol is None else Subprotocol(subprotocol),
        process_request=answer,
        ping_interval=None,
        close_timeout=0.1,
    ) as server:
        assert isinstance(server, Server)
        yield next(iter(server.sockets)).getsockname()[1]


async def opened(port: int, authority: Authority, *, name: str = "example.org") -> Wire:
    account = Account(OWN)
    place = Endpoint(
        name,
        port,
        TlsMode.DIRECT,
        ("127.0.0.1",),
        kind=TransportKind.WEBSOCKET,
        url=f"wss://{name}:{port}/ws",
    )
    return await reaching.open_wire(
        place,
        lambda: reaching.open_socket(place, account, timeout=5),
        context=tls.context(str(authority.ca_file), direct=False),
        timeout=5,
    )


async def test_each_element_is_one_message_with_its_namespace(
    authority: Authority, good: ssl.SSLContext
) -> None:
    got: list[str | bytes] = []
    done = asyncio.Event()
    headers: dict[str, str] = {}

    async def script(peer: ServerConnection) -> None:
        assert peer.request is not None
        headers.update(peer.request.headers)
        async for message in peer:
            got.append(message)
            if "<close" in str(message):
                done.set()

    async with served(good, script) as port:
        wire = await opened(port, authority)
        wire.attach(Heard())
        wire.write([Opening("example.org", "juliet@example.org"), "<message to='a'/>"])
        wire.write(["<iq id='1'><query xmlns='jabber:iq:roster'/></iq>", "<presence xmlns='jabber:client'/>"])
        wire.write(["<message id='a' note=' xmlns=' />", "<r xmlns='urn:xmpp:sm:3'/>", " ", Closing()])
        async with asyncio.timeout(5):
            await done.wait()
        assert wire.kind is TransportKind.WEBSOCKET
        assert wire.certificate()
        assert wire.socket() is not None
        wire.abort()
    framing = "urn:ietf:params:xml:ns:xmpp-framing"
    assert got == [
        f"<open xmlns='{framing}' to=\"example.org\" from=\"juliet@example.org\" version='1.0'/>",
        "<message xmlns='jabber:client' to='a'/>",
        "<iq xmlns='jabber:client' id='1'><query xmlns='jabber:iq:roster'/></iq>",
        "<presence xmlns='jabber:client'/>",
        "<message xmlns='jabber:client' id='a' note=' xmlns=' />",
        "<r xmlns='urn:xmpp:sm:3'/>",
        f"<close xmlns='{framing}'/>",
    ]
    # Nothing that a handshake does not need, and nothing compressed.
    assert set(headers) == {
        "host",
        "upgrade",
        "connection",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-protocol",
    }


async def test_what_comes_is_framed_as_over_tcp(authority: Authority, good: ssl.SSLContext) -> None:
    async def script(peer: ServerConnection) -> None:
        await peer.send(OPEN)
        await peer.send(FEATURES)
        # One message in several frames.
        await peer.send(iter(["<mess", "age/>"]))
        await peer.send("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")
        await peer.wait_closed()

    async with served(good, script) as port:
        wire = await opened(port, authority)
        heard = Heard()
        wire.attach(heard)
        await heard.until(lambda one: one.data.endswith(b"</stream:stream>"))
        wire.abort()
        await heard.until(lambda one: bool(one.errors))
    assert heard.data == (
        b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
        b'id="s" from="example.org" version="1.0">' + FEATURES.encode() + b"<message/></stream:stream>"
    )


@pytest.mark.parametrize("target", ["ws://example.org/", "wss://evil.example/", "/elsewhere"])
async def test_a_redirect_is_not_followed(target: str, authority: Authority, good: ssl.SSLContext) -> None:
    asked: list[str] = []

    def answer(peer: ServerConnection, request: Request) -> Response:
        asked.append(request.path)
        response = peer.respond(HTTPStatus.FOUND, "")
        response.headers["Location"] = target
        return response

    async with served(good, answer=answer) as port:
        with pytest.raises(Failure, match="not followed"):
            await opened(port, authority)
    assert asked == ["/ws"]


@pytest.mark.parametrize("subprotocol", [None, "soap"])
async def test_the_subprotocol_must_be_confirmed(
    subprotocol: str | None, authority: Authority, good: ssl.SSLContext
) -> None:
    async with served(good, subprotocol=subprotocol) as port:
        with pytest.raises(Failure, match="does not speak XMPP over WebSocket"):
            await opened(port, authority)


async def test_a_web_server_without_chat_is_named(authority: Authority, good: ssl.SSLContext) -> None:
    def answer(peer: ServerConnection, _: Request) -> Response:
        return peer.respond(HTTPStatus.NOT_FOUND, "nothing here")

    async with served(good, answer=answer) as port:
        with pytest.raises(Failure, match=r"example\.org has no chat over WebSocket .*404"):
            await opened(port, authority)


async def test_the_certificate_must_be_for_the_host(authority: Authority, good: ssl.SSLContext) -> None:
    async with served(good) as port:
        with pytest.raises(BadCertificate, match=r"not for other\.example"):
            await opened(port, authority, name="other.example")


async def test_nothing_is_said_without_tls(authority: Authority) -> None:
    said = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.extend(await reader.read(65536))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        with pytest.raises(Failure):
            await opened(server.sockets[0].getsockname()[1], authority)
    assert said.startswith(b"\x16\x03")


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='wss://e.example/'/>", "another"),
        ("<message><body>" + "x" * Limits().whole_bytes + "</body></message>", "rules of WebSocket"),
        (b"<message/>", "rules of WebSocket"),
        ("<!DOCTYPE x [<!ENTITY e 'e'>]><message>&e;</message>", "not XML"),
        ("<message>&e;</message>", "forbidden"),
        ("<open <", "not XML"),
    ],
)
async def test_what_breaks_the_rules_ends_the_stream(
    message: str | bytes, sentence: str, authority: Authority, good: ssl.SSLContext
) -> None:
    async def script(peer: ServerConnection) -> None:
        await peer.send(OPEN)
        await peer.send(message)
        await peer.wait_closed()

    async with served(good, script) as port:
        stream = Stream(Account(OWN), facts=Facts())
        stream.renew()
        stream.attach(await opened(port, authority))
        stream.confirm_secure()
        async with asyncio.timeout(5):
            failure = await stream.lost
    assert sentence in failure.sentence
    assert isinstance(failure, Violation) or sentence == "not XML"


async def test_what_is_too_long_is_left_out_and_the_next_is_read(
    authority: Authority, good: ssl.SSLContext
) -> None:
    """Somebody else may have written it: it would come again with every new stream."""

    async def script(peer: ServerConnection) -> None:
        await peer.send(OPEN)
        await peer.send("<message><body>" + "x" * 2 * Limits().stanza_bytes + "</body></message>")
        await peer.send("<message>&next;</message>")
        await peer.wait_closed()

    async with served(good, script) as port:
        stream = Stream(Account(OWN), facts=Facts())
        stream.renew()
        stream.attach(await opened(port, authority))
        stream.confirm_secure()
        stream.phase_gate.phase = Phase.BOUND
        async with asyncio.timeout(5):
            failure = await stream.lost
    assert "forbidden" in failure.sentence


async def test_a_server_that_says_nothing_is_not_waited_for(authority: Authority) -> None:
    # The port listens, and nobody answers.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = Endpoint(
            "example.org",
            listening.getsockname()[1],
            TlsMode.DIRECT,
            ("127.0.0.1",),
            kind=TransportKind.WEBSOCKET,
            url="wss://example.org/ws",
        )
        with pytest.raises(Failure):
            await reaching.open_wire(
                place,
                lambda: reaching.open_socket(place, Account(OWN), timeout=5),
                context=tls.context(str(authority.ca_file), direct=False),
                timeout=0.2,
            )
