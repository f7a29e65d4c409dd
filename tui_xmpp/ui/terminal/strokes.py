"""The shortest control sequences from what the terminal shows to what it shall show."""

from __future__ import annotations

import re
from copy import copy
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from rich.cells import cell_len

from tui_xmpp.ui.terminal.cell import BLANK, OFF, PLAIN, UNKNOWN, Cell, Pen, Row, blank_pen

_BRIDGE = 6
"""Cells that are shown already from which on it is shorter to jump over them than to draw them again."""
_ERASE = 10
"""Blanks up to which it is shorter to draw them than to erase (ECH) and go on behind them."""
# Every terminal gives these the width that Textual counts; after anything else the place is said anew.
_SURE = re.compile("[ -~\u00a0-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e\u2190-\u22ff\u2500-\u25fc]+")
_SURE_WIDE = re.compile("[\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")


class Shift(NamedTuple):
    """Rows `top` to `bottom` move up by so many, or down where `by` is negative."""

    top: int
    bottom: int
    by: int
    left: int
    right: int
    """The first column that moves, and the first behind those that move."""


@lru_cache(8192)
def change(old: Pen, new: Pen) -> str:
    """Return the shortest SGR sequence from one pen to another, links not counted; empty if there is none."""
    if old[:3] == new[:3]:
        return ""
    had, wanted = old.words(), new.words()
    off = {OFF[one] for one in had - wanted}
    # Bold and faint end together.
    kept = {one for one in had & wanted if OFF[one] in off}
    words = sorted(off) + sorted(wanted - had | kept)
    if old.colour != new.colour:
        words.append(new.colour or "39")
    if old.ground != new.ground:
        words.append(new.ground or "49")
    whole = ["0", *filter(None, new[:3])] if any(new[:3]) else []
    return min((f"\x1b[{';'.join(one)}m" for one in (whole, words)), key=len)


