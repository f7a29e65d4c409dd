"""The last session's screen at the next start: there at once, harmless, and never in the way."""

from __future__ import annotations

import re
import socket
import stat
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bench import filled
from tests.terminal import Terminal
from tui_xmpp.storage.paths import Paths, locate
from tui_xmpp.ui.terminal.kept_frame import KeptFrame

ENTER = b"\x1b[?1049h"
TOOLKIT = b"\x1b[?1004h"
"""What only Textual asks a terminal for, before its first frame."""
NEWEST = "the new figures"
Open = Callable[..., Terminal]


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[Paths]:
    """An account with three chats and a server that never answers."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        paths = locate(tmp_path / "config", tmp_path / "data")
        filled.folder(paths, people=5, chats=3, each=34, port=nobody.getsockname()[1])
        yield paths


@pytest.fixture
def start(paths: Paths) -> Iterator[Open]:
    """Starts the program; `hold`: a line of Python that runs before anything of Textual is imported."""
    opened: list[Terminal] = []

    def start(
        *arguments: str, hold: str = "", columns: int = 120, rows: int = 30, ssh: bool = False
    ) -> Terminal:
        line = [sys.executable, "-m", "tui_xmpp"]
        if hold:
            code = _HELD.replace("HOLD", hold)
            line = [sys.executable, "-c", code]
        argv = [*line, "--config", str(paths.config), "--data", str(paths.data), *arguments]
        env = {"SSH_TTY": "/dev/pts/1"} if ssh else {}
        opened.append(Terminal(argv, columns=columns, rows=rows, env=env))
        return opened[-1]

    yield start
    for terminal in opened:
        if terminal.process.returncode is None:
            terminal.close()


_HELD = """
import sys
class Gate:
    def find_spec(self, name, path=None, target=None):
        if name == "textual":
            sys.meta_path.remove(self)
            HOLD
