"""What TCP has carried for a wire: as the kernel tells, else as it can be reckoned."""

from __future__ import annotations

import socket

from tui_xmpp.core.value import value

from ...core.account import TransportKind
from . import tcp_info
from .unsent import unread, unsent
from .wire import Wire

RECORD = 22
"""What a TLS 1.3 record adds: header, type and tag."""
_SEGMENT = 1448
"""Payload of a TCP segment on Ethernet."""
_HANDSHAKE = (700, 3200)
"""About what a TLS handshake takes, up and down, with the certificates of a public server and its tickets."""


@value
class Look:
    """Bytes and segments since the connection stands, up and down."""

    tcp: tuple[int, int]
    segments: tuple[int, int]


def told(wire: Wire) -> Look | None:
    """Return what the kernel says; None where it does not tell, or not of all connections of the wire."""
    if wire.kind is TransportKind.BOSH:
        return None
    connected = wire.socket()
    info = tcp_info.read(connected)
    if info is None or not info.sent:
        return None
    # What was handed over counts, and what was not read does not: so it is compared with the XML we know of.
    up, down = info.sent + unsent(connected), info.received - unread(connected)
    return Look((up, down), (info.segments_out, info.segments_in))


def of(connected: socket.socket) -> Look | None:
    """Return what a connection that is over has carried; None where the kernel does not tell."""
    info = tcp_info.read(connected)
    if info is None:
        return None
    return Look((info.sent, info.received), (info.segments_out, info.segments_in))


def reckoned(
    wire: Wire, packets: tuple[int, int], last: Look | None, since: tuple[int, int, int, int]
) -> Look:
    """Return about what it must be: *last* was told when *since* (bytes and packets, up and down) was true.

    Without, the handshake is reckoned too.
    """
    base = last or Look(_HANDSHAKE, (5, 5))
    up, down, packets_up, packets_down = since
    out, in_ = packets[0] - packets_up, packets[1] - packets_down
    bytes_up = wire.bytes_out - up + RECORD * out
    bytes_down = wire.bytes_in - down + RECORD * in_
    data_up, data_down = _segments(bytes_up, out), _segments(bytes_down, in_)
    return Look(
        (base.tcp[0] + bytes_up, base.tcp[1] + bytes_down),
        # Every second segment is acknowledged by itself.
        (base.segments[0] + data_up + data_down // 2, base.segments[1] + data_down + data_up // 2),
    )


def _segments(size: int, packets: int) -> int:
    return max(packets, -(-size // _SEGMENT))
