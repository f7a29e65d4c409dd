"""Strangers on real servers: what they want stands on one screen and is settled there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tests.server.program.conftest import OpenProgram
from tests.server.program.running import enter
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import Invite, JoinRoom, RequestSubscription, SendMessage
from tui_xmpp.core.room import RoomState

pytestmark = pytest.mark.server


async def test_what_strangers_want_is_settled_on_one_screen(
    server: ChatServer, accounts: Accounts, program: OpenProgram, tmp_path: Path
) -> None:
    anna, mallory, zoe = accounts(server, "anna", "mallory", "zoe", friends=False)
    annas = Address.parse(anna.address)
    room = Address.parse(f"party-{mallory.user}@{server.rooms_domain}")
    screen = await asyncio.to_thread(program(server, anna).sign_in)

    async def shown(pattern: str) -> None:
        await asyncio.to_thread(screen.wait_for, pattern)

    async with (
        Person(mallory, server, tmp_path / "mallory") as one,
        Person(zoe, server, tmp_path / "zoe") as other,
    ):
        await one.online()
        await other.online()
        await other.do(RequestSubscription(other.address, annas, "it is zoe"))
        party = ChatKey(one.address, room)
        await one.do(JoinRoom(one.address, room, "Nick"))
        await one.until(lambda: party in one.world.rooms and one.world.rooms[party].state is RoomState.JOINED)
        await one.do(Invite(party, annas, "win a phone"))
        await shown("2 strangers ask")
        await one.do(SendMessage(ChatKey(one.address, annas), "hello dear"))
        await asyncio.to_thread(enter, screen, "/strangers")
        await shown("Strangers: 1 request, 1 invitation, 1 chat")
        await shown(rf">[^\n]*{mallory.address}  writes to you")
        screen.send("r")
        await shown("Strangers: 1 request, 1 invitation\\s")
        screen.send("r")
        await shown(rf">[^\n]*{zoe.address}  asks")
        screen.send("r")
        await shown("No stranger wants anything of you now")
        await other.until(lambda: not other.world.contacts[other.address, annas].ask, "a refusal")
        await one.do(SendMessage(ChatKey(one.address, annas), "are you there?"))
        await shown("Strangers: 1 chat")
        screen.send("b")
        await shown(f"Nothing of {mallory.address} is shown")
        await one.do(SendMessage(ChatKey(one.address, annas), "hello?"))
        await shown("Left out since the start: 1 chat")
        assert "Strangers: 1 chat" not in screen.text()
