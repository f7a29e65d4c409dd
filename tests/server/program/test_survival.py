"""Nothing written is lost: neither to a kill, nor to a server that is away, nor to leaving."""

from __future__ import annotations

import time

import pytest

from tests.cli.processes import wait_gone
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenProfanity
from tests.server.program.conftest import OpenProgram
from tests.server.program.running import ONLINE, SIGN_IN_SECONDS, enter, write
from tests.terminal import Terminal

pytestmark = pytest.mark.server


def test_what_was_sent_while_the_server_is_away_goes_out_once_after_a_kill(
    server: ChatServer, accounts: Accounts, profanity: OpenProfanity, program: OpenProgram
) -> None:
    anna, bob = accounts(server, "anna", "bob")
    ours = program(server, anna)
    screen = ours.sign_in()
    enter(screen, f"/msg {bob.address} before")
    screen.wait_for(r"me +before +✓")
    server.stop()
    try:
        screen.wait_for("waiting to try again")
        screen.send("after the lights went out\r")
        screen.wait_for(r"me .*\n?.*after the lights went out +◌")
        screen.kill()
        screen = ours.open()
        screen.wait_for(r"after the lights went out +◌")
    finally:
        server.start()
    screen.wait_for(ONLINE, 60)
    screen.wait_for(r"after the lights went out +✓", 30)
    # Not earlier: ejabberd may leave in its store what it takes for an account that is just coming in.
    bobs = profanity(bob, server)
    bobs.type(f"/msg {anna.address}")
    seen = bobs.wait_for("after the lights went out")
    # A second copy would have come before the answer to this one.
    enter(screen, "is that all?")
    seen = bobs.wait_for("is that all?")
    assert seen.count("after the lights went out") == 1
    assert screen.text().count("after the lights went out") == 1


def test_a_draft_outlives_a_kill(prosody: ChatServer, accounts: Accounts, program: OpenProgram) -> None:
    anna, bob = accounts(prosody, "anna", "bob")
    ours = program(prosody, anna)
    screen = ours.sign_in()
    enter(screen, f"/msg {bob.address} hello")
    screen.wait_for(r"me +hello +✓")
    screen.wait_gone(r"> /msg")
    write(screen, "half a thought")
    # Drafts are kept a second after the last key.
    deadline = time.monotonic() + 2.5
    while time.monotonic() < deadline:
        screen.read()
    screen.kill()
    screen = ours.open()
    screen.wait_for(r"> half a thought")


def leave(screen: Terminal) -> None:
    """Press Ctrl+Q; the program is gone within three seconds, and the terminal as it was."""
    begun = time.monotonic()
    screen.send("\x11")
    assert screen.wait_exit() == 0
    assert time.monotonic() - begun < 3
    while screen.read(0.1) and b"\x1b[?1049l" not in screen.raw:
        pass
    for off in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?2004l"):
        assert screen.raw.rfind(off) > screen.raw.rfind(
            off.replace(b"l", b"h") if b"25" not in off else b"\x1b[?25l"
        )


def test_leaving_is_quick_and_leaves_nothing_but_the_draft(
    server: ChatServer, accounts: Accounts, program: OpenProgram
) -> None:
    anna, bob = accounts(server, "anna", "bob")
    ours = program(server, anna)
    screen = ours.open()
    before = screen.modes()
    screen.wait_for(ONLINE, SIGN_IN_SECONDS)
    enter(screen, f"/msg {bob.address} hello")
    screen.wait_for(r"me +hello +✓")
    screen.wait_gone(r"> /msg")
    write(screen, "half a thought")
    leave(screen)
    assert screen.modes() == before
    assert not wait_gone(str(ours.data), 3)
    screen = ours.open()
    screen.wait_for(r"> half a thought")
    screen.wait_for(ONLINE, SIGN_IN_SECONDS)


def test_leaving_is_quick_while_the_server_does_not_answer(
    prosody: ChatServer, accounts: Accounts, program: OpenProgram
) -> None:
    (anna,) = accounts(prosody, "anna")
    screen = program(prosody, anna).sign_in()
    prosody.stop()
    try:
        screen.wait_for("waiting to try again")
        leave(screen)
    finally:
        prosody.start()
