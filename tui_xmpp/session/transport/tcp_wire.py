"""The stream over TCP, with TLS from the first byte or begun on the way (RFC 6120 §4, §5; XEP-0368)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from ...core.account import TransportKind
from ..failure import Failure
from .deflate import Deflate
from .socket_wire import SocketWire, hurry
from .wire import Closing, Item, Opening

FOOTER = "</stream:stream>"


class TcpWire(SocketWire):
    """A `Wire` on one connected socket."""

    kind = TransportKind.TCP

    def __init__(self) -> None:
        super().__init__()
        self.deflate: Deflate | None = None
        """What compresses from now on (XEP-0138); None: nothing does."""

    @classmethod
    async def open(
        cls,
        connected: socket.socket,
        *,
        context: ssl.SSLContext | None = None,
        server_name: str = "",
        timeout: float = 30.0,
    ) -> TcpWire:
        """Take over a connected socket, with *context* by direct TLS; raises ssl.SSLError, OSError.

        *timeout* is in seconds, for the handshake.
        """
        hurry(connected)
        wire = cls()
        secured: dict[str, object] = {}
        if context is not None:
            secured = {"ssl": context, "server_hostname": server_name, "ssl_handshake_timeout": timeout}
        await asyncio.get_running_loop().create_connection(lambda: wire, sock=connected, **secured)  # type: ignore[call-overload]
        return wire

    async def secure(self, context: ssl.SSLContext, *, server_name: str, timeout: float) -> None:
        """Begin TLS after `<proceed/>`; raises ssl.SSLError, OSError; ConnectionError when it is gone."""
        if self._transport is None or self._ended is not None:
            raise ConnectionError
        made = await asyncio.get_running_loop().start_tls(
            self._transport,
            self,
            context,
            server_hostname=server_name,
            ssl_handshake_timeout=timeout,
        )
        if made is None or self._ended is not None:
            raise ConnectionError
        self._take(made)

    def write(self, items: Sequence[Item]) -> None:
        """As `Wire.write`."""
        if self._transport is None or self._gone():
            return
        data = "".join(map(as_text, items)).encode("utf-8", "replace")
        if self.deflate is not None:
            data = self.deflate.pack(data)
        self.bytes_out += len(data)
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self.bytes_in += len(data)
        if self.deflate is None:
            self._hand_over(data)
            return
        try:
            for piece in self.deflate.unpack(data):
                self._hand_over(piece)
                if self._gone():
                    return
        except Failure as failure:
            self._end(failure)
            self.abort()


def as_text(item: Item) -> str:
    """Return what TCP carries of *item*."""
    if isinstance(item, Opening):
        from_ = f" from={quoteattr(item.from_)}" if item.from_ else ""
        return (
            f"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
            f"version='1.0' to={quoteattr(item.to)}{from_}>"
        )
    return FOOTER if isinstance(item, Closing) else item
