"""A connection to whoever answers first, and a fresh try beside one that hangs."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable

import pytest

from tui_xmpp.session.transport.tcp import open_socket


class Network:
    """Decides what becomes of each try to connect; addresses are TEST-NET-1 (RFC 5737)."""

    def __init__(self, fate: Callable[[str, int], OSError | float | None]) -> None:
        self._fate = fate
        self.tries: list[str] = []

    async def connect(self, made: socket.socket, place: tuple[str, int]) -> None:
        self.tries.append(place[0])
        fate = self._fate(place[0], self.tries.count(place[0]))
        if isinstance(fate, OSError):
            raise fate
        if fate is None:
            await asyncio.Event().wait()
        else:
            await asyncio.sleep(fate)


def use(monkeypatch: pytest.MonkeyPatch, network: Network) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", network.connect)


REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "refused")


async def test_a_hanging_try_gets_a_fresh_one_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(lambda _, number: 0.0 if number == 4 else None)
    use(monkeypatch, network)
    began = asyncio.get_running_loop().time()
    (await open_socket(["192.0.2.1"], 5222, timeout=5, fresh=0.05)).close()
    assert len(network.tries) == 4
    assert asyncio.get_running_loop().time() - began < 1


async def test_a_slow_try_is_not_given_up_for_fresh_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(lambda _, number: 0.4 if number == 1 else None)
    use(monkeypatch, network)
    (await open_socket(["192.0.2.1"], 5222, timeout=5, fresh=0.01)).close()
    assert len(network.tries) > 10


async def test_a_refusal_ends_it_when_nobody_else_may_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(lambda _, __: REFUSED)
    use(monkeypatch, network)
    with pytest.raises(ConnectionRefusedError):
        await open_socket(["192.0.2.1", "192.0.2.2"], 5222, timeout=5)
    assert network.tries == ["192.0.2.1", "192.0.2.2"]


async def test_the_silent_one_is_tried_on_after_another_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fate(address: str, number: int) -> OSError | float | None:
        if address == "192.0.2.1":
            return REFUSED
        return 0.0 if number == 3 else None

    network = Network(fate)
    use(monkeypatch, network)
    (await open_socket(["192.0.2.1", "192.0.2.2"], 5222, timeout=5, fresh=0.05)).close()
    assert network.tries == ["192.0.2.1", *["192.0.2.2"] * 3]


async def test_nobody_answers_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(lambda _, __: None)
    use(monkeypatch, network)
    with pytest.raises(TimeoutError):
        await open_socket(["192.0.2.1", "192.0.2.2"], 5222, timeout=0.7, fresh=0.05)
    assert {"192.0.2.1", "192.0.2.2"} == set(network.tries)


async def test_the_kernel_gives_up_what_is_not_acknowledged() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = await open_socket(["127.0.0.1"], server.getsockname()[1], timeout=5, patience=20)
        with made:
            option = getattr(socket, "TCP_USER_TIMEOUT", None)
            if option is not None:
                assert made.getsockopt(socket.IPPROTO_TCP, option) == 20_000
            assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
