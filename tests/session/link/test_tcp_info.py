"""What the kernel tells of a connection is read from the right places."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator

import pytest

from tui_xmpp.session.transport import tcp_info
from tui_xmpp.session.transport.tcp import repeat_within

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        with ours, theirs:
            yield ours, theirs


@linux
def test_a_connection_on_loopback(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    ours.sendall(b"x" * 5000)
    assert theirs.recv(5000, socket.MSG_WAITALL) == b"x" * 5000
    theirs.sendall(b"y" * 700)
    assert ours.recv(700, socket.MSG_WAITALL) == b"y" * 700
    info = tcp_info.read(ours)
    assert info is not None
    # The SYN counts as one (RFC 4898, tcpEStatsAppHCThruOctetsAcked).
    assert info.acked in (5000, 5001)
    assert info.received in (700, 701)
    assert 0 < info.rtt < 1
    assert 0 < info.rttvar < 1
    assert 0.01 <= info.rto < 10
    assert info.in_flight == info.unsent == info.retransmits == 0
    assert info.silence < 5


@linux
def test_what_the_peer_does_not_read_is_seen_to_wait(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = pair
    ours.setblocking(False)
    sent = 0
    while True:
        try:
            sent += ours.send(b"x" * 65536)
        except BlockingIOError:
            break
    info = tcp_info.read(ours)
    assert info is not None
    assert info.unsent > 0
    assert info.acked + info.in_flight + info.unsent >= sent


def test_each_field_has_its_place() -> None:
    """Offsets of `struct tcp_info` in linux/tcp.h."""
    told = bytearray(232)
    told[2] = 3
    for place, number in {8: 250_000, 16: 1448, 24: 2, 52: 9000, 56: 7000, 68: 30_000, 72: 4_000}.items():
        struct.pack_into("=I", told, place, number)
    struct.pack_into("=I", told, 144, 77)
    for place, number in {120: 10**10, 128: 2 * 10**10, 160: 12_345}.items():
        struct.pack_into("=Q", told, place, number)
    info = tcp_info.parse(bytes(told))
    assert info == tcp_info.TcpInfo(
        rtt=0.03,
        rttvar=0.004,
        rto=0.25,
        retransmits=3,
        in_flight=2896,
        unsent=77,
        acked=10**10,
        received=2 * 10**10,
        silence=7.0,
        delivery_rate=12_345.0,
    )


def test_a_kernel_that_tells_too_little_is_not_believed() -> None:
    assert tcp_info.parse(bytes(104)) is None


def test_no_socket_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tcp_info.read(None) is None
    with socket.socket(socket.AF_UNIX) as other:
        assert tcp_info.read(other) is None
    with socket.socket() as made:
        monkeypatch.setattr(sys, "platform", "darwin")
        assert tcp_info.read(made) is None


def test_the_kernel_may_refuse_to_hurry(pair: tuple[socket.socket, socket.socket]) -> None:
    repeat_within(pair[0], 0.1)
    repeat_within(None, 1)
