"""In and out of a room faster than it answers, on real servers: in the end we are in, and it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import JoinRoom, LeaveRoom, SendMessage, SetPresence
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import RoomChanged
from tui_xmpp.core.room import RoomState

pytestmark = pytest.mark.server


async def test_in_and_out_and_in_without_waiting(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    room = Address.parse(f"gate-{anna_at.user}@{server.rooms_domain}")
    async with (
        Person(bert_at, server, tmp_path / "bert") as bert,
        Person(anna_at, server, tmp_path / "anna") as anna,
    ):
        for one in (bert, anna):
            await one.online()
            await one.do(JoinRoom(one.address, room))
            await one.until(lambda one=one: state(one, room) is RoomState.JOINED, "to be in")
        entered = len(joinings(anna))
        for number in range(5):
            await anna.do(LeaveRoom(ChatKey(anna.address, room)))
            seen = len(joinings(anna))
            await anna.do(JoinRoom(anna.address, room))
            await anna.until(lambda seen=seen: len(joinings(anna)) > seen, "to ask")
            await anna.do(SetPresence(Show.OFFLINE))
            await anna.do(SetPresence(Show.AVAILABLE))
            await anna.do(SendMessage(ChatKey(anna.address, room), f"here {number}"))
        for number in range(5):
            await bert.until(lambda number=number: f"here {number}" in said(bert, room), f"to read {number}")
        assert state(anna, room) is RoomState.JOINED
        # Each time was asked for once: the room has answered all of it.
        assert len(joinings(anna)) - entered <= 10


def state(one: Person, room: Address) -> RoomState:
    return one.world.rooms[ChatKey(one.address, room)].state


def joinings(one: Person) -> list[RoomChanged]:
    return [event for event in one.happened(RoomChanged) if event.state is RoomState.JOINING]


def said(one: Person, room: Address) -> list[str]:
    return [message.body for message in one.archive.page(ChatKey(one.address, room)).messages]