class Strokes:
    """Output in the making: it knows where the terminal's cursor stands and which pen it holds."""

    def __init__(self, width: int, *, erases: bool) -> None:
        """`erases`: the terminal fills what it erases with the pen's ground (bce)."""
        self.width = width
        self._erases = erases
        self.x: int | None = None
        """The cursor's column; None where it is not known."""
        self.y: int | None = None
        self.pen = PLAIN
        self._parts: list[str] = []

    def copy(self) -> Strokes:
        """Return a second try from the same place."""
        other = copy(self)
        other._parts = list(self._parts)
        return other

    def take(self) -> str:
        """Return what was drawn, and begin anew behind it."""
        text = "".join(self._parts)
        self._parts = []
        return text

    def length(self) -> int:
        """Return how many characters there are so far."""
        return sum(map(len, self._parts))

    def clear(self) -> None:
        """Make everything blank, with the ground of no pen, whatever the terminal was told before."""
        # ECMA-48 §8.3.39, Erase in Page, from the first cell on.
        self._parts.append("\x1b[m\x1b[H\x1b[J")
        self.x, self.y, self.pen = 0, 0, PLAIN

    def move(self, x: int, y: int) -> None:
        """Put the cursor there by the shortest way."""
        if (self.x, self.y) != (x, y):
            self._parts.append(self._way(x, y))
            self.x, self.y = x, y

    def _way(self, x: int, y: int) -> str:
        ways = [f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H" if y else "\x1b[H"]
        if self.y == y:
            ways.append(f"\x1b[{x + 1}G" if x else "\r")
            if self.x is not None and self.x < self.width:
                ways.append(_step(x - self.x, "C", "D"))
                if x < self.x:
                    ways.append("\b" * (self.x - x))
        elif self.y is not None:
            if y == self.y + 1 and x == 0:
                ways.append("\r\n")
            if self.x == x and x < self.width:
                ways.append(_step(y - self.y, "B", "A"))
        return min(ways, key=len)

    def hold(self, cell: Cell) -> None:
        """Take the pen that draws this cell as it shall look, if it is not in hand."""
        pen = cell.pen
        if _fits(cell, self.pen):
            return
        if pen.link != self.pen.link:
            # One id for all pieces of a link, so that a terminal shows them as one.
            id = f"id={crc32(pen.link.encode()) & 0xFFF:x}" if pen.link else ""
            self._parts.append(f"\x1b]8;{id};{pen.link}\x1b\\")
        self._parts.append(change(self.pen, pen))
        self.pen = pen

    def scroll(self, shift: Shift) -> None:
        """Let the terminal move rows: a line feed at the bottom of a region (DECSTBM), or RI at its top."""
        # Rows that come in take the ground of the pen, in some terminals.
        self.hold(BLANK)
        # Most terminals put the cursor home with each region, and some do not.
        self.x = self.y = None
        start = self._way(shift.left, shift.bottom if shift.by > 0 else shift.top)
        region = f"\x1b[{shift.top + 1};{shift.bottom + 1}r{start}"
        region += ("\n" * shift.by or "\x1bM" * -shift.by) + "\x1b[r"
        if shift.right - shift.left < self.width:
            # xterm, DECLRMM and DECSLRM: what is outside of the margins stays where it is.
            region = f"\x1b[?69h\x1b[{shift.left + 1};{shift.right}s{region}\x1b[?69l"
        self._parts.append(region)

    def row(self, y: int, shown: Row, want: Row) -> None:
        """Draw what differs in a row."""
        shown = list(shown)
        end = tail = len(want)
        blank = want[-1]
        if self._erasable(blank):
            while tail and want[tail - 1] == blank:
                tail -= 1
            if end - tail < 4:
                tail = end
        x = 0
        while x < tail:
            if shown[x] == want[x]:
                x += 1
                continue
            while x and not want[x].text:
                x -= 1
            self.move(x, y)
            self.hold(want[x])
            if blanks := self._blanks(x, shown, want, tail):
                # ECMA-48 §8.3.38, Erase Character: the cursor stays.
                self._parts.append(f"\x1b[{blanks}X")
                x += blanks
            else:
                x = self._run(x, shown, want, tail)
        if shown[tail:] != want[tail:]:
            self.move(tail, y)
            self.hold(blank)
            # ECMA-48 §8.3.41, Erase In Line: to its end.
            self._parts.append("\x1b[K")

    def _run(self, x: int, shown: Row, want: Row, tail: int) -> int:
        """Draw cells of one pen until they are what is shown for a while; returns where it stopped."""
        pen, parts = self.pen, self._parts
        sure = True
        while x < tail and sure:
            cell = want[x]
            text = cell.text
            end = min(tail, x + _BRIDGE)
            if (
                (cell.pen is not pen and not _fits(cell, pen))
                or (shown[x] == cell and shown[x:end] == want[x:end])
                or (text == " " and self._blanks(x, shown, want, tail))
            ):
                break
            parts.append(text)
            if len(text) > 1:
                # Its other characters may be drawn over what stands behind it.
                for at in range(x + 1, min(x + _most(text), len(shown))):
                    shown[at] = UNKNOWN
            x += 1
            wide = x < len(want) and not want[x].text
            x += wide
            sure = text.isascii() or _is_sure(text, wide)
        # Past the last column nobody knows where a terminal's cursor is.
        self.x = x if sure and x < self.width else None
        return x

    def _blanks(self, x: int, shown: Row, want: Row, tail: int) -> int:
        """How many equal blanks begin here that are better erased, the row going on behind them; else 0.

        They never end within a wide character: tmux would wipe all of it later, and with the wrong ground.
        """
        blank = want[x]
        if want[min(x + _ERASE, tail - 1)] != blank or not self._erasable(blank):
            return 0
        end = x
        while end < tail and want[end] == blank:
            end += 1
        if end == tail:
            return 0
        blanks = end - x - (not shown[end].text)
        return blanks if blanks > _ERASE else 0

    def _erasable(self, cell: Cell) -> bool:
        attributes, _, ground, link = cell.pen
        return cell.text == " " and not attributes and not link and (self._erases or not ground)


@lru_cache(4096)
def _is_sure(text: str, wide: bool) -> bool:
    return (_SURE_WIDE if wide else _SURE).fullmatch(text) is not None


def _fits(cell: Cell, pen: Pen) -> bool:
    """Whether a cell looks as it shall when it is drawn with this pen."""
    return cell.pen == pen or (cell.text == " " and cell.pen == blank_pen(pen))


@lru_cache(1024)
def _most(text: str) -> int:
    """How many cells a terminal may fill with a character that it does not know to be one."""
    return sum(2 if one >= "\U0001f000" else cell_len(one) for one in text)


def _step(cells: int, forward: str, back: str) -> str:
    letter = forward if cells > 0 else back
    return f"\x1b[{abs(cells) if abs(cells) > 1 else ''}{letter}"
