"""Finds rows that only moved up or down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tui_xmpp.ui.terminal.cell import Cell, Row
from tui_xmpp.ui.terminal.strokes import Shift

_TRIES = 2
"""Distances that are looked at in one part of the screen, most rows first."""
_MOST = 4
"""Movements that are tried in all."""
_NARROW = 20
"""Cells between two upright lines that are no part of their own."""
_BORDERS = frozenset("│┃|")

_Part = dict[int, tuple[Cell, ...]]
"""The cells of each row between two columns."""


def shifts(
    rows: Sequence[int], shown: Sequence[Row], want: Sequence[Row], *, margins: bool, least: int
) -> list[Shift]:
    """Return movements that would bring many rows to where they are wanted; `rows` are those that differ.

    `margins`: what stands between two upright lines may move alone. `least`: rows that must move together.
    """
    span = range(rows[0], rows[-1] + 1)
    width = len(want[0])
    found: dict[Shift, None] = {}
    for left, right in _parts(span, want):
        old, new = ({y: tuple(grid[y][left:right]) for y in span} for grid in (shown, want))
        for by in _distances(old, new, least):
            for first, last in _runs(old, new, by, least):
                top, bottom = min(first, first + by), max(last, last + by)
                # Half a wide character is nothing that a terminal could move.
                whole = all(row[x % width].text for row in shown[top : bottom + 1] for x in (left, right))
                columns = (left, right) if margins and whole else (0, width)
                found[Shift(top, bottom, by, *columns)] = None
    return list(found)[:_MOST]


def _parts(span: range, want: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """The whole width, and each part between two upright lines."""
    width = len(want[0])
    yield 0, width
    middle = want[span[len(span) // 2]]
    borders = [
        x
        for x, cell in enumerate(middle)
        if cell.text in _BORDERS and sum(want[y][x].text in _BORDERS for y in span) > len(span) * 0.7
    ]
    for left, right in pairwise([-1, *borders, width]):
        if _NARROW < right - left <= width:
            yield left + 1, right


def _distances(old: _Part, new: _Part, least: int) -> list[int]:
    places: dict[tuple[Cell, ...], list[int]] = {}
    for y, cells in old.items():
        if any(cell.text not in (" ", "") for cell in cells):
            places.setdefault(cells, []).append(y)
    votes = Counter(before - y for y, cells in new.items() for before in places.get(cells, ()) if before != y)
    return [by for by, count in votes.most_common(_TRIES) if count >= least]


def _runs(old: _Part, new: _Part, by: int, least: int) -> list[tuple[int, int]]:
    """The wanted rows, first and last, between which most are shown `by` rows further down."""
    runs: list[list[int]] = []
    for y in new:
        if old.get(y + by) == new[y]:
            if not runs or y - runs[-1][-1] > 3:
                runs.append([])
            runs[-1].append(y)
    return [(run[0], run[-1]) for run in runs if len(run) >= least]
