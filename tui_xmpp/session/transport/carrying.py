"""What TCP has carried for a wire: as the kernel tells, else as it can be reckoned."""

from __future__ import annotations

import socket

from tui_xmpp.core.value import value

from . import tcp_info
from .unsent import unread, unsent

RECORD = 22
"""What a TLS 1.3 record adds: header, type and tag."""
_SEGMENT = 1448
"""Payload of a TCP segment on Ethernet."""
_HANDSHAKE = (700, 3200)
"""About what a TLS handshake takes, up and down, with the certificates of a public server and its tickets."""


@value
class Look:
    """Bytes and segments since the connection stands, up and down."""

    tcp: tuple[int, int] = (0, 0)
    segments: tuple[int, int] = (0, 0)

    def __add__(self, other: Look) -> Look:
        (up, down), (out, in_) = other.tcp, other.segments
        return Look((self.tcp[0] + up, self.tcp[1] + down), (self.segments[0] + out, self.segments[1] + in_))


def told(connected: socket.socket | None) -> Look | None:
    """Return what the kernel says of a connection that is used; None where it does not tell."""
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


class Connections:
    """What all connections of one wire have carried together, those that are over with them.

    Each is held by a second descriptor: whoever uses it has closed theirs by the time `over` is said.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []
        self._over = Look()
        self._is_told = True

    def hold(self, connected: socket.socket) -> socket.socket | None:
        """Count one that stands, until `over` is said of what is returned; None: it cannot be counted."""
        try:
            held = connected.dup()
        except OSError:
            self._is_told = False
            return None
        self._held.append(held)
        return held

    def over(self, held: socket.socket | None) -> None:
        """It has ended, and nobody else has a descriptor of it; more often than once is no error."""
        if held is None or held not in self._held:
            return
        self._held.remove(held)
        look = of(held)
        held.close()
        if look is None:
            self._is_told = False
        else:
            self._over += look

    def all_over(self) -> None:
        """None of them is used any more."""
        for held in list(self._held):
            self.over(held)

    def told(self) -> Look | None:
        """Return what the kernel says of all of them; None where it does not, or not of each."""
        whole = self._over if self._is_told else None
        for held in self._held:
            look = told(held)
            if whole is None or look is None:
                return None
            whole += look
        return whole if whole is not None and whole.tcp[0] else None


def reckoned(
    carried: tuple[int, int], packets: tuple[int, int], last: Look | None, since: tuple[int, int, int, int]
) -> Look:
    """Return about what it must be, where so many bytes before TLS were *carried* in so many packets.

    *last* was told when *since* (bytes and packets, up and down) was true; without, the handshake is
    reckoned too.
    """
    base = last or Look(_HANDSHAKE, (5, 5))
    up, down, packets_up, packets_down = since
    out, in_ = packets[0] - packets_up, packets[1] - packets_down
    bytes_up = carried[0] - up + RECORD * out
    bytes_down = carried[1] - down + RECORD * in_
    data_up, data_down = _segments(bytes_up, out), _segments(bytes_down, in_)
    return base + Look(
        (bytes_up, bytes_down),
        # Every second segment is acknowledged by itself.
        (data_up + data_down // 2, data_down + data_up // 2),
    )


def _segments(size: int, packets: int) -> int:
    return max(packets, -(-size // _SEGMENT))
