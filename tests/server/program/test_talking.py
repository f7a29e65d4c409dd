"""The main job on the real program: talk with another client, on both servers."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenProfanity
from tests.server.person import Person
from tests.server.program.conftest import OpenProgram
from tests.server.program.running import enter, write
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import MarkRead

pytestmark = pytest.mark.server


def test_two_people_write_and_see_each_other_come_and_go(
    server: ChatServer, accounts: Accounts, profanity: OpenProfanity, program: OpenProgram
) -> None:
    anna, bob = accounts(server, "anna", "bob")
    screen = program(server, anna).sign_in()
    screen.wait_for(r"Bob +○")
    bobs = profanity(bob, server)
    screen.wait_for(r"Bob +●")
    bobs.type(f"/msg {anna.address}")

    enter(screen, f"/msg {bob.address} Tea at four?")
    bobs.wait_for("Tea at four?")
    screen.wait_for(r"me +Tea at four\? +✓✓")
    bobs.type("Yes – and cake: ✓")
    screen.wait_for(r"Bob +Yes – and cake: ✓")

    bobs.type('/status set away "at the baker"')
    screen.wait_for(r"Bob +◐")
    screen.wait_for("Bob · at the baker")
    enter(screen, "/away laying the table")
    screen.wait_for(rf"{anna.user} ◐")
    bobs.wait_for(re.compile(r"Anna .* is away, \"laying the table\""))
    enter(screen, "/online")
    screen.wait_for(rf"{anna.user} ●")
    bobs.wait_for(re.compile(r"Anna .* is online"))


def test_a_first_message_leaves_alone_what_is_being_typed(
    prosody: ChatServer, accounts: Accounts, profanity: OpenProfanity, program: OpenProgram
) -> None:
    anna, bob = accounts(prosody, "anna", "bob")
    bobs = profanity(bob, prosody)
    screen = program(prosody, anna).sign_in()
    write(screen, f"/msg {bob.address} Have you got")
    bobs.say(anna.address, "Hello there!")
    screen.wait_for(r"1 Bob +1 ●")
    enter(screen, " a minute?")
    bobs.wait_for("Have you got a minute?")
    screen.wait_for(r"Bob +Hello there!")


def test_both_read_each_other_in_a_room(
    server: ChatServer, accounts: Accounts, profanity: OpenProfanity, program: OpenProgram
) -> None:
    anna, bob = accounts(server, "anna", "bob")
    bobs = profanity(bob, server)
    room = f"kitchen-{bob.user}@{server.rooms_domain}"
    bobs.create_room(room, "Bob")
    bobs.type("/subject set Cake")
    screen = program(server, anna).sign_in()
    enter(screen, f"/join {room} Anna")
    bobs.wait_for("Anna has joined the room")
    screen.wait_for(r"kitchen-[^\n]* · Cake")
    enter(screen, "The tea is ready.")
    bobs.wait_for("The tea is ready.")
    bobs.type("Coming, Anna.")
    screen.wait_for(r"Bob +Coming, Anna\.")
    bobs.type("/close")
    screen.wait_for(r"Bob[^\n]* left")


async def test_a_read_message_is_marked_as_read(
    server: ChatServer, accounts: Accounts, program: OpenProgram, tmp_path: Path
) -> None:
    # profanity sends no displayed markers (XEP-0333), so the reader is a session of ours.
    anna, bob = accounts(server, "anna", "bob")
    screen = await asyncio.to_thread(program(server, anna).sign_in)
    async with Person(bob, server, tmp_path / "bob") as bobs:
        await bobs.online()
        await asyncio.to_thread(enter, screen, f"/msg {bob.address} Have you read this?")
        key = ChatKey(bobs.address, Address.parse(anna.address))
        await bobs.until(lambda: bobs.archive.page(key).messages, "anna's message")
        await asyncio.to_thread(screen.wait_for, r"Have you read this\? +✓✓")
        await bobs.do(MarkRead(key))
        await asyncio.to_thread(screen.wait_for, r"Have you read this\? +●")


@pytest.mark.parametrize("ending", ["SIGTERM", "SIGKILL"])
def test_everything_is_there_again_without_a_network(
    server: ChatServer, accounts: Accounts, profanity: OpenProfanity, program: OpenProgram, ending: str
) -> None:
    anna, bob, _ = accounts(server, "anna", "bob", "carl")
    ours = program(server, anna)
    screen = ours.sign_in()
    bobs = profanity(bob, server)
    screen.wait_for(r"Bob +●")
    bobs.say(anna.address, "The cellar key is under the blue pot.")
    enter(screen, f"/msg {bob.address} I will look there.")
    screen.wait_for(r"I will look there\. +✓✓")
    screen.wait_for("blue pot")
    if ending == "SIGKILL":
        screen.kill()
    else:
        screen.process.terminate()
        assert screen.wait_exit() == 0
    server.stop()
    try:
        screen = ours.open()
        screen.wait_for(r"Bob +The cellar key is under the blue pot\.")
        screen.wait_for(r"me +I will look there\. +✓✓")
        # Nobody's presence is known now, and none is called offline.
        screen.wait_for(r"Carl +\?")
        screen.wait_for("waiting to try again")
        enter(screen, "/search cellar")
        screen.wait_for(r"Bob +Bob +The cellar key")
        screen.wait_for("1 found")
        screen.send("\x11")
        assert screen.wait_exit() == 0
    finally:
        server.start()
