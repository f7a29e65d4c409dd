"""The stream over TCP, with TLS from the first byte or begun on the way (RFC 6120 §4, §5; XEP-0368)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from ...core.account import TransportKind
from .wire import Closing, Item, Opening, Receiver

FOOTER = "</stream:stream>"
_MOST_WAITING = 1500
"""Bytes that may wait in front of the network before the stream holds back what is less urgent."""
_MOST_UNSENT = 2048
"""Bytes the kernel takes beyond what is under way, so that what is urgent does not stand behind them."""


class TcpWire(asyncio.Protocol):
    """A `Wire` on one connected socket."""

    kind = TransportKind.TCP

    def __init__(self) -> None:
        self.bytes_in = 0
        self.bytes_out = 0
        self._transport: asyncio.Transport | None = None
        self._receiver: Receiver | None = None
        self._early: list[bytes] = []
        self._ended: tuple[BaseException | None] | None = None

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
        with contextlib.suppress(OSError, AttributeError):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MOST_UNSENT)
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

    def attach(self, receiver: Receiver) -> None:
        """As `Wire.attach`."""
        self._receiver = receiver
        early, self._early = self._early, []
        for data in early:
            receiver.received(data)
        if self._ended is not None:
            receiver.broken(*self._ended)

    def write(self, items: Sequence[Item]) -> None:
        """As `Wire.write`."""
        if self._transport is None or self._ended is not None or self._transport.is_closing():
            return
        data = "".join(map(_text, items)).encode("utf-8", "replace")
        self.bytes_out += len(data)
        self._transport.write(data)

    @property
    def waiting(self) -> int:
        """As `Wire.waiting`: what Python and, where it tells, the kernel hold back."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def abort(self) -> None:
        """As `Wire.abort`."""
        if self._transport is not None:
            # Python before 3.11.4 trips over a TLS transport that is closed already.
            with contextlib.suppress(AttributeError):
                self._transport.abort()

    def certificate(self) -> bytes | None:
        """As `Wire.certificate`."""
        secured = self._transport and self._transport.get_extra_info("ssl_object")
        return secured.getpeercert(True) if isinstance(secured, (ssl.SSLObject, ssl.SSLSocket)) else None

    def socket(self) -> socket.socket | None:
        """As `Wire.socket`."""
        found = self._transport and self._transport.get_extra_info("socket")
        return found or None

    # --- asyncio -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket, or TLS on it, stands."""
        if isinstance(transport, asyncio.Transport):
            self._take(transport)

    def _take(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=_MOST_WAITING)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self.bytes_in += len(data)
        if self._receiver is None:
            self._early.append(data)
        else:
            self._receiver.received(data)

    def resume_writing(self) -> None:
        """The buffer has drained."""
        if self._receiver is not None:
            self._receiver.drained()

    def eof_received(self) -> None:
        """The peer will send no more; the transport closes."""

    def connection_lost(self, exception: BaseException | None) -> None:
        """It is gone."""
        if self._ended is None:
            self._ended = (exception,)
            if self._receiver is not None:
                self._receiver.broken(exception)


def _text(item: Item) -> str:
    if isinstance(item, Opening):
        from_ = f" from={quoteattr(item.from_)}" if item.from_ else ""
        return (
            f"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
            f"version='1.0' to={quoteattr(item.to)}{from_}>"
        )
    return FOOTER if isinstance(item, Closing) else item
