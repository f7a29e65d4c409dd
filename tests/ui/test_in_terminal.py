"""The screen in a real pseudo-terminal: our driver, its mouse, and what a terminal answers."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal

ROOT = Path(__file__).parents[2]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf 'from the editor' > \"$1\"\n")
    editor.chmod(0o755)
    argv = [sys.executable, "-m", "tests.ui.fake_program"]
    with Terminal(argv, env={"VISUAL": str(editor)}, cwd=ROOT) as running:
        running.wait_for("Which platform")
        yield running


def test_clicks_are_asked_for_and_motion_is_not(terminal: Terminal) -> None:
    assert b"\x1b[?1000h" in terminal.raw
    assert b"\x1b[?1003h" not in terminal.raw
    assert b"\x1b[?1016h" not in terminal.raw


def test_answers_of_the_terminal_are_not_typed(terminal: Terminal) -> None:
    terminal.send("one\x1b]11;rgb:0000/0000/0000\x07\x1b[?62;22c\x1bP>|XTerm(370)\x1b\\two")
    terminal.wait_for("onetwo")


@pytest.mark.parametrize(
    ("chosen", "ground", "worn"),
    [
        ("", "ffff/ffff/ffff", "fbfbf9"),
        ("", "1e1e/1e1e/2e2e", None),
        ("quiet-dark", "ffff/ffff/ffff", None),
        ("ansi", "ffff/ffff/ffff", None),
    ],
)
def test_the_theme_follows_the_ground_where_none_was_chosen(
    chosen: str, ground: str, worn: str | None
) -> None:
    argv = [sys.executable, "-m", "tests.ui.fake_program"]
    with Terminal(argv, env={"FAKE_THEME": chosen}, cwd=ROOT) as running:
        running.wait_for("Which platform")
        before = running.screen.buffer[5][5].bg
        running.send(f"\x1b]11;rgb:{ground}\x07x")
        running.wait_for("> x")
        if worn:
            running.wait_until(lambda: running.screen.buffer[5][5].bg == worn, "the other theme")
        assert running.screen.buffer[5][5].bg == (worn or before)


def test_alt_keys_come_as_esc_and_a_letter(terminal: Terminal) -> None:
    terminal.send("\x1b2")
    terminal.wait_for("lunch")


def test_a_pasted_log_is_one_draft(terminal: Terminal) -> None:
    terminal.send("\x1b[200~first line\nsecond line\n\x1b[201~")
    terminal.wait_for("second line")
    assert "✓" not in terminal.text().splitlines()[-4]


def test_the_editor_changes_the_draft_and_the_screen_comes_back(terminal: Terminal) -> None:
    terminal.send("\x18")
    terminal.wait_for("> from the editor")
    terminal.send("!")
    terminal.wait_for("from the editor!")


def test_bare_mode_prints_plain_text_and_enter_comes_back(terminal: Terminal) -> None:
    terminal.send("\x1bl")
    terminal.wait_for("Enter goes back")
    terminal.send("\r")
    terminal.wait_for("not encrypted")
    terminal.send("still here")
    terminal.wait_for("still here")


def test_the_terminal_is_given_back(terminal: Terminal) -> None:
    terminal.send("\x11")
    terminal.process.wait(10)
    while terminal.read(0.2):
        if terminal.raw.endswith(b"\x1b[?25h") or b"\x1b[?1049l" in terminal.raw:
            break
    assert b"\x1b[?1049l" in terminal.raw
    assert b"\x1b[?1000l" in terminal.raw


def test_without_colour_nothing_is_painted_in_any() -> None:
    argv = [sys.executable, "-m", "tests.ui.fake_program"]
    with Terminal(argv, env={"NO_COLOR": "1"}, cwd=ROOT) as running:
        running.wait_for("Which platform")
        assert not re.findall(rb"\x1b\[(?:[0-9]+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]", bytes(running.raw))


def test_the_stock_driver_shows_the_same_and_takes_keys() -> None:
    argv = [sys.executable, "-m", "tests.ui.fake_program", "stock"]
    with Terminal(argv, cwd=ROOT) as running:
        running.wait_for("Which platform")
        # Ours never asks for motion; Textual's does.
        assert b"\x1b[?1003h" in running.raw
        running.send("still here")
        running.wait_for("> still here")
        running.send("\x11")
        assert running.wait_exit() == 0


def test_for_a_screen_reader_the_real_cursor_is_where_one_writes_or_selects() -> None:
    argv = [sys.executable, "-m", "tests.ui.fake_program", "reader"]
    with Terminal(argv, cwd=ROOT) as running:
        running.wait_for("12:04 me: Which platform")
        running.send("hello")
        running.wait_until(
            lambda: (running.screen.cursor.x, running.screen.cursor.y) == (5, 23), "the writing place"
        )
        running.send("\x1bk")
        row = running.row("12:04 me:")
        running.wait_until(lambda: (running.screen.cursor.x, running.screen.cursor.y) == (0, row), "the row")
        running.send("\x1b")
        running.wait_until(
            lambda: (running.screen.cursor.x, running.screen.cursor.y) == (5, 23), "back again"
        )
        assert not any("\u2500" <= letter <= "\u259f" for letter in running.text())


def test_for_a_screen_reader_nothing_is_drawn_twice() -> None:
    argv = [sys.executable, "-m", "tests.ui.fake_program", "reader"]
    with Terminal(argv, cwd=ROOT) as running:
        running.wait_for("12:04 me: Which platform")
        for line in ("12:05 me: six thirty", "12:06 me: at the kiosk"):
            running.send(line.partition("me: ")[2])
            running.wait_for(rf"\n{line.partition('me: ')[2]}$")
            running.wait_until(lambda: running.screen.cursor.x > 5, "the echo")
            before = len(running.raw)
            running.send("\r")
            running.wait_for(rf"{line}\n$")
            drawn = re.sub(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|[\r\n]", b"", bytes(running.raw[before:]))
            assert drawn.decode() == line


def test_for_a_screen_reader_a_popup_moves_what_was_said_and_draws_only_itself() -> None:
    argv = [sys.executable, "-m", "tests.ui.fake_program", "reader"]
    with Terminal(argv, cwd=ROOT) as running:
        running.wait_for("12:04 me: Which platform")
        before = len(running.raw)
        running.send("\x0b")
        running.wait_for("Enter goes there")
        running.wait_until(lambda: running.row("12:04 me:") < running.row("Go to"), "the popup below")
        drawn = bytes(running.raw[before:]).decode()
        assert "2. #dev" in drawn and "Which platform" not in drawn and "back at four" not in drawn
        # Nor is anything sent that a reader of the line would take for words.
        assert not re.search(r"\$p|\x1b\]2;\(| q", bytes(running.raw).decode())
