"""HTTPS to one server: no redirect, no cookie, no proxy of the environment, and bounded answers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from ..failure import Failure, Violation
from .carrying import Connections, Look
from .socket_wire import hurry
from .unsent import unsent

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.tracing import Trace

Dial = Callable[[], Awaitable[socket.socket]]
"""Opens one more TCP connection to the server."""

_AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding")
_MOST_CONNECTIONS = 2
_KEPT_SECONDS = 3600.0


class HttpStatus(Failure):
    """The server answered with something else than 200."""

    def __init__(self, host: str, status: int) -> None:
        super().__init__(f"{host} has nothing at this address (HTTP {status}).", "http")
        self.status = status


class Https:
    """Keeps at most two connections to the server that *dial* reaches, whatever host a URL names.

    *server_name* is the name its certificate must have.
    """

    def __init__(self, dial: Dial, *, context: ssl.SSLContext, server_name: str, timeout: float) -> None:
        self.bytes_in = 0
        self.bytes_out = 0
        self._connector = _Connector(self, dial, context, server_name, timeout)
        counting = aiohttp.TraceConfig()
        counting.on_request_headers_sent.append(self._headers_sent)
        counting.on_request_chunk_sent.append(self._chunk_sent)
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_AUTOMATIC,
            trust_env=False,
            trace_configs=[counting],
            auto_decompress=False,
        )

    async def connect(self) -> None:
        """Open the first connection before the first request; raises ssl.SSLError, OSError, Failure."""
        self._connector.ready.append(await self._connector.open())

    async def get(self, url: str, *, most: int, timeout: float) -> bytes:
        """Return what is at *url*, at most *most* bytes.

        *timeout* is in seconds, for all of it. Raises Failure, aiohttp.ClientError, OSError, TimeoutError.
        """
        return await self._ask("GET", url, None, most, aiohttp.ClientTimeout(total=timeout))

    async def post(self, url: str, body: bytes, *, content_type: str, most: int, timeout: float) -> bytes:
        """Return the answer to *body*; the rest is as with `get`, but *timeout* is for each part of it."""
        silent = aiohttp.ClientTimeout(total=None, sock_read=timeout)
        return await self._ask("POST", url, body, most, silent, {"Content-Type": content_type})

    async def _ask(
        self,
        method: str,
        url: str,
        body: bytes | None,
        most: int,
        timeout: aiohttp.ClientTimeout,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        async with self._session.request(
            method,
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=timeout,
        ) as response:
            if 300 <= response.status < 400:
                raise Failure(
                    f"{response.url.host} sends on to another address. It was not followed.", "redirect"
                )
            if response.status != 200:
                raise HttpStatus(str(response.url.host), response.status)
            got = bytearray()
            async for chunk in response.content.iter_any():
                got += chunk
                if len(got) > most:
                    raise Violation(
                        "The server sent more in one piece than any honest server does; the link was cut."
                    )
            return bytes(got)

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: AsyncIterator[bytes] | None = None
    ) -> contextlib.AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Return the answer as a context, its content unread and its redirect not followed.

        *url* goes as it is, for it may be signed; *body* is as long as `Content-Length` says. There is no
        time-out. Raises aiohttp.ClientError, OSError, ssl.SSLError, Failure.
        """
        return self._session.request(
            method,
            URL(url, encoded=True),
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None),
        )

    def certificate(self) -> bytes | None:
        """Return the certificate (DER) of the connection that was opened last; None: there is none."""
        secured = self._connector.told("ssl_object")
        return secured.getpeercert(True) if isinstance(secured, (ssl.SSLObject, ssl.SSLSocket)) else None

    def socket(self) -> socket.socket | None:
        """Return the TCP socket of the connection that was opened last."""
        found: socket.socket | None = self._connector.told("socket")
        return found

    def carried(self) -> Look | None:
        """Return what all connections have carried, those that are over with them; None: nobody tells."""
        return self._connector.connections.told()

    @property
    def waiting(self) -> int:
        """Bytes accepted that the network has not taken yet."""
        return sum(
            one.get_write_buffer_size() + unsent(one.get_extra_info("socket"))
            for one in self._connector.standing()
        )

    def abort(self) -> None:
        """Cut all connections at once."""
        for one in self._connector.standing():
            # Python before 3.11.4 trips over a TLS transport that is closed already.
            with contextlib.suppress(AttributeError):
                one.abort()

    async def close(self) -> None:
        """Cut all connections and forget the session."""
        self.abort()
        await self._session.close()
        self._connector.connections.all_over()

    async def _headers_sent(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, sent: aiohttp.TraceRequestHeadersSentParams
    ) -> None:
        request_line = len(sent.method) + len(sent.url.raw_path_qs) + len("  HTTP/1.1\r\n")
        lines = sum(len(name) + len(text) + len(": \r\n") for name, text in sent.headers.items())
        self.bytes_out += request_line + lines + len("\r\n")

    async def _chunk_sent(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, sent: aiohttp.TraceRequestChunkSentParams
    ) -> None:
        self.bytes_out += len(sent.chunk)


class _Handler(ResponseHandler):
    owner: Https
    connections: Connections
    held: socket.socket | None
    """What counts this connection."""
    standing: asyncio.Transport | None = None
    """Until it is gone for good. The library forgets its own while it still takes leave of the server."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self.standing = transport
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self.owner.bytes_in += len(data)
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.connections.over(self.held)
        self.standing = None
        super().connection_lost(exc)


class _Connector(aiohttp.BaseConnector):
    """Gives the library connections we opened: it resolves nothing and knows no other way out."""

    allowed_protocol_schema_set = frozenset({"https"})

    def __init__(
        self, owner: Https, dial: Dial, context: ssl.SSLContext, server_name: str, timeout: float
    ) -> None:
        super().__init__(limit=_MOST_CONNECTIONS, keepalive_timeout=_KEPT_SECONDS)
        self.ready: list[_Handler] = []
        """Open, and not used yet."""
        self._opened: list[_Handler] = []
        self.connections = Connections()
        self._owner = owner
        self._dial = dial
        self._tls = context
        self._server_name = server_name
        self._seconds = timeout

    async def open(self) -> _Handler:
        connected = await self._dial()
        hurry(connected)
        held = self.connections.hold(connected)
        try:
            _, handler = await self._loop.create_connection(
                lambda: self._handler(held),
                sock=connected,
                ssl=self._tls,
                server_hostname=self._server_name,
                ssl_handshake_timeout=self._seconds,
            )
        except BaseException:
            # Its transport closes it: closed under that, its number would stay taken for the loop.
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)
            self.connections.over(held)
            raise
        self._opened = [one for one in self._opened if one.standing is not None] + [handler]
        return handler

    def standing(self) -> list[asyncio.Transport]:
        """All connections that are not gone yet, the one opened last at the end."""
        return [one.standing for one in self._opened if one.standing is not None]

    def _handler(self, held: socket.socket | None) -> _Handler:
        made = _Handler(self._loop)
        made.owner, made.connections, made.held = self._owner, self.connections, held
        return made

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        while self.ready:
            ready = self.ready.pop()
            if ready.is_connected():
                return ready
        return await self.open()

    def told(self, name: str) -> Any:
        """Return what the transport of the last connection says of *name*; None: nothing."""
        standing = self.standing()
        return standing[-1].get_extra_info(name) if standing else None
