"""What others send never reaches the terminal as anything but text, and a paste never runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenProfanity
from tests.server.person import Person
from tests.server.program.conftest import OpenProgram
from tests.server.program.running import enter
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import (
    JoinRoom,
    RenameContact,
    SendMessage,
    SetPresence,
    SetSubject,
)
from tui_xmpp.core.contact import Show
from tui_xmpp.core.room import RoomState

pytestmark = pytest.mark.server

# The C1 forms of CSI, OSC and ST: XML has no ESC, but these it lets through (XML 1.0 §2.2).
ATTACK = "\x9b31m\x9d0;owned\x9c\u202e"
BYTES = ("\x9b".encode(), "\x9d".encode(), "\x9c".encode(), "\u202e".encode(), b"\x1b]0;owned")


async def test_no_control_byte_of_others_reaches_the_terminal(
    server: ChatServer, accounts: Accounts, program: OpenProgram, tmp_path: Path
) -> None:
    anna, mallory = accounts(server, "anna", "mallory")
    screen = await asyncio.to_thread(program(server, anna).sign_in)
    room = Address.parse(f"den-{mallory.user}@{server.rooms_domain}")

    async def shown(pattern: str) -> None:
        await asyncio.to_thread(screen.wait_for, pattern)

    async with (
        Person(mallory, server, tmp_path / "mallory") as other,
        Person(anna, server, tmp_path / "anna", resource="second") as second,
    ):
        await other.online()
        await second.online()
        annas = ChatKey(other.address, Address.parse(anna.address))
        await other.do(SendMessage(annas, f"{ATTACK}body"))
        await shown(r"(?m)^[> ] +1 Mallory")
        await shown(r"Mallory .*body")
        await other.do(SetPresence(Show.AWAY, f"{ATTACK}status"))
        await shown("Mallory · .*status")
        await second.do(RenameContact(second.address, Address.parse(mallory.address), f"{ATTACK}renamed"))
        await shown("renamed")
        key = ChatKey(other.address, room)
        await other.do(JoinRoom(other.address, room, "Nick"))
        await other.until(
            lambda: key in other.world.rooms and other.world.rooms[key].state is RoomState.JOINED
        )
        await other.do(SetSubject(key, f"{ATTACK}subject"))
        await asyncio.to_thread(enter, screen, f"/join {room} Anna")
        await shown("subject")
        await other.do(SendMessage(key, f"{ATTACK}roomword"))
        await shown("roomword")
    for one in BYTES:
        assert one not in screen.raw


def test_a_paste_that_looks_like_commands_is_a_draft(
    prosody: ChatServer, accounts: Accounts, program: OpenProgram
) -> None:
    anna, bob = accounts(prosody, "anna", "bob")
    screen = program(prosody, anna).sign_in()
    enter(screen, f"/msg {bob.address} hello")
    screen.wait_for(r"me +hello +✓")
    screen.send("\x1b[200~/quit\n/close\nthird line\n\x1b[201~")
    screen.wait_for(r"(?s)/quit.*/close.*third line")
    screen.rest()
    screen.send("!")
    screen.wait_for("!")
    assert screen.process.poll() is None
    assert screen.text().count("✓") == 1
    screen.send("\r")
    screen.wait_for("send it as text")
    assert screen.process.poll() is None
    assert screen.text().count("✓") == 1


def test_two_accounts_side_by_side_say_which_chat_is_whose(
    prosody: ChatServer, accounts: Accounts, profanity: OpenProfanity, program: OpenProgram
) -> None:
    anna, work, bob = accounts(prosody, "anna", "work", "bob")
    bobs = profanity(bob, prosody)
    screen = program(prosody, anna, work).sign_in()
    bobs.say(anna.address, "to your private account")
    screen.wait_for("to your private account")
    screen.wait_for(rf"{anna.user}[^\n]*not encrypted|not encrypted[^\n]*{anna.user}")
    bobs.say(work.address, "to your work account")
    screen.wait_for(r"(?m)^[> ] +2 Bob")
    screen.send("\x1b2")
    screen.wait_for("to your work account")
    screen.wait_for(rf"{work.user}[^\n]*not encrypted|not encrypted[^\n]*{work.user}")
    screen.send("answered from work")
    screen.send("\r")
    bobs.wait_for("answered from work")
    bobs.wait_for("Work")
