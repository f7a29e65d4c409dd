"""What GNU screen and xterm really show of random frames."""

from __future__ import annotations

import os
import re
import subprocess
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.terminal.frames import SLEEP, Line, Scene, environment, seen
from tui_xmpp.ui.terminal.cell import PLAIN, Cell, Row, dipped

COLUMNS, ROWS = 80, 24
SECOND_HALF = "\uffff"
"""What xterm prints for the second half of a wide character."""
_PRINTED = re.compile(r"\x1b\[([0-9;:]*)m([^\x1b\r\n]*)")


def line_of(file: Path) -> Line:
    """The line of the terminal in which a shell writes its name to this file."""
    deadline = time.monotonic() + 20
    while not (file.exists() and file.read_text().endswith("\n")):
        assert time.monotonic() < deadline, "no terminal"
        time.sleep(0.02)
    return Line(file.read_text().strip())


def in_it(folder: Path) -> tuple[str, str, str]:
    return "sh", "-c", f"tty > {folder}/tty; {SLEEP}"


# --- GNU screen, which erases with the terminal's own ground ----------------------------------------------


class GnuScreen:
    """A detached screen of its own."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o700)
        self._folder, self._environment = folder, environment(folder)
        settings = folder / "settings"
        settings.write_text("defutf8 on\nstartup_message off\ndefbce off\n")
        argv = ["screen", "-U", "-c", str(settings), "-D", "-m", "-S", "one", *in_it(folder)]
        self._process = subprocess.Popen(argv, env=self._environment)
        self.line = line_of(folder / "tty")

    def shown(self) -> list[bytes]:
        """A byte for each cell that is not blank to the end: the low one of its character, or 255."""
        file = self._folder / "copy"
        command = ["screen", "-S", "one", "-X", "hardcopy", str(file)]
        subprocess.run(command, env=self._environment, check=True, timeout=20)
        deadline = time.monotonic() + 20
        while not file.exists() or (copy := file.read_bytes()).count(b"\n") < ROWS:
            assert time.monotonic() < deadline, "no copy"
            time.sleep(0.002)
        file.unlink()
        return [line.ljust(COLUMNS) for line in copy.split(b"\n")[:ROWS]]

    def close(self) -> None:
        self.line.close()
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture
def gnu_screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GnuScreen]:
    # A socket's path must be short.
    one = GnuScreen(tmp_path_factory.mktemp("s"))
    yield one
    one.close()


def is_copied(cell: Cell, byte: int) -> bool:
    """Whether a cell may be copied so; screen numbers characters with marks as it likes."""
    if not cell.text:
        return byte == 255
    return len(cell.text) > 1 or ord(cell.text) & 255 == byte


def test_screen_shows_the_text_of_frames_that_erase_without_a_ground(gnu_screen: GnuScreen) -> None:
    for seed in range(4):
        gnu_screen.line.send("\x1bc\x1b[?7l")
        scene = Scene(seed, COLUMNS, ROWS, erases=False)
        for number in range(50):
            frame = scene.change()
            gnu_screen.line.send(frame)
            assert gnu_screen.line.cursor() == scene.cursor
            for row, line in zip(scene.wanted, gnu_screen.shown(), strict=True):
                assert all(map(is_copied, row, line)), f"seed {seed}, frame {number}: {line!r}\n{frame!r}"


# --- xterm ------------------------------------------------------------------------------------------------


class Xterm:
    """An xterm on a display of its own; it prints its screen with the looks of every cell."""

    def __init__(self, folder: Path) -> None:
        ours, theirs = os.pipe()
        argv = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
        silent = subprocess.DEVNULL
        self._display = subprocess.Popen(argv, pass_fds=(theirs,), stdout=silent, stderr=silent)
        os.close(theirs)
        with os.fdopen(ours) as told:
            display = told.readline().strip()
        self._printed = folder / "printed"
        resources = {
            "printerCommand": f"cat > {self._printed}.part && mv {self._printed}.part {self._printed}",
            "printAttributes": "2",
            "printerAutoClose": "true",
        }
        argv = ["xterm", "-u8", "-geometry", f"{COLUMNS}x{ROWS}"]
        for name, value in resources.items():
            argv += ["-xrm", f"XTerm*{name}: {value}"]
        self._process = subprocess.Popen(
            [*argv, "-e", *in_it(folder)],
            env={**environment(folder), "DISPLAY": f":{display}"},
            stderr=silent,
        )
        self.line = line_of(folder / "tty")

    def shown(self) -> list[Row]:
        """The cells of its screen, as far as it has drawn in a row."""
        self.line.send("\x1b[i")
        deadline = time.monotonic() + 20
        while not self._printed.exists():
            assert time.monotonic() < deadline, "nothing printed"
            time.sleep(0.002)
        printed = self._printed.read_text()
        self._printed.unlink()
        rows: list[Row] = []
        for line in printed.split("\n")[:ROWS]:
            row: Row = []
            for looks, text in _PRINTED.findall(line):
                pen = dipped(PLAIN, looks.replace(":2::", ";2;").replace(":", ";"))
                for character in unicodedata.normalize("NFC", text):
                    if unicodedata.combining(character):
                        row[-1] = row[-1]._replace(text=row[-1].text + character)
                    else:
                        row.append(Cell(character.removesuffix(SECOND_HALF), pen))
                        # It tells the looks of each cell that has any, and of no other.
                        pen = PLAIN
            rows.append(row)
        return rows

    def close(self) -> None:
        self.line.close()
        for process in (self._process, self._display):
            process.terminate()
            process.wait(10)


@pytest.fixture
def xterm(tmp_path: Path) -> Iterator[Xterm]:
    one = Xterm(tmp_path)
    yield one
    one.close()


def composed(cell: Cell) -> Cell:
    return seen(cell)._replace(text=unicodedata.normalize("NFC", cell.text))


@pytest.mark.parametrize("beside", [0, 24], ids=["alone", "beside a list"])
def test_xterm_shows_frames_as_wanted(xterm: Xterm, beside: int) -> None:
    sent = ""
    for seed in range(4):
        xterm.line.send("\x1bc\x1b[?7l")
        scene = Scene(seed, COLUMNS, ROWS, beside=beside)
        scene.painter.margins = True
        for number in range(50):
            frame = scene.change()
            sent += frame
            xterm.line.send(frame)
            assert xterm.line.cursor() == scene.cursor
            for y, (row, shown) in enumerate(zip(scene.wanted, xterm.shown(), strict=True)):
                wanted = [composed(cell) for cell in row]
                assert [composed(cell) for cell in shown] == wanted[: len(shown)], (seed, number, y, frame)
                assert not "".join(cell.text for cell in wanted[len(shown) :]).strip(), (seed, number, y)
    assert ("\x1b[?69h" in sent) is bool(beside)
