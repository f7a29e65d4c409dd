"""How few keys it takes, from fresh accounts on, until each side reads what the other sealed.

Counted is every key that is pressed in our program from its first screen on until the answer is read, and a
modifier with its key as one. Not counted are the texts of messages with the Enter behind each, the account in
the configuration, and what is done in the other program. gpg has a key of its own on each side.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.fakes.key_ring import KeyRing
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenProfanity
from tests.server.omemo import list_profanity
from tests.server.program.conftest import OpenProgram
from tests.server.program.running import enter
from tests.server.test_openpgp_profanity import WithKeys
from tests.terminal import Terminal

pytestmark = pytest.mark.server

FEW = 10
JUMP, SECURITY, ENTER = "\x0b", "\x1be", "\r"


class Counted:
    """The keyboard of a screen, whose keys are counted."""

    def __init__(self, screen: Terminal) -> None:
        self.screen = screen
        self.presses = 0

    def press(self, key: str, shown: str) -> None:
        """Press one key and return once the screen shows a regular expression."""
        self.presses += 1
        self.screen.send(key)
        self.screen.wait_for(shown)

    def go_to_bob(self) -> None:
        """Open the chat with him, who is on the list of contacts."""
        self.press(JUMP, "Enter goes there")
        self.press("b", r"> +Bob +bob-")
        self.press(ENTER, r"Bob · here")


async def test_omemo_with_profanity_both_ways(
    server: ChatServer, accounts: Accounts, profanity: OpenProfanity, program: OpenProgram, tmp_path: Path
) -> None:
    anna, bob = accounts(server, "anna", "bob")
    bobs = await asyncio.to_thread(profanity, bob, server)
    await list_profanity(bobs, bob, server, tmp_path / "bob")

    def talk() -> int:
        keys = Counted(program(server, anna).sign_in())
        keys.go_to_bob()
        enter(keys.screen, "Can you read this?")
        bobs.say(anna.address, "")
        bobs.wait_for("Can you read this?")
        bobs.type(f"/omemo start {anna.address}")
        bobs.wait_for("[OMEMO]")
        bobs.type("Yes, every word.")
        keys.screen.wait_for(r"- \d\d:\d\d me +Can you read this\?")
        keys.screen.wait_for(r"- \d\d:\d\d Bob +Yes, every word\.")
        return keys.presses

    assert await asyncio.to_thread(talk) < FEW


def test_openpgp_with_profanity_both_ways(
    server: ChatServer, accounts: Accounts, program: OpenProgram, tmp_path: Path
) -> None:
    anna, bob = accounts(server, "anna", "bob")
    with (
        contextlib.closing(KeyRing()) as annas,
        contextlib.closing(KeyRing()) as bobs_keys,
        contextlib.closing(WithKeys(tmp_path / "profanity", bobs_keys)) as bobs,
    ):
        anna_key, bob_key = annas.make(f"xmpp:{anna.address}"), bobs_keys.make(f"xmpp:{bob.address}")
        bob_file = tmp_path / "bob.gpg"
        bob_file.write_bytes(bobs_keys.public(bob_key))
        bobs.connect(bob, server)
        bobs.type(f"/ox announce {bob_file}")
        bobs.wait_for("Announce OpenPGP Key")
        ours = program(server)
        ours.config_file.write_text(f'[encryption]\ngpg_home = "{annas.home}"\n', encoding="utf-8")
        ours.add(anna, server)

        keys = Counted(ours.sign_in())
        keys.go_to_bob()
        keys.press(SECURITY, "o +OpenPGP keys")
        keys.press("o", r"> ?not accepted +fetched")
        keys.press("u", r"yours +xmpp:anna")
        keys.press("a", "Accepted for OpenPGP")
        keys.press("o", r"here +OpenPGP")
        keys.screen.wait_gone("Encrypt this chat with")
        # profanity takes our key from our account, and trusts it once its own key has signed it.
        bobs.type(f"/ox discover {anna.address}")
        bobs.wait_for(anna_key)
        bobs.type(f"/ox request {anna.address} {anna_key}")
        bobs.wait_for("Public Key imported")
        bobs_keys.gpg("--yes", "--quick-sign-key", anna_key)
        bobs.say(anna.address, "")
        bobs.type("/ox start")
        bobs.wait_for("OX encryption enabled")
        enter(keys.screen, "Can you read this?")
        bobs.wait_for("Can you read this?")
        bobs.type("Yes, every word.")
        keys.screen.wait_for(r"- \d\d:\d\d me +Can you read this\?")
        keys.screen.wait_for(r"- \d\d:\d\d Bob +Yes, every word\.")
        assert keys.presses < FEW
