"""The stream over WebSocket (RFC 7395), over TLS only."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from ...core.account import TransportKind
from ..failure import Failure, Violation
from ..reader import Limits
from . import envelope
from .socket_wire import SocketWire, hurry
from .wire import Closing, Item, Opening

if TYPE_CHECKING:
    from websockets.client import ClientProtocol
    from websockets.frames import Frame
    from websockets.http11 import Response

FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"
_SUBPROTOCOL = "xmpp"
_MOST_BYTES = Limits().whole_bytes
"""Of one message: as much as of one stanza that is left out."""

_log = logging.getLogger("tui-xmpp.websocket")
_log.setLevel(logging.WARNING)


class WebSocketWire(SocketWire):
    """A `Wire` on one WebSocket; nothing is compressed, and no ping is sent that nobody asked for."""

    kind = TransportKind.WEBSOCKET

    def __init__(self, protocol: ClientProtocol) -> None:
        super().__init__()
        self._protocol = protocol
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parts: list[bytes] = []

    @classmethod
    async def open(
        cls, connected: socket.socket, url: str, *, context: ssl.SSLContext, server_name: str, timeout: float
    ) -> WebSocketWire:
        """Take over a connected socket; raises ssl.SSLError, OSError, TimeoutError, Failure.

        *timeout* is in seconds, for TLS and for the opening handshake (RFC 6455 §4). No redirect is followed.
        """
        from websockets.client import ClientProtocol
        from websockets.typing import Subprotocol
        from websockets.uri import parse_uri

        hurry(connected)
        protocol = ClientProtocol(
            parse_uri(url), subprotocols=[Subprotocol(_SUBPROTOCOL)], max_size=_MOST_BYTES, logger=_log
        )
        wire = cls(protocol)
        await asyncio.get_running_loop().create_connection(
            lambda: wire,
            sock=connected,
            ssl=context,
            server_hostname=server_name,
            ssl_handshake_timeout=timeout,
        )
        try:
            protocol.send_request(protocol.connect())
            wire._let_go()
            async with asyncio.timeout(timeout):
                await wire._opened
        except BaseException:
            wire.abort()
            raise
        return wire

    def write(self, items: Sequence[Item]) -> None:
        """As `Wire.write`: one message for each element (RFC 7395 §3.3.3)."""
        if self._gone():
            return
        for item in items:
            text = _text(item)
            if text.strip():
                self._protocol.send_text(text.encode("utf-8", "replace"))
            else:
                # RFC 7395 §3.8: whitespace keeps nothing alive here, a ping does.
                self._protocol.send_ping(b"")
        self._let_go()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self.bytes_in += len(data)
        self._protocol.receive_data(data)
        self._go_on()

    def eof_received(self) -> None:
        """The peer will send no more; the transport closes."""
        self._protocol.receive_eof()
        self._go_on()

    def connection_lost(self, exception: BaseException | None) -> None:
        """It is gone."""
        self._refuse(Failure("The server broke the link off while it was being made."))
        super().connection_lost(exception)

    def _go_on(self) -> None:
        from websockets.frames import Frame

        try:
            for event in self._protocol.events_received():
                if isinstance(event, Frame):
                    self._frame(event)
                elif not self._opened.done():
                    self._answered(event)  # type: ignore[arg-type]
        except Failure as failure:
            self._refuse(failure)
            self._end(failure)
            self.abort()
            return
        self._let_go()
        if self._protocol.handshake_exc is not None:
            self._refuse(Failure("The server's answer is not that of a WebSocket."))
        error = self._protocol.parser_exc
        if error is not None and not isinstance(error, EOFError):
            self._end(Violation("The server broke the rules of WebSocket; the link was cut."))
            self.abort()
        elif self._protocol.close_expected() and self._transport is not None:
            self._transport.close()

    def _let_go(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if data and self._transport is not None and not self._gone():
            self.bytes_out += len(data)
            self._transport.write(data)

    def _answered(self, response: Response) -> None:
        failure = _fault(response, self._protocol)
        if failure is not None:
            raise failure
        self._opened.set_result(None)

    def _refuse(self, failure: Failure) -> None:
        if not self._opened.done():
            self._opened.set_exception(failure)

    def _frame(self, frame: Frame) -> None:
        from websockets.frames import DATA_OPCODES, Opcode

        if frame.opcode not in DATA_OPCODES:
            return
        # RFC 7395 §3.2: "Data frame messages in the XMPP subprotocol MUST be of the text type".
        if frame.opcode is Opcode.BINARY:
            raise Violation("The server broke the rules of WebSocket; the link was cut.")
        self._parts.append(bytes(frame.data))
        if frame.fin:
            message, self._parts = b"".join(self._parts), []
            self._hand_over(_as_stream(message))


def _text(item: Item) -> str:
    if isinstance(item, Opening):
        from_ = f" from={quoteattr(item.from_)}" if item.from_ else ""
        return f"<open xmlns='{FRAMING}' to={quoteattr(item.to)}{from_} version='1.0'/>"
    return f"<close xmlns='{FRAMING}'/>" if isinstance(item, Closing) else envelope.with_namespace(item)


def _as_stream(message: bytes) -> bytes:
    """Return *message* as a TCP stream would carry it (RFC 7395 §3.4); raises Failure."""
    if not message.lstrip().startswith((b"<open", b"<close")):
        return message
    framed = envelope.read(message)
    if framed.tag == f"{{{FRAMING}}}open":
        return envelope.header(framed.attributes, framed.attributes.get("version", ""))
    if framed.tag != f"{{{FRAMING}}}close":
        return message
    # RFC 7395 §3.6.1 would have us go where "see-other-uri" says.
    if "see-other-uri" in framed.attributes:
        raise Violation("The server tried to send you to another address. It was not followed.")
    return envelope.FOOTER


def _fault(response: Response, protocol: ClientProtocol) -> Failure | None:
    host = protocol.uri.host
    status = response.status_code
    if 300 <= status < 400:
        return Failure(f"{host} sends on to another address. It was not followed.", "redirect")
    if status != 101:
        return Failure(f"{host} has no chat over WebSocket at this address (HTTP {status}).", "no-websocket")
    # RFC 7395 §3.1: without the subprotocol confirmed the client must close the connection.
    if protocol.handshake_exc is not None or protocol.subprotocol != _SUBPROTOCOL:
        return Failure(f"{host} does not speak XMPP over WebSocket at this address.", "no-websocket")
    return None