sys.meta_path.insert(0, Gate())
from tui_xmpp.__main__ import main
sys.exit(main())
"""


def until(path: Path) -> str:
    return f"""
            import pathlib, time
            while not pathlib.Path({str(path)!r}).exists():
                time.sleep(0.01)"""


def leave(terminal: Terminal) -> None:
    terminal.send("\x11")
    assert terminal.wait_exit() == 0
    while terminal.read(0.2) and b"\x1b[?1049l" not in terminal.raw:
        pass


def used_once(start: Open, paths: Paths) -> Path:
    """Run the program and leave it; returns the file it kept."""
    terminal = start()
    terminal.wait_for(NEWEST)
    terminal.wait_for("Ava 0000")
    leave(terminal)
    return frame_of(paths)


def frame_of(paths: Paths) -> Path:
    return paths.cache / "screen"


def cells(terminal: Terminal) -> list[tuple[str, str, str]]:
    """The log as it is seen: text, colour and ground of every cell."""
    seen = [terminal.screen.buffer[row][column] for row in range(1, 26) for column in range(24, 120)]
    return [(cell.data, cell.fg if cell.data.strip() else "", cell.bg) for cell in seen]


def before_toolkit(terminal: Terminal) -> bytes:
    terminal.wait_until(lambda: TOOLKIT in terminal.raw, "the toolkit")
    return bytes(terminal.raw).partition(TOOLKIT)[0]


def test_the_second_start_shows_the_last_screen_before_the_toolkit_is_loaded(
    start: Open, paths: Paths, tmp_path: Path
) -> None:
    assert stat.S_IMODE(used_once(start, paths).stat().st_mode) == 0o600
    go = tmp_path / "go"
    terminal = start(hold=until(go))
    modes = terminal.modes()
    terminal.wait_for(NEWEST)
    terminal.wait_for("Bram 0001")
    terminal.wait_until(lambda: b"\x1b[30;1H" in terminal.raw, "the last row")
    assert TOOLKIT not in terminal.raw
    at_once = cells(terminal)
    go.touch()
    terminal.wait_until(lambda: terminal.raw.count(NEWEST.encode()) > 1, "the first frame of the program")
    assert cells(terminal) == at_once
    leave(terminal)
    assert terminal.raw.count(ENTER) == 1
    assert terminal.raw.count(b"\x1b[?1049l") == 1
    assert terminal.modes() == modes


def test_the_first_start_has_nothing_to_show(start: Open) -> None:
    terminal = start()
    terminal.wait_for(NEWEST)
    assert terminal.raw.count(ENTER) == 1
    assert NEWEST.encode() not in before_toolkit(terminal)


def test_what_may_be_untrue_is_not_kept(start: Open, paths: Paths) -> None:
    terminal = start()
    terminal.wait_for(NEWEST)
    terminal.wait_for("alice waiting")
    terminal.send("half a thought")
    terminal.wait_for("half a thought")
    leave(terminal)
    kept = re.sub(r"\x1b\[[0-9;]*m", "", frame_of(paths).read_text())
    assert NEWEST in kept
    rows = kept.split("\n")[1:]
    assert len(rows) == 30
    assert "half a thought" not in kept
    assert "not encrypted" not in kept
    assert not rows[-1].strip()
    assert not [row for row in rows if re.search("[●◐✕○?]", row[:24])]


def test_keys_typed_meanwhile_arrive_and_are_not_echoed(start: Open, paths: Paths, tmp_path: Path) -> None:
    used_once(start, paths)
    go = tmp_path / "go"
    terminal = start(hold=until(go))
    terminal.wait_for(NEWEST)
    terminal.send("zebra")
    modes = terminal.modes()
    assert not modes[3] & (termios.ECHO | termios.ICANON)
    go.touch()
    terminal.wait_for("> zebra")
    assert b"zebra" not in before_toolkit(terminal)


@pytest.mark.parametrize("planted", ["\x1b]52;c;ZXZpbA==\x07", "\x1b[2J", "\x9b5n", "\u202e", "\r"])
def test_a_file_with_more_than_colours_is_not_shown(start: Open, paths: Paths, planted: str) -> None:
    frame = used_once(start, paths)
    frame.write_text(frame.read_text().replace(NEWEST, f"{planted}planted", 1))
    terminal = start()
    terminal.wait_for(NEWEST)
    assert b"planted" not in terminal.raw
    assert terminal.raw.count(ENTER) == 1


def test_a_file_that_others_can_write_is_not_shown(start: Open, paths: Paths) -> None:
    used_once(start, paths).chmod(0o622)
    assert NEWEST.encode() not in before_toolkit(start())


def test_another_size_is_not_shown(start: Open, paths: Paths) -> None:
    used_once(start, paths)
    with start(columns=121) as other:
        assert NEWEST.encode() not in before_toolkit(other)
    assert NEWEST.encode() in before_toolkit(start())


def test_a_large_frame_is_not_sent_twice_over_ssh(start: Open, paths: Paths) -> None:
    frame = used_once(start, paths)
    frame.write_bytes(frame.read_bytes() + b" " * (6144 - frame.stat().st_size))
    assert NEWEST.encode() not in before_toolkit(start(ssh=True))


def test_a_small_frame_is_shown_over_ssh(start: Open, paths: Paths) -> None:
    assert used_once(start, paths).stat().st_size < 6144
    assert NEWEST.encode() in before_toolkit(start(ssh=True))


def given_back(terminal: Terminal, sentence: str) -> None:
    """The frame was there; the sentence stands on the normal screen, and typing is seen again."""
    assert terminal.wait_exit() != 0
    while terminal.read(0.2) and sentence.encode() not in terminal.raw:
        pass
    raw = bytes(terminal.raw)
    assert NEWEST.encode() in raw
    _, _, after = raw.partition(b"\x1b[?1049l")
    assert sentence.encode() in after
    assert b"\x1b[?25h" in after
    needed = termios.ECHO | termios.ICANON | termios.ISIG
    assert terminal.modes()[3] & needed == needed


def test_a_wrong_configuration_is_told_on_the_normal_screen(start: Open, paths: Paths) -> None:
    used_once(start, paths)
    paths.config_file.write_text("[[account]\n")
    given_back(start(), "config.toml")


def test_a_second_instance_says_so_on_the_normal_screen(start: Open, paths: Paths) -> None:
    used_once(start, paths)
    first = start()
    first.wait_for(NEWEST)
    first.wait_until(lambda: TOOLKIT in first.raw, "the first instance")
    given_back(start(), "running")


@pytest.mark.parametrize("way", ["interrupted", "terminated"])
def test_an_ended_start_gives_the_terminal_back(start: Open, paths: Paths, way: str) -> None:
    used_once(start, paths)
    terminal = start(hold="import time; time.sleep(60)")
    terminal.wait_for(NEWEST)
    if way == "interrupted":
        terminal.process.send_signal(2)
    else:
        terminal.process.terminate()
    given_back(terminal, "")


def test_nothing_harmful_is_written(tmp_path: Path) -> None:
    path = tmp_path / "screen"
    kept = KeptFrame(path, "here")
    kept.keep(4, 2, ["\x1b[0;1mfine\x1b[0m", "text"])
    assert path.exists()
    kept.keep(4, 2, ["fine", "\x1b]0;no\x07"])
    assert not path.exists()
