"""What every wire on one TCP connection has: its socket, its certificate, what waits, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

from . import carrying
from .carrying import Look
from .unsent import unsent
from .wire import Receiver

_MOST_WAITING = 1500
"""Bytes that may wait in front of the network before the stream holds back what is less urgent."""
_MOST_UNSENT = 2048
"""Bytes the kernel takes beyond what is under way, so that what is urgent does not stand behind them."""


def hurry(connected: socket.socket) -> None:
    """Let the kernel of *connected* keep little in front of the network, where it can be told."""
    with contextlib.suppress(OSError, AttributeError):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MOST_UNSENT)


class SocketWire(asyncio.Protocol):
    """The common part; what comes before a receiver is attached is kept for it."""

    def __init__(self) -> None:
        self.bytes_in = 0
        self.bytes_out = 0
        self._transport: asyncio.Transport | None = None
        self._receiver: Receiver | None = None
        self._early: list[bytes] = []
        self._ended: tuple[BaseException | None] | None = None

    def attach(self, receiver: Receiver) -> None:
        """As `Wire.attach`."""
        self._receiver = receiver
        early, self._early = self._early, []
        for data in early:
            receiver.received(data)
        if self._ended is not None:
            receiver.broken(*self._ended)

    @property
    def waiting(self) -> int:
        """As `Wire.waiting`: what Python and, where it tells, the kernel hold back."""
        if self._transport is None or self._ended is not None:
            return 0
        return self._transport.get_write_buffer_size() + unsent(self.socket())

    def hold(self, is_held: bool) -> None:
        """As `Wire.hold`."""
        if self._transport is not None and not self._gone():
            (self._transport.pause_reading if is_held else self._transport.resume_reading)()

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

    def carried(self) -> Look | None:
        """As `Wire.carried`."""
        return carrying.told(self.socket())

    def _gone(self) -> bool:
        return self._transport is None or self._ended is not None or self._transport.is_closing()

    def _hand_over(self, data: bytes) -> None:
        if self._receiver is None:
            self._early.append(data)
        else:
            self._receiver.received(data)

    def _end(self, error: BaseException | None) -> None:
        if self._ended is None:
            self._ended = (error,)
            if self._receiver is not None:
                self._receiver.broken(error)

    # --- asyncio -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket, or TLS on it, stands."""
        if isinstance(transport, asyncio.Transport):
            self._take(transport)

    def _take(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=_MOST_WAITING)

    def resume_writing(self) -> None:
        """The buffer has drained."""
        if self._receiver is not None:
            self._receiver.drained()

    def eof_received(self) -> None:
        """The peer will send no more; the transport closes."""

    def connection_lost(self, exception: BaseException | None) -> None:
        """It is gone."""
        self._end(exception)
