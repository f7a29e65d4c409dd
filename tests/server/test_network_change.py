"""The kernel says that the network changed: a dead link is noticed though nobody says anything."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.link.proxy import Link
from tests.link.shape import Break
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import DEADLINE, Person
from tui_xmpp.core.account import Connection
from tui_xmpp.core.events import ConnectionChanged
from tui_xmpp.session.liveness import IDLE_SECONDS

pytestmark = pytest.mark.server


@pytest.mark.parametrize("how", [Break.HOLE, Break.HALF_OPEN])
async def test_a_dead_link_is_found_when_the_network_changes(
    server: ChatServer, accounts: Accounts, tmp_path: Path, how: Break
) -> None:
    # By itself it would ask for a sign of life after a minute of silence.
    assert DEADLINE < IDLE_SECONDS / 2
    (anna_at,) = accounts(server, "anna")
    kernel, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    async with Link(server.c2s_port) as link:
        anna = Person(anna_at, server, tmp_path / "anna", changed={"port": link.port})
        anna.session._network._open_socket = lambda: ours
        async with anna:
            await anna.online()
            anna.told.clear()
            link.cut(how)
            kernel.send(b"an address")

            def is_back() -> bool:
                return [one.connection for one in anna.happened(ConnectionChanged)][-1:] == [
                    Connection.ONLINE
                ]

            await anna.until(is_back, "the session to go on")
            assert len(link.connections) == 2
    kernel.close()
