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


_NO_ANSWER = (OSError, TimeoutError, Failure, EOFError)


async def presented(
    connect: Callable[[], Awaitable[socket.socket]], mode: TlsMode, domain: str, *, timeout: float
) -> bytes | None:
    """Return the certificate (DER) a server shows, unverified; None: none within *timeout* seconds.

    *connect* opens the TCP connection, the way the account's connections go.
    """
    with contextlib.suppress(*_NO_ANSWER):
        async with asyncio.timeout(timeout):
            with await connect() as connected:
                if mode is not TlsMode.DIRECT:
                    await _start_tls(connected, domain)
                return await _shake_hands(connected, mode, server_name(domain))
    return None


async def _shake_hands(connected: socket.socket, mode: TlsMode, name: str) -> bytes | None:
    # This link carries no credential and no stanza, and is closed as soon as the certificate is read.
    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    if mode is TlsMode.DIRECT:
        unverified.set_alpn_protocols([ALPN])
    came, leaves = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = unverified.wrap_bio(came, leaves, server_hostname=name)
    while True:
        try:
            secured.do_handshake()
        except ssl.SSLWantReadError:
            await asyncio.get_running_loop().sock_sendall(connected, leaves.read())
            came.write(await _more(connected))
        else:
            # Our last words stay unsaid: with TLS 1.3 they would bring tickets that nobody takes.
            return secured.getpeercert(True)


async def _start_tls(connected: socket.socket, domain: str) -> None:
    send = asyncio.get_running_loop().sock_sendall
    header = (
        f"<stream:stream to={quoteattr(domain)} xmlns:stream='http://etherx.jabber.org/streams' "
        "xmlns='jabber:client' version='1.0'>"
    )
    await send(connected, header.encode())
    await _until(connected, b"urn:ietf:params:xml:ns:xmpp-tls", b"features>")
    await send(connected, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    await _until(connected, b"<proceed", b">")


async def _until(connected: socket.socket, *words: bytes) -> None:
    """Read past *words*, which come in this order."""
    got, place = b"", 0
    for one in words:
        while (found := got.find(one, place)) < 0:
            got += await _more(connected)
            if len(got) > _MAX_BYTES:
                raise Failure("The server said too much.")
        place = found + len(one)


async def _more(connected: socket.socket) -> bytes:
    data = await asyncio.get_running_loop().sock_recv(connected, _MAX_BYTES)
    if not data:
        raise EOFError
    return data
