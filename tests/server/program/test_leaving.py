"""Leaving: for some minutes, so that the next start goes on with the session, or for good."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.server.chat_server import Account, ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tests.server.program.conftest import OpenProgram
from tests.server.program.running import enter
from tests.terminal import Terminal
from tui_xmpp.core.address import Address

pytestmark = pytest.mark.server

FAREWELL = b"Your session stays open at the server for some minutes. /quit offline ends it at once."
AT_ONCE = 5.0
"""Seconds; far less than the server would keep the session."""


def said_on_leaving(screen: Terminal) -> bytes:
    """Return what the terminal shows once the program has ended well."""
    assert screen.wait_exit() == 0
    while screen.read(0.1) and not screen.raw.endswith(b"\n"):
        pass
    return bytes(screen.raw).rpartition(b"\x1b[?1049l")[2]


def sees(person: Person, other: Account) -> bool:
    """Whether somebody is there for `person`."""
    return person.world.best_presence(person.address, Address.parse(other.address)) is not None


def test_who_leaves_is_still_seen(
    server: ChatServer, accounts: Accounts, program: OpenProgram, tmp_path: Path
) -> None:
    anna, bert = accounts(server, "anna", "bert")
    screen = program(server, anna).sign_in()
    screen.send("\x11")
    assert FAREWELL in said_on_leaving(screen)

    async def look() -> None:
        async with Person(bert, server, tmp_path / "bert") as person:
            await person.online()
            await person.until(lambda: sees(person, anna), "Anna to be there still")

    asyncio.run(look())


async def test_who_leaves_for_good_is_gone_at_once(
    server: ChatServer, accounts: Accounts, program: OpenProgram, tmp_path: Path
) -> None:
    anna, bert = accounts(server, "anna", "bert")
    assert server.hold_seconds > 2 * AT_ONCE
    async with Person(bert, server, tmp_path / "bert") as person:
        await person.online()
        screen = await asyncio.to_thread(program(server, anna).sign_in)
        await person.until(lambda: sees(person, anna), "Anna to come")
        await asyncio.to_thread(enter, screen, "/quit offline")
        said = await asyncio.to_thread(said_on_leaving, screen)
        async with asyncio.timeout(AT_ONCE):
            await person.until(lambda: not sees(person, anna), "Anna to be gone")
    assert FAREWELL not in said


def test_who_has_signed_out_is_not_told_of_a_session(
    prosody: ChatServer, accounts: Accounts, program: OpenProgram
) -> None:
    (anna,) = accounts(prosody, "anna")
    screen = program(prosody, anna).sign_in()
    enter(screen, "/signout")
    screen.wait_for(r"You signed out\. Connect to sign in again\. /connect signs in\.")
    screen.send("\x11")
    assert FAREWELL not in said_on_leaving(screen)
