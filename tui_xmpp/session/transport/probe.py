"""Fetches the certificate that could not be verified, to say what is wrong with it; nothing else is said."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from xml.sax.saxutils import quoteattr

from ...core.account import TlsMode
from ..failure import Failure
from .tls import ALPN, server_name

_MAX_BYTES = 64 * 1024


_NO_ANSWER = (OSError, TimeoutError, Failure, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


async def presented(
    connect: Callable[[], Awaitable[socket.socket]], mode: TlsMode, domain: str, *, timeout: float
) -> bytes | None:
    """Return the certificate (DER) a server shows, unverified; None: none within *timeout* seconds.

    *connect* opens the TCP connection, the way the account's connections go.
    """
    with contextlib.suppress(*_NO_ANSWER):
        async with asyncio.timeout(timeout):
            return await _ask(await connect(), mode, domain)
    return None


async def _ask(connected: socket.socket, mode: TlsMode, domain: str) -> bytes | None:
    # This link carries no credential and no stanza, and is closed as soon as the certificate is read.
    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    name = server_name(domain)
    if mode is TlsMode.DIRECT:
        unverified.set_alpn_protocols([ALPN])
        _, writer = await asyncio.open_connection(sock=connected, ssl=unverified, server_hostname=name)
    else:
        reader, writer = await asyncio.open_connection(sock=connected, limit=_MAX_BYTES)
        writer.write(
            f"<stream:stream to={quoteattr(domain)} xmlns:stream='http://etherx.jabber.org/streams' "
            "xmlns='jabber:client' version='1.0'>".encode()
        )
        await reader.readuntil(b"urn:ietf:params:xml:ns:xmpp-tls")
        await reader.readuntil(b"features>")
        writer.write(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        await reader.readuntil(b"<proceed")
        await reader.readuntil(b">")
        await writer.start_tls(unverified, server_hostname=name)
    try:
        secured = writer.get_extra_info("ssl_object")
        return secured.getpeercert(True) if isinstance(secured, ssl.SSLObject) else None
    finally:
        writer.transport.abort()
