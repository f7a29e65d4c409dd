"""The shortest control sequences from what the terminal shows to what it shall show."""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import crc32

from rich.cells import cell_len

from tui_xmpp.ui.terminal.cell import PLAIN, Cell, Pen, Row, blank_pen

_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "21": "24", "5": "25", "6": "25"}
_OFF |= {"7": "27", "8": "28", "9": "29", "53": "55"}
_BRIDGE = 4
"""Cells that are rather drawn again than jumped over."""
_ERASE = 10
"""Blanks up to which it is shorter to draw them than to erase (ECH) and go on behind them."""
# Every terminal gives these the width that Textual counts; after anything else the place is said anew.
_SURE = re.compile("[ -~\u00a0-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e\u2190-\u22ff\u2500-\u25fc]+")
_SURE_WIDE = re.compile("[\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")


@lru_cache(8192)
def change(old: Pen, new: Pen) -> str:
    """The shortest SGR sequence from one pen to another, links not counted; empty where there is none."""
    if old[:3] == new[:3]:
        return ""
    whole = ";".join(filter(None, new[:3]))
    whole = f"\x1b[0;{whole}m" if whole else "\x1b[m"
    words: list[str] = []
    if old.attributes != new.attributes:
        had, wanted = ({one for one in pen.attributes.split(";") if one} for pen in (old, new))
        gone = had - wanted
        if not gone <= _OFF.keys():
            return whole
        off = {_OFF[one] for one in gone}
        # Bold and faint end together.
        kept = {one for one in had & wanted if _OFF.get(one) in off}
        words += sorted(off) + sorted(wanted - had | kept)
    if old.colour != new.colour:
        words.append(new.colour or "39")
    if old.ground != new.ground:
        words.append(new.ground or "49")
    step = f"\x1b[{';'.join(words)}m"
    return step if len(step) < len(whole) else whole


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
        self._spilled = 0

    def copy(self) -> Strokes:
        """A second try from the same place."""
        other = Strokes(self.width, erases=self._erases)
        other.x, other.y, other.pen, other._parts = self.x, self.y, self.pen, list(self._parts)
        return other

    def take(self) -> str:
        """Return what was drawn, and begin anew behind it."""
        text = "".join(self._parts)
        self._parts = []
        return text

    @property
    def length(self) -> int:
        """Characters so far."""
        return sum(map(len, self._parts))

    def add(self, sequence: str) -> None:
        """Send a sequence that changes neither pen nor place."""
        self._parts.append(sequence)

    def lost(self) -> None:
        """The cursor's place is not known any more."""
        self.x = self.y = None

    def move(self, x: int, y: int) -> None:
        """Put the cursor there by the shortest way."""
        if (self.x, self.y) != (x, y):
            self._parts.append(self._way(x, y))
            self.x, self.y = x, y

    def _way(self, x: int, y: int) -> str:
        ways = [f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H" if y else "\x1b[H"]
        if self.y == y:
            if x == 0:
                ways.append("\r")
            ways.append(f"\x1b[{x + 1}G")
            if self.x is not None and self.x < self.width:
                ways.append(_step(x - self.x, "C", "D"))
                if 0 < self.x - x <= 4:
                    ways.append("\b" * (self.x - x))
        elif self.y is not None:
            if y == self.y + 1 and x == 0:
                ways.append("\r\n")
            if self.x == x and x < self.width:
                ways.append(_step(y - self.y, "B", "A"))
        return min(ways, key=len)

    def hold(self, pen: Pen) -> None:
        """Draw with this pen from now on."""
        if pen == self.pen:
            return
        if pen.link != self.pen.link:
            # One id for all pieces of a link, so that a terminal shows them as one.
            id = f"id={crc32(pen.link.encode()) & 0xFFF:x}" if pen.link else ""
            self._parts.append(f"\x1b]8;{id};{pen.link}\x1b\\")
        self._parts.append(change(self.pen, pen))
        self.pen = pen

    def _hold_for(self, cell: Cell) -> None:
        if not _fits(cell, self.pen):
            self.hold(cell.pen)

    def row(self, y: int, shown: Row | None, want: Row) -> None:
        """Draw what differs in a row; `shown` None: nothing is known of it."""
        end = len(want)
        blank = want[end - 1]
        tail = end
        if self._erasable(blank):
            while tail and want[tail - 1] == blank:
                tail -= 1
            if end - tail < 4:
                tail = end
        self._spilled = 0
        self._cells(y, shown, want, tail)
        if tail < end and (shown is None or self._spilled > tail or shown[tail:] != want[tail:]):
            self.move(tail, y)
            self._hold_for(blank)
            # ECMA-48 §8.3.41, Erase In Line: to its end.
            self._parts.append("\x1b[K")

    def _cells(self, y: int, shown: Row | None, want: Row, tail: int) -> None:
        x = 0
        while x < tail:
            if shown is not None and x >= self._spilled and shown[x] == want[x]:
                x += 1
                continue
            while x and not want[x].text:
                x -= 1
            x = self._bridge(x, y, want)
            self.move(x, y)
            blanks = self._blanks(x, shown, want, tail)
            if blanks > _ERASE:
                self._hold_for(want[x])
                # ECMA-48 §8.3.38, Erase Character: the cursor stays.
                self._parts.append(f"\x1b[{blanks}X")
                x += blanks
            else:
                x = self._run(x, shown, want, tail)

    def _bridge(self, x: int, y: int, want: Row) -> int:
        """Draw again a few cells before `x` where that is shorter than to jump over them; returns `x`."""
        if self.y == y and self.x is not None and 0 < x - self.x <= _BRIDGE:
            between = want[self.x : x]
            if all(_fits(cell, self.pen) and _is_sure(cell.text) for cell in between):
                self._parts.append("".join(cell.text for cell in between))
                self.x = x
        return x

    def _run(self, x: int, shown: Row | None, want: Row, tail: int) -> int:
        """Draw cells of one pen until they are what is shown for a while; returns where it stopped."""
        self._hold_for(want[x])
        pen, parts = self.pen, self._parts
        sure = True
        while x < tail and sure:
            cell = want[x]
            text = cell.text
            if cell.pen is not pen and not _fits(cell, pen):
                break
            is_known = shown is not None and shown[x] == cell and x >= self._spilled
            if is_known and self._same(x, shown or [], want, tail):
                break
            if text == " " and self._blanks(x, shown, want, tail) > _ERASE:
                break
            parts.append(text)
            x += 1
            if len(text) > 1:
                self._spilled = max(self._spilled, x - 1 + _most(text))
            if x < len(want) and not want[x].text:
                x += 1
                sure = _is_sure_wide(text)
            elif not text.isascii():
                sure = _is_sure(text)
        # Past the last column nobody knows where a terminal's cursor is.
        self.x = x if sure and x < self.width else None
        return x

    def _same(self, x: int, shown: Row, want: Row, tail: int) -> bool:
        """Whether the cells from here on are shown already, for more than a jump costs."""
        end = min(tail, x + _BRIDGE + 2)
        return shown[x:end] == want[x:end] and bool(want[x].text)

    def _blanks(self, x: int, shown: Row | None, want: Row, tail: int) -> int:
        """How many equal blanks begin here that may be erased, the row going on behind them.

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
        return end - x - (shown is not None and not shown[end].text)

    def _erasable(self, cell: Cell) -> bool:
        attributes, _, ground, link = cell.pen
        return cell.text == " " and not attributes and not link and (self._erases or not ground)


@lru_cache(4096)
def _is_sure(text: str) -> bool:
    return _SURE.fullmatch(text) is not None


@lru_cache(4096)
def _is_sure_wide(text: str) -> bool:
    return _SURE_WIDE.fullmatch(text) is not None


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
