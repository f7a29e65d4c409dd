"""Finds rows that only moved up or down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from tui_xmpp.ui.terminal.cell import Cell, Row

_LEAST = 3
"""Rows that must have moved together."""
_TRIES = 2
"""Distances that are looked at in one part of the screen, most rows first."""
_MOST = 4
"""Movements that are tried in all."""
_BORDERS = frozenset("│┃|")


class Shift(NamedTuple):
    """Rows `top` to `bottom` move up by so many, or down where `by` is negative."""

    top: int
    bottom: int
    by: int


def shifts(rows: Sequence[int], shown: Sequence[Row | None], want: Sequence[Row]) -> Iterator[Shift]:
    """Yield movements that would bring many rows to where they are wanted; `rows` are those that differ."""
    found: set[Shift] = set()
    span = range(rows[0], rows[-1] + 1)
    if len(rows) < _LEAST or any(shown[y] is None for y in span):
        return
    for left, right in _parts(span, want):
        old = {y: tuple(row[left:right]) for y in span if (row := shown[y]) is not None}
        new = {y: tuple(want[y][left:right]) for y in span}
        for by in _distances(old, new):
            for top, end in _runs(span, old, new, by):
                shift = Shift(top, end + by, by) if by > 0 else Shift(top + by, end, by)
                if shift not in found and len(found) < _MOST:
                    found.add(shift)
                    yield shift


def _parts(span: range, want: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """The whole width, and each part between two upright lines."""
    width = len(want[0])
    yield 0, width
    middle = want[span[len(span) // 2]]
    lines = [x for x, cell in enumerate(middle) if cell.text in _BORDERS]
    borders = [
        -1,
        *(x for x in lines if sum(want[y][x].text in _BORDERS for y in span) > len(span) * 0.7),
        width,
    ]
    if len(borders) > 2:
        for left, right in pairwise(borders):
            if right - left > 20:
                yield left + 1, right


def _distances(old: dict[int, tuple[Cell, ...]], new: dict[int, tuple[Cell, ...]]) -> list[int]:
    places: dict[tuple[Cell, ...], list[int]] = {}
    for y, cells in old.items():
        if any(cell.text not in (" ", "") for cell in cells):
            places.setdefault(cells, []).append(y)
    votes = Counter(before - y for y, cells in new.items() for before in places.get(cells, ()) if before != y)
    return [by for by, count in votes.most_common(_TRIES) if count >= _LEAST]


def _runs(
    span: range, old: dict[int, tuple[Cell, ...]], new: dict[int, tuple[Cell, ...]], by: int
) -> Iterator[tuple[int, int]]:
    """The wanted rows, first and last, between which most are shown `by` rows further down."""
    first = last = None
    matched = 0
    for y in span:
        if y + by in old and old[y + by] == new[y]:
            first, last = (y if first is None else first), y
            matched += 1
        elif first is not None and last is not None and y - last > 2:
            if matched >= _LEAST:
                yield first, last
            first, last, matched = None, None, 0
    if first is not None and last is not None and matched >= _LEAST:
        yield first, last
