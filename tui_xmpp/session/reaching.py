"""From an endpoint to a connection: directly or through the account's proxy, and never around that."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable

from ..core.account import Account, TransportKind
from ..core.network import parse_proxy
from .endpoints import Endpoint
from .failure import BadCertificate, Failure
from .transport import tcp, tls
from .transport.proxy import open_through
from .transport.wire import Wire


async def open_socket(
    endpoint: Endpoint, account: Account, *, timeout: float, fresh: float = 3.0, patience: float = 120.0
) -> socket.socket:
    """Return a connected, non-blocking socket to *endpoint*; raises Failure with a sentence.

    *timeout*, *fresh* and *patience* are in seconds, as in `tcp.open_socket`. With a proxy the name goes to
    the proxy, and the addresses of *endpoint* are not used.
    """
    if account.proxy:
        proxy = parse_proxy(account.proxy)
        return await open_through(proxy, endpoint.host, endpoint.port, timeout=timeout)
    try:
        return await tcp.open_socket(
            endpoint.addresses, endpoint.port, timeout=timeout, fresh=fresh, patience=patience
        )
    except TimeoutError:
        raise Failure(f"{endpoint.host} does not answer. Check the network.", "timeout") from None
    except ConnectionRefusedError:
        raise Failure(
            f"{endpoint.host} refuses connections at port {endpoint.port}.", "unreachable"
        ) from None
    except OSError:
        raise Failure(f"{endpoint.host} cannot be reached. Check the network.", "unreachable") from None


async def open_wire(
    endpoint: Endpoint,
    connect: Callable[[], Awaitable[socket.socket]],
    *,
    context: ssl.SSLContext,
    timeout: float,
) -> Wire:
    """Return a secure wire over WebSocket or BOSH; raises Failure, BadCertificate for its certificate.

    *connect* opens a TCP connection to *endpoint*. *context* checks the certificate for the host of the URL
    (XEP-0156 §2.2), or for the name the domain gave (XEP-0487 §2.2). *timeout* is in seconds, for an answer.
    """
    name = endpoint.name or endpoint.host
    try:
        if endpoint.kind is TransportKind.BOSH:
            from .transport.bosh import BoshWire
            from .transport.https import Https

            https = Https(connect, context=context, server_name=name, timeout=timeout)
            return await BoshWire.open(https, endpoint.url, timeout=timeout)
        from .transport.websocket import WebSocketWire

        return await WebSocketWire.open(
            await connect(), endpoint.url, context=context, server_name=name, timeout=timeout
        )
    except ssl.SSLError as error:
        failure = tls.failed(error, name)
        raise failure if isinstance(failure, BadCertificate) else Failure(failure.sentence) from None
    except TimeoutError:
        raise Failure(f"{endpoint.host} does not answer. Check the network.", "timeout") from None
    except OSError:
        raise Failure(f"{endpoint.host} broke the link off while it was being made.") from None
