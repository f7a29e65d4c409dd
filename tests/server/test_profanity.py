"""Another client on our test servers: what the tests of our own client rely on."""

from __future__ import annotations

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenProfanity

pytestmark = pytest.mark.server


def test_two_profanities_write_to_each_other(
    server: ChatServer, accounts: Accounts, profanity: OpenProfanity
) -> None:
    anna, bob = accounts(server, "anna", "bob")
    annas = profanity(anna, server)
    bobs = profanity(bob, server)
    annas.say(bob.address, "Tea at four?")
    bobs.say(anna.address, "Yes – and cake: ✓")
    bobs.wait_for("Tea at four?")
    annas.wait_for("Yes – and cake: ✓")


def test_two_profanities_meet_in_a_room(
    server: ChatServer, accounts: Accounts, profanity: OpenProfanity
) -> None:
    anna, bob = accounts(server, "anna", "bob")
    annas = profanity(anna, server)
    bobs = profanity(bob, server)
    room = f"kitchen-{anna.user}@{server.rooms_domain}"
    annas.create_room(room, "Anna")
    bobs.join(room, "Bob")
    annas.wait_for("Bob has joined the room")
    bobs.type("The kettle is on.")
    annas.wait_for("The kettle is on.")
