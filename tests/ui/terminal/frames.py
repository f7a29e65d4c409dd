"""Random frames for real terminals, and terminals that are told what to show and asked what they show."""

from __future__ import annotations

import os
import random
import select
import termios
from pathlib import Path

from tui_xmpp.ui.terminal.cell import BLANK, PLAIN, Cell, Pen, Row
from tui_xmpp.ui.terminal.frame_reader import cells_of
from tui_xmpp.ui.terminal.painter import Painter

PENS = (
    PLAIN,
    PLAIN,
    Pen("1"),
    Pen("2"),
    Pen("3;4", "31"),
    Pen("", "92"),
    Pen("", "38;5;208", "44"),
    Pen("7", "", "48;5;20"),
    Pen("", "38;2;1;2;3", "48;2;240;240;230"),
    Pen("9", "38;2;200;100;50"),
    Pen("4", "34", "", "https://example.org/a"),
    Pen("1;4", "", "", "https://example.org/b"),
)
WORDS = (
    "hello", "wide", "a", "│", "─" * 7, "x" * 30, "Müller", "漢字かな", "한글", "Жук", "✓✓", "…", "→",
    "e\u0301a\u0308o\u0302\u0301", "שלום", "✗", "●○◐", "😀", "🎉x", "日本語テキスト" * 3,
)  # fmt: skip
"""Of one width to Textual and to every terminal here."""
DOUBTFUL = ("👩‍🚀", "👍🏽", "🇳🇱", "👨‍👩‍👧", "☎️", "1️⃣")
"""Terminals count these differently."""


SLEEP = "exec sleep 1000"
"""Runs in a terminal without reading from it."""


