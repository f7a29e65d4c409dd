"""T-01, T-03, T-04, T-07: whatever others write is text, from every source and in every place shown."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.attacks.terminal.attacks import ATTACKS, MARKUP, TEXTS
from tests.attacks.terminal.hostile_world import SOURCES, marker
from tests.attacks.terminal.sequences import foreign
from tests.terminal import Terminal

ROOT = Path(__file__).parents[3]
ESC, ENTER, CTRL_K, CTRL_UP, CTRL_Q = "\x1b", "\r", "\x0b", "\x1b[1;5A", "\x11"
HAPPENS = ""
"""In the place of keys: the next of what is told as it happens."""
Steps = Sequence[tuple[str, str]]

# Where one looks, and which sources are seen there, or what else; `-`: what is gone then.
WALK = (
    ("\x1b1", "body sealed subject answered failure file status reaction"),
    ("\x1b3", "topic room_name retracted nick room_body chat_name contact group occupant"),
    (CTRL_K, "bookmark"),
    (ESC, "-bookmark"),
    ("\x1by", "invited"),
    ("n", "-invited"),
    ("\x1by", "room_password"),
    ("a secret" + ENTER, "-room_password"),
    ("\x1bi", "stranger invitation request"),
    (ENTER, "it.stays stranger"),
    (ESC, "-it.stays invitation request"),
    ("r", "-stranger"),
    (ENTER, "enter.the.room invitation"),
    ("r", "-invitation request"),
    (ESC, "-Strangers request"),
    ("\x1by", "request"),
    ("n", "-request"),
    (HAPPENS, "leaves"),
    (HAPPENS, "typing"),
    ("\x1b1", "body"),
    (HAPPENS, "transfer"),
    (HAPPENS, "notice"),
    (HAPPENS, "error"),
    (HAPPENS, "history"),
    ("\x1be", "device unsealable"),
    ("o", "key_name"),
    (ESC, "-key_name device"),
    (ESC, "-device"),
    ("/who" + ENTER, "resource"),
    (ESC, "-resource"),
    ("/rooms rooms.example.org" + ENTER, "listing"),
    (ESC, "-listing"),
    ("/search Q" + ENTER, "Search"),
    (ESC, "-Search"),
    (CTRL_UP, "back"),
    ("r", "reply.to"),
    (ESC, "-reply.to"),
    ("\x1b2", "draft"),
    (HAPPENS, "certificate"),
)

# The same where all is told in lines, one below the other; what is asked for opens popups there too.
SPOKEN = (
    ("\x1b1", "body sealed subject answered failure file status reaction"),
    ("\x1b3", "topic room_name retracted nick room_body"),
    (HAPPENS, "leaves"),
    (HAPPENS, "typing"),
    ("\x1b1", "body"),
    (HAPPENS, "notice"),
    (HAPPENS, "error"),
    (HAPPENS, "history"),
    (HAPPENS, "certificate"),
    ("\x1by", "invited"),
    ("n", ""),
    ("\x1bi", "stranger invitation request"),
    (ENTER, "it.stays stranger"),
    (ESC, "-it.stays"),
    (ESC, ""),
)


def walk(terminal: Terminal, steps: Steps) -> set[str]:
    """Go everywhere; returns the sources that were seen."""
    seen: set[str] = set()
    for keys, sources in steps:
        if keys == HAPPENS:
            terminal.process.send_signal(signal.SIGUSR1)
        else:
            terminal.send(keys)
        for one in sources.split():
            name = one.removeprefix("-")
            pattern = marker(name) if name in SOURCES else name
            if one != name:
                terminal.wait_gone(pattern)
            else:
                terminal.wait_for(pattern)
                seen.add(name)
    return seen & set(SOURCES)


def opened(profile: str, attack: str, steps: Steps) -> Terminal:
    argv = [sys.executable, "-m", "tests.attacks.terminal.hostile_program"]
    happens = " ".join(name for keys, name in steps if keys == HAPPENS)
    env = {"ATTACK": attack, "TERMINAL": profile, "HAPPENS": happens}
    return Terminal(argv, columns=240, rows=60, env=env, cwd=ROOT)


@pytest.mark.parametrize("attack", [one for one in TEXTS if one != "markup"])
def test_t01_t07_nothing_but_our_own_reaches_the_terminal(attack: str) -> None:
    with opened("local", attack, WALK) as terminal:
        terminal.wait_for("ava")
        assert walk(terminal, WALK) == set(SOURCES)
        terminal.send("\x1bl")
        terminal.wait_for("Enter goes back")
        terminal.send(ENTER)
        terminal.wait_for("alice")
        terminal.send(CTRL_Q)
        terminal.wait_exit()
        assert foreign(bytes(terminal.raw)) == []


@pytest.mark.parametrize("attack", [one for one in TEXTS if one != "markup"])
def test_t01_t07_nor_where_all_is_told_in_lines(attack: str) -> None:
    with opened("reader", attack, SPOKEN) as terminal:
        terminal.wait_for("ava")
        assert walk(terminal, SPOKEN)
        terminal.send(CTRL_Q)
        terminal.wait_exit()
        assert foreign(bytes(terminal.raw)) == []


@pytest.mark.parametrize(("profile", "steps"), [("local", WALK), ("reader", SPOKEN)])
def test_t03_t04_markup_is_text_and_no_action(profile: str, steps: Steps) -> None:
    with opened(profile, "markup", steps) as terminal:
        terminal.wait_for("ava")
        walk(terminal, steps)
        terminal.send(f"{ESC}1")
        terminal.wait_for(re.escape(f"{marker('body')}{MARKUP}"))
        press(terminal, "press")
        terminal.send("\x1bs")
        terminal.wait_for("Unread: |Nothing unread")
        terminal.send(CTRL_Q)
        assert terminal.wait_exit() == 0


def press(terminal: Terminal, word: str) -> None:
    """Click on a word, wherever it stands."""
    for row, line in enumerate(terminal.screen.display):
        for found in re.finditer(word, line):
            at = f"{found.start() + 1};{row + 1}"
            terminal.send(f"\x1b[<0;{at}M\x1b[<0;{at}m")


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_the_reader_of_sequences_knows_every_attack(attack: str) -> None:
    assert foreign(attack.encode("utf-8", "surrogatepass"))
