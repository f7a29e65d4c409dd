"""Breaks text into rows of cells: words first, graphemes where a word is too long."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size, split_graphemes

Slice = tuple[int, int]
"""Start and end offsets in characters, end excluded."""


def wrap(text: str, width: int) -> list[Slice]:
    """Return the rows of *text*, each at most *width* cells; at least one row.

    The blank at which a row is broken belongs to no row.
    """
    width = max(2, width)
    rows: list[Slice] = []
    start = 0
    while True:
        end = text.find("\n", start)
        last = end < 0
        end = len(text) if last else end
        if end - start <= width and (text.isascii() or cell_len(text[start:end]) <= width):
            rows.append((start, end))
        elif text[start:end].isascii():
            _wrap_ascii(text, start, end, width, rows)
        else:
            _wrap_cells(text, start, end, width, rows)
        if last:
            return rows
        start = end + 1


def fit(text: str, width: int) -> str:
    """Return *text* in exactly *width* cells: filled with blanks, or cut with a mark."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width) if width > 0 else ""


def cut(text: str, width: int) -> str:
    """Return *text* in at most *width* cells, cut with a mark."""
    return text if cell_len(text) <= width else fit(text, width).rstrip()


def _wrap_ascii(text: str, start: int, end: int, width: int, rows: list[Slice]) -> None:
    while end - start > width:
        blank = text.rfind(" ", start + 1, start + width + 1)
        stop = blank if blank > 0 else start + width
        rows.append((start, stop))
        start = stop + (blank > 0)
    rows.append((start, end))


def _wrap_cells(text: str, start: int, end: int, width: int, rows: list[Slice]) -> None:
    used = 0
    row = start
    blank = -1
    since_blank = 0
    for begin, stop, cells in split_graphemes(text[start:end])[0]:
        place = start + begin
        if stop - begin > 1:
            # Joiners that join nothing count for more in a row than on their own.
            cells = max(cells, cell_len(text[place : start + stop]))
        is_blank = text[place : start + stop] == " " and place > row
        if used + cells <= width:
            used += cells
            since_blank += cells
            if is_blank:
                blank, since_blank = place, 0
        elif is_blank:
            rows.append((row, place))
            row, used, blank = place + 1, 0, -1
        elif blank > row:
            rows.append((row, blank))
            row, used, blank = blank + 1, since_blank + cells, -1
            if used > width:
                # A wide one, after a word that fills the row but for one cell.
                rows.append((row, place))
                row, used = place, cells
        else:
            rows.append((row, place))
            row, used = place, cells
    rows.append((row, end))