class Scene:
    """A painter, what it shall show, and dice that change that."""

    def __init__(
        self,
        seed: int,
        columns: int,
        rows: int,
        *,
        erases: bool = True,
        doubtful: bool = False,
        beside: int = 0,
    ) -> None:
        """`beside`: so many cells of another part stand at the left, and do not scroll with the rest."""
        self.dice = random.Random(seed)
        self.columns, self.rows = columns, rows
        self.painter = Painter(erases=erases)
        self.painter.resize(columns, rows)
        self.wanted: list[Row] = [[BLANK] * columns for _ in range(rows)]
        self._doubtful, self._beside = doubtful, beside
        for y in range(rows):
            self._want(y, self._row())

    def change(self) -> str:
        """Change something, as a screen changes; returns what is to be sent, the cursor somewhere."""
        dice = self.dice
        kind = dice.random()
        if kind < 0.35:
            self._scroll(dice.choice((-3, -2, -1, 1, 1, 2, 5)))
        elif kind < 0.45:
            for y in range(self.rows):
                self._want(y, self._row())
        elif kind < 0.75 or self._doubtful:
            for _ in range(dice.randint(1, 4)):
                self._want(dice.randrange(self.rows), self._row())
        else:
            for _ in range(dice.randint(1, 6)):
                self._patch()
        self.cursor = (dice.randrange(self.columns), dice.randrange(self.rows))
        return self.painter.frame(self.cursor)

    def _scroll(self, by: int) -> None:
        top, bottom = sorted(self.dice.sample(range(self.rows), 2))
        part = self.wanted[top : bottom + 1]
        new = [self._row() for _ in range(min(abs(by), len(part)))]
        moved = part[by:] + new if by > 0 else new + part[:by]
        for y, row in enumerate(moved[: len(part)], top):
            self._want(y, self.wanted[y][: self._beside] + row[self._beside :])

    def _patch(self) -> None:
        """Write over a piece of a row."""
        y, x = self.dice.randrange(self.rows), self.dice.randrange(self.columns)
        piece = self._words(self.dice.randint(1, 12))[: self.columns - x]
        if x + len(piece) == self.columns and (len(piece[-1].text) > 1 or _wide(piece[-1].text)):
            piece[-1] = Cell(" ", piece[-1].pen)
        row = list(self.wanted[y])
        row[x : x + len(piece)] = piece
        self.painter.put(x, y, piece)
        self.wanted[y] = _mended(row)

    def _want(self, y: int, row: Row) -> None:
        self.wanted[y] = row
        self.painter.put(0, y, row)

    def _row(self) -> Row:
        row = self._words_alone()
        if self._beside:
            row[self._beside - 1] = Cell("│", PLAIN)
        return _mended(row)

    def _words_alone(self) -> Row:
        kind = self.dice.random()
        if kind < 0.1:
            return [Cell(" ", self.dice.choice(PENS[:9]))] * self.columns
        row: Row = []
        doubtful = self.dice.choice(DOUBTFUL) if self._doubtful and kind < 0.6 else ""
        row += self._words(self.dice.randint(0, self.columns // 2))
        if doubtful:
            row += cells_of(doubtful, self.dice.choice(PENS))[0]
        row += self._words(self.dice.randint(0, self.columns // 2))
        ground = Cell(" ", self.dice.choice(PENS[:9]))
        row = (row + [ground] * self.columns)[: self.columns]
        if len(row[-1].text) > 1 or _wide(row[-1].text):
            # There tmux gives a combining mark to the character before.
            row[-1] = Cell(" ", row[-1].pen)
        if doubtful:
            # So that what stands behind it can be found from the other end.
            row[-1] = Cell("|", PLAIN)
        return _mended(row)

    def _words(self, least: int) -> Row:
        cells: Row = []
        while len(cells) < least:
            pen = self.dice.choice(PENS)
            word = self.dice.choice(WORDS) if self.dice.random() < 0.7 else " " * self.dice.randint(1, 25)
            cells += cells_of(word, pen)[0]
        return cells


def _mended(row: Row) -> Row:
    """Half a wide character is a blank."""
    for at, cell in enumerate(row):
        alone = not cell.text and not (at and _wide(row[at - 1].text))
        cut = _wide(cell.text) and (at + 1 == len(row) or row[at + 1].text)
        if alone or cut:
            row[at] = Cell(" ", cell.pen)
    return row


def _wide(text: str) -> bool:
    return bool(text) and len(cells_of(text)[0]) > 1


class Line:
    """The program's end of the line to a terminal that runs already."""

    def __init__(self, name: str | Path) -> None:
        self._descriptor = os.open(name, os.O_RDWR | os.O_NOCTTY)
        modes = termios.tcgetattr(self._descriptor)
        modes[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
        termios.tcsetattr(self._descriptor, termios.TCSANOW, modes)

    def send(self, text: str) -> None:
        """Send all of it."""
        data = text.encode()
        while data:
            data = data[os.write(self._descriptor, data) :]

    def cursor(self) -> tuple[int, int]:
        """Wait until the terminal has drawn everything; the column and row of its cursor (DSR 6)."""
        self.send("\x1b[6n")
        answer = b""
        while not answer.endswith(b"R"):
            ready, _, _ = select.select([self._descriptor], [], [], 10)
            assert ready, "the terminal does not answer"
            answer += os.read(self._descriptor, 100)
        row, column = answer.rpartition(b"\x1b[")[2][:-1].split(b";")
        return int(column) - 1, int(row) - 1

    def close(self) -> None:
        os.close(self._descriptor)


def environment(folder: Path) -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "DISPLAY") if name in os.environ}
    return {
        **keep,
        "HOME": str(folder),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "SHELL": "/bin/sh",
        "TMUX_TMPDIR": str(folder),
        "SCREENDIR": str(folder),
    }


def seen(cell: Cell) -> Cell:
    """What can be seen of it, without its link, which tmux before 3.4 does not keep."""
    attributes, colour, ground, _ = cell.pen
    if cell.text == " ":
        attributes = ";".join(one for one in attributes.split(";") if one in ("4", "7", "9"))
        colour = colour if attributes else ""
    return Cell(cell.text, Pen(attributes, colour, ground))
