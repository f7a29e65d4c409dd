"""Our session and another client in one room."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenProfanity
from tests.server.person import Person
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import JoinRoom, SendMessage
from tui_xmpp.core.room import RoomState

pytestmark = pytest.mark.server


async def test_both_read_each_other_in_a_room(
    server: ChatServer, accounts: Accounts, profanity: OpenProfanity, tmp_path: Path
) -> None:
    anna_at, bob_at = accounts(server, "anna", "bob")
    bobs = await asyncio.to_thread(profanity, bob_at, server)
    address = Address.parse(f"kitchen-{bob_at.user}@{server.rooms_domain}")
    await asyncio.to_thread(bobs.create_room, str(address), "Bob")
    async with Person(anna_at, server, tmp_path / "anna") as anna:
        await anna.online()
        key = ChatKey(anna.address, address)
        await anna.do(JoinRoom(anna.address, address, "Anna"))
        await anna.until(
            lambda: key in anna.world.rooms and anna.world.rooms[key].state is RoomState.JOINED, "the room"
        )
        assert set(anna.world.rooms[key].occupants) == {"Anna", "Bob"}
        await asyncio.to_thread(bobs.wait_for, "Anna has joined the room")

        await anna.do(SendMessage(key, "The tea is ready."))
        await asyncio.to_thread(bobs.wait_for, "The tea is ready.")
        await asyncio.to_thread(bobs.type, "Coming, Anna.")
        await anna.until(
            lambda: (
                [(one.nick, one.mention) for one in anna.archive.page(key).messages if not one.outgoing]
                == [("Bob", True)]
            ),
            "bob's words",
        )
        await asyncio.to_thread(bobs.type, "/subject set Cake")
        await anna.until(lambda: anna.world.rooms[key].subject == "Cake", "the subject")
        assert anna.world.rooms[key].subject_by == "Bob"
        await asyncio.to_thread(bobs.type, "/close")
        await anna.until(lambda: set(anna.world.rooms[key].occupants) == {"Anna"}, "bob to leave")
