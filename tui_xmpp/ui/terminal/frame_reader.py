"""Reads what Textual writes: a frame of text, colours and places becomes rows of cells."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from rich.cells import split_graphemes

from tui_xmpp.ui.terminal.cell import PLAIN, Cell, Pen, cell, dipped
from tui_xmpp.ui.terminal.forbidden import FORBIDDEN
from tui_xmpp.ui.terminal.guard import safe_link

# ECMA-48 §8.3.21, Cursor Position, as Rich writes it; the terminal makes CR LF of a line feed.
_PLACE = re.compile(r"\x1b\[(\d+);(\d+)H|\n")
_WORD = re.compile(
    r"\x1b\[(?P<sgr>[0-9;]*)m"
    r"|\x1b\]8;[^;\x07\x1b]*;(?P<link>[^\x07\x1b]*)(?:\x1b\\|\x07)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x1b\\|\x07)|\x1b"
)


def read_frame(frame: str, put: Callable[[int, int, tuple[Cell, ...]], None]) -> None:
    """Give every piece of a frame to `put`: a column, a row, and the cells that begin there.

    Of control sequences only places, colours and safe links mean anything: no other ever gets through, and
    no character that could steer a terminal.
    """
    pen, y = PLAIN, 0
    pieces = iter(_PLACE.split(f"\x1b[1;1H{frame}")[1:])
    for row, column, text in zip(pieces, pieces, pieces, strict=True):
        x, y = (int(column) - 1, int(row) - 1) if row else (0, y + 1)
        cells, pen = cells_of(text, pen)
        put(x, y, cells)


@lru_cache(1024)
def cells_of(text: str, pen: Pen = PLAIN) -> tuple[tuple[Cell, ...], Pen]:
    """The cells that a piece of a row fills, drawn with `pen` at first, and the pen at its end."""
    cells: list[Cell] = []
    at = 0
    for word in _WORD.finditer(text):
        cells += _drawn(text[at : word.start()], pen)
        at = word.end()
        if (parameters := word["sgr"]) is not None:
            pen = dipped(pen, parameters)
        elif (link := word["link"]) is not None:
            pen = pen._replace(link=link if safe_link(link) else "")
    cells += _drawn(text[at:], pen)
    return tuple(cells), pen


def _drawn(text: str, pen: Pen) -> list[Cell]:
    text = FORBIDDEN.sub("", text)
    if text.isascii():
        return [cell(character, pen) for character in text]
    cells: list[Cell] = []
    for start, end, width in split_graphemes(text)[0]:
        if width:
            cells += [cell(text[start:end], pen), *[cell("", pen)] * (width - 1)]
    return cells
