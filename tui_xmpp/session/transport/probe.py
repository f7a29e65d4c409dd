"""Fetches the certificate that could not be verified, to say what is wrong with it; nothing else is said."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from ...core.account import TlsMode
from .tcp import open_socket
from .tls import ALPN, server_name

_MAX_BYTES = 64 * 1024


async def presented(
    addresses: Sequence[str], port: int, mode: TlsMode, domain: str, *, timeout: float
) -> bytes | None:
    """Return the certificate (DER) a server shows, unverified; None: none within *timeout* seconds."""
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(timeout):
            return await _ask(await open_socket(addresses, port, timeout=timeout), mode, domain)
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
