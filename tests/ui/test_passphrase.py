"""gpg asks for a passphrase with its own pinentry, in our terminal: the screen leaves, and comes back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.key_ring import KeyRing
from tests.terminal import Terminal

ROOT = Path(__file__).parents[2]
PASSPHRASE = "open sesame"


@pytest.fixture
def locked() -> Iterator[tuple[KeyRing, str]]:
    ring = KeyRing()
    try:
        key = ring.make("xmpp:alice@example.org", PASSPHRASE)
        ring.forget_passphrases()
        yield ring, key
    finally:
        ring.close()


def running(locked: tuple[KeyRing, str], ask: str) -> Terminal:
    ring, key = locked
    env = {"LOCKED_HOME": str(ring.home), "LOCKED_KEY": key, "LOCKED_ASK": ask}
    # Without a desktop, so that pinentry has to ask here.
    env |= {name: "" for name in ("DISPLAY", "WAYLAND_DISPLAY") if name in os.environ}
    return Terminal([sys.executable, "-m", "tests.ui.locked_key_program"], env=env, cwd=ROOT)


def test_what_was_sent_is_signed_once_the_passphrase_was_typed(locked: tuple[KeyRing, str]) -> None:
    with running(locked, "now") as terminal:
        terminal.wait_for("Which platform")
        terminal.send("hello\r")
        terminal.wait_for("Please enter the passphrase")
        terminal.send(f"{PASSPHRASE}\r")
        terminal.wait_for("signed, True")
        assert PASSPHRASE not in terminal.text()
        # It is unlocked now: nothing is asked, and the screen stays.
        before = terminal.raw.count(b"\x1b[?1049l")
        terminal.send("again\r")
        terminal.wait_until(lambda: "signed, True" in terminal.text(), "the second")
        assert terminal.raw.count(b"\x1b[?1049l") == before
        terminal.send("still here")
        terminal.wait_for("still here")


def test_nothing_is_signed_where_it_was_cancelled(locked: tuple[KeyRing, str]) -> None:
    with running(locked, "now") as terminal:
        terminal.wait_for("Which platform")
        terminal.send("hello\r")
        terminal.wait_for("Please enter the passphrase")
        terminal.send("\t\t\r")
        terminal.wait_for("not signed: You did not")


def test_what_came_in_waits_for_a_key_press(locked: tuple[KeyRing, str]) -> None:
    with running(locked, "later") as terminal:
        terminal.wait_for("Which platform")
        terminal.send("hello\r")
        terminal.wait_for("Your key is locked")
        terminal.send("\x1by")
        terminal.wait_for("gpg asks for a passphrase")
        terminal.send("y")
        terminal.wait_for("Please enter the passphrase")
        terminal.send(f"{PASSPHRASE}\r")
        terminal.wait_for("signed, True")
