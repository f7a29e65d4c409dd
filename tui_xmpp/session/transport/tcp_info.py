"""What the kernel knows about one TCP connection (Linux, `struct tcp_info` in linux/tcp.h)."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from typing import Protocol

from tui_xmpp.core.value import value

_LENGTH = 256
_RETRANSMITS = struct.Struct("=2xB")
_TIMES = struct.Struct("=8xI4xI4xI")
"""rto @8 (µs), snd_mss @16 (bytes), unacked @24 (segments)."""
_LAST = struct.Struct("=52xII")
"""last_data_recv @52, last_ack_recv @56, both in milliseconds ago."""
_ROUND_TRIP = struct.Struct("=68xII")
"""rtt @68, rttvar @72, both in microseconds."""
_ACKED = struct.Struct("=120xQQ")
"""bytes_acked @120, bytes_received @128."""
_NOT_SENT = struct.Struct("=144xI12xQ")
"""notsent_bytes @144, delivery_rate @160 (bytes a second)."""
_SEGMENTS = struct.Struct("=136xII")
"""segs_out @136, segs_in @140."""
_SENT = struct.Struct("=200xQQ")
"""bytes_sent @200, bytes_retrans @208."""


class Measurable(Protocol):
    """A socket, or what asyncio shows of one."""

    def getsockopt(self, level: int, option: int, length: int, /) -> bytes:
        """As `socket.getsockopt`."""


@value
class TcpInfo:
    """One look; times in seconds, amounts in bytes."""

    rtt: float
    """Smoothed round trip."""
    rttvar: float
    """Its variation."""
    rto: float
    """After this long without an acknowledgement the kernel sends again; grows while nothing comes."""
    retransmits: int
    """How often in a row it has sent the same segment again without an answer."""
    in_flight: int
    """Sent and not acknowledged, to the next whole segment."""
    unsent: int
    """Accepted from the program and not sent yet."""
    acked: int
    """Acknowledged since the connection stands."""
    received: int
    """Received in order since the connection stands."""
    silence: float
    """Since anything last came from the peer's kernel."""
    delivery_rate: float
    """Bytes a second the path carried lately; the least it can, not the most."""
    sent: int = 0
    """Sent since the connection stands, each byte once; 0 where a kernel before 4.19 does not tell."""
    segments_out: int = 0
    """All that were sent, with those that carry nothing."""
    segments_in: int = 0


def read(connected: Measurable | None) -> TcpInfo | None:
    """Return what the kernel knows of *connected*; None where it does not tell, or too little."""
    if connected is None or not sys.platform.startswith("linux"):
        return None
    with contextlib.suppress(OSError, ValueError):
        return parse(connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LENGTH))
    return None


def parse(told: bytes) -> TcpInfo | None:
    """Return the meaning of a `struct tcp_info`; None when a kernel before 4.9 told too little."""
    if len(told) < _NOT_SENT.size:
        return None
    rto, segment, unacked = _TIMES.unpack_from(told)
    data, ack = _LAST.unpack_from(told)
    rtt, variation = _ROUND_TRIP.unpack_from(told)
    acked, received = _ACKED.unpack_from(told)
    unsent, rate = _NOT_SENT.unpack_from(told)
    sent, again = _SENT.unpack_from(told) if len(told) >= _SENT.size else (0, 0)
    segments_out, segments_in = _SEGMENTS.unpack_from(told)
    return TcpInfo(
        rtt=rtt / 1e6,
        rttvar=variation / 1e6,
        rto=rto / 1e6,
        retransmits=_RETRANSMITS.unpack_from(told)[0],
        in_flight=unacked * segment,
        unsent=unsent,
        acked=acked,
        received=received,
        silence=min(data, ack) / 1e3,
        delivery_rate=float(rate),
        sent=sent - again,
        segments_out=segments_out,
        segments_in=segments_in,
    )
