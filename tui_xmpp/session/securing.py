"""Makes a stream out of a connected socket, and the stream secure (RFC 6120 §5, XEP-0368)."""

from __future__ import annotations

import socket

from ..core.account import TlsMode
from . import gate
from .failure import Failure, Violation
from .stream import Stream
from .transport import tls
from .transport.tcp_wire import TcpWire


async def over_tcp(stream: Stream, connected: socket.socket, mode: TlsMode, *, timeout: float) -> None:
    """Give *stream* a secure wire over *connected*; raises ssl.SSLError, OSError, Failure.

    *timeout* is in seconds, for each step. By STARTTLS nothing is said but the stream header and
    `<starttls/>` before TLS (RFC 6120 §5.4).
    """
    account = stream.account
    name = tls.server_name(account.address.domain)
    context = tls.context(account.ca_file, direct=mode is TlsMode.DIRECT)
    if mode is TlsMode.DIRECT:
        stream.attach(await TcpWire.open(connected, context=context, server_name=name, timeout=timeout))
    else:
        wire = await TcpWire.open(connected)
        stream.attach(wire)
        await _consent(stream, timeout)
        try:
            await wire.secure(context, server_name=name, timeout=timeout)
        except ConnectionError:
            raise stream.fail(Failure("The link broke.")) from None
    stream.confirm_secure()


async def _consent(stream: Stream, timeout: float) -> None:
    await stream.begin(timeout)
    stream.say(f"<starttls xmlns='{gate.TLS}'/>")
    answer = await stream.take(timeout)
    if answer.tag != gate.PROCEED:
        raise Failure("The server failed to begin encryption. Nothing was sent.")
    # RFC 6120 §5.4.3.3: nothing may follow <proceed/> in clear; what did would be taken for secure.
    if stream.release():
        raise stream.fail(Violation("Something was slipped in behind the server's consent to encrypt."))
