"""A terminal of pyte for the painter, and random screens for it."""

from __future__ import annotations

import random
import unicodedata

import pyte

from tui_xmpp.ui.terminal.cell import BLANK, PLAIN, Cell, Pen, Row
from tui_xmpp.ui.terminal.painter import Painter

PENS = (
    PLAIN,
    Pen("1"),
    Pen("4", "31"),
    Pen("", "38;2;1;2;3", "48;5;20"),
    Pen("7"),
    Pen("", "", "44"),
    Pen("1;3", "92"),
)
_WORDS = ("hello", "world", "a", "│", "x" * 12, "Müller", "e\u0301", "漢", "👍", "✓✓")
_WIDE = ("漢", "👍")


def random_row(dice: random.Random, width: int) -> Row:
    """Words and blanks of every colour, some of them wide, some of several characters."""
    row: Row = []
    while len(row) < width:
        pen = dice.choice(PENS)
        word = dice.choice(_WORDS) if dice.random() < 0.7 else " " * dice.randint(1, 30)
        if word in _WIDE:
            row += [Cell(word, pen), Cell("", pen)]
        elif word == "e\u0301":
            row.append(Cell(word, pen))
        else:
            row += [Cell(character, pen) for character in word]
    row = row[:width]
    return [*row[:-1], BLANK] if row[-1].text in _WIDE else row


class Glass:
    """A painter and the terminal it draws on; `wanted` is kept apart from the painter's own grid."""

    def __init__(self, width: int, height: int, *, erases: bool = True) -> None:
        self.painter = Painter(erases=erases)
        self.painter.resize(width, height)
        self.wanted: list[Row] = [[BLANK] * width for _ in range(height)]
        self.screen = pyte.Screen(width, height)
        self.screen.reset_mode(7, private=True)
        self._stream = pyte.Stream(self.screen)

    def want(self, y: int, row: Row) -> None:
        """Want a whole row."""
        self.wanted[y] = list(row)
        self.painter.put(0, y, row)

    def draw(self, cursor: tuple[int, int] | None = None, only: tuple[int, ...] | None = None) -> str:
        """Send a frame, and return it."""
        frame = self.painter.frame(cursor, only)
        self._stream.feed(frame)
        return frame

    def wrong(self) -> list[str]:
        """Every cell that is not as it is wanted."""
        return [
            f"{x},{y}: {cell} is {self.screen.buffer[y][x]}"
            for y, row in enumerate(self.wanted)
            for x, cell in enumerate(row)
            if not self._right(x, y, cell)
        ]

    def _right(self, x: int, y: int, cell: Cell) -> bool:
        shown = self.screen.buffer[y][x]
        attributes = cell.pen.attributes.split(";")
        return (
            unicodedata.normalize("NFC", shown.data) == unicodedata.normalize("NFC", cell.text)
            and (not cell.text.strip() or shown.bold == ("1" in attributes))
            and (not cell.text or shown.reverse == ("7" in attributes))
            and (not cell.text or shown.underscore == ("4" in attributes))
            and (not cell.text or (shown.bg != "default") == bool(cell.pen.ground))
            and (not cell.text.strip() or (shown.fg != "default") == bool(cell.pen.colour))
        )
