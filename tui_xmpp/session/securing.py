"""Makes a stream out of a connected socket, and the stream secure (RFC 6120 §5, XEP-0368)."""

from __future__ import annotations

import socket
import ssl

from ..core.account import TlsMode
from . import gate
from .failure import Failure, Violation
from .stream import Stream
from .transport import tls
from .transport.tcp_wire import TcpWire

STARTTLS = f"<starttls xmlns='{gate.TLS}'/>"


async def over_tcp(
    stream: Stream,
    connected: socket.socket,
    mode: TlsMode,
    context: ssl.SSLContext,
    *,
    timeout: float,
    quick: bool = False,
) -> None:
    """Give *stream* a secure wire over *connected*; raises ssl.SSLError, OSError, Failure.

    *timeout* is in seconds, for each step. By STARTTLS nothing is said but the stream header and
    `<starttls/>` before TLS (RFC 6120 §5.4); *quick* says both in one packet.
    """
    name = tls.server_name(stream.account.address.domain)
    if mode is TlsMode.DIRECT:
        stream.attach(await TcpWire.open(connected, context=context, server_name=name, timeout=timeout))
    else:
        wire = await TcpWire.open(connected)
        stream.attach(wire)
        await _consent(stream, timeout, quick)
        try:
            await wire.secure(context, server_name=name, timeout=timeout)
        except ConnectionError:
            stream.fail(Failure("The link broke."))
            raise
    stream.confirm_secure()


async def _consent(stream: Stream, timeout: float, quick: bool) -> None:
    stream.renew()
    stream.say(stream.opening())
    if quick:
        stream.say(STARTTLS)
    await stream.greeting(timeout)
    if not quick:
        stream.say(STARTTLS)
    answer = await stream.take(timeout)
    if answer.tag != gate.PROCEED:
        raise Failure("The server failed to begin encryption. Nothing was sent.")
    # RFC 6120 §5.4.3.3: nothing may follow <proceed/> in clear; what did would be taken for secure.
    if stream.release():
        raise stream.fail(Violation("Something was slipped in behind the server's consent to encrypt."))
