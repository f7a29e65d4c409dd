"""What the screen shall show, what the terminal shows, and the fewest bytes from one to the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len

from tui_xmpp.ui.terminal.cell import BLANK, PLAIN, Cell, Row
from tui_xmpp.ui.terminal.scrolling import Shift, shifts
from tui_xmpp.ui.terminal.strokes import Strokes

_CHEAP = 8
"""Characters a changed row, below which no other way is looked for: no row is drawn for less."""


class Painter:
    """A grid of wanted cells and one of shown cells. It sends nothing: `frame` returns what is to be sent."""

    def __init__(self, *, erases: bool = True) -> None:
        """`erases`: what the terminal erases gets the ground of the pen (bce)."""
        self.width = self.height = 0
        self.linear = False
        """For those who are read to: rows are drawn whole, and what moved is never drawn again."""
        self._erases = erases
        self._want: list[Row] = []
        self._shown: list[Row | None] = []
        self._dirty: set[int] = set()
        self._strokes = Strokes(0, erases=erases)
        self._written: int | None = None
        """The row that is written on: letters there are drawn one by one."""

    def resize(self, width: int, height: int) -> None:
        """Begin with an empty screen of another size."""
        self.width, self.height = width, height
        self._want = [[BLANK] * width for _ in range(height)]
        self.forget()

    def forget(self) -> None:
        """What the terminal shows is not known any more: the next frame clears it and draws everything."""
        self._shown = [[BLANK] * self.width for _ in range(self.height)]
        self._dirty = set(range(self.height))
        self._strokes = Strokes(self.width, erases=self._erases)
        # ECMA-48 §8.3.39, Erase in Page, from the first cell on, with the ground of no pen.
        self._strokes.add("\x1b[m\x1b[H\x1b[J")

    def take_over(self) -> None:
        """Somebody else has drawn what is there, and `show` says it: nothing is cleared."""
        self._shown = [None] * self.height
        self._strokes.take()

    def show(self, y: int, cells: Sequence[Cell]) -> None:
        """A row is on the terminal already, as somebody else has drawn it."""
        if y < self.height and len(cells) == self.width:
            self._shown[y] = list(cells)

    def put(self, x: int, y: int, cells: Sequence[Cell]) -> None:
        """Want these cells at this place; what does not fit the screen is left out."""
        if not 0 <= y < self.height or not 0 <= x < self.width:
            return
        row = self._want[y]
        end = min(x + len(cells), self.width)
        row[x:end] = cells[: end - x]
        for at in (x - 1, x, end - 1, end):
            if 0 <= at < self.width and _half(row, at):
                row[at] = Cell(" ", row[at].pen)
        self._dirty.add(y)

    @property
    def waiting(self) -> bool:
        """Whether something wanted is not shown."""
        return any(True for _ in self._changed(self._dirty))

    def cursor_differs(self, cursor: tuple[int, int] | None) -> bool:
        """Whether the terminal's cursor stands elsewhere, as far as is known."""
        return cursor is not None and cursor != (self._strokes.x, self._strokes.y)

    def frame(self, cursor: tuple[int, int] | None, only: Iterable[int] | None = None) -> str:
        """Return what makes the terminal show what is wanted, and take it as shown.

        `cursor`: column and row where the cursor is left. `only`: these rows, the others go on waiting.
        """
        rows = sorted(self._changed(self._dirty if only is None else self._dirty.intersection(only)))
        self._written = None if cursor is None else cursor[1]
        if rows:
            self._draw(rows)
        self._dirty = self._dirty.difference(only) if only is not None else set()
        if cursor is not None:
            self._strokes.move(*cursor)
        return self._strokes.take()

    def _changed(self, rows: Iterable[int]) -> Iterator[int]:
        return (y for y in rows if self._shown[y] != self._want[y])

    def _draw(self, rows: list[int]) -> None:
        best: Strokes | None = None
        for shift in shifts(rows, self._shown, self._want):
            tried, shown = self._strokes.copy(), self._shifted(shift)
            self._scroll(tried, shift)
            moved = range(shift.top, shift.bottom + 1)
            self._rows(tried, sorted({*rows, *moved}), shown)
            if best is None or (tried.length < best.length and not self.linear):
                best = tried
        if best is None or (best.length > _CHEAP * len(rows) and not self.linear):
            plain = self._strokes.copy()
            self._rows(plain, rows, self._shown)
            if best is None or plain.length <= best.length:
                best = plain
        for y in rows:
            self._shown[y] = list(self._want[y])
        self._strokes = best

    def _rows(self, strokes: Strokes, rows: Iterable[int], shown: Sequence[Row | None]) -> None:
        for y in rows:
            if shown[y] != self._want[y]:
                strokes.row(y, None if self.linear and y != self._written else shown[y], self._want[y])

    def _scroll(self, strokes: Strokes, shift: Shift) -> None:
        """Let the terminal move rows: a line feed at the bottom of a region (DECSTBM), or RI at its top."""
        # Rows that come in take the ground of the pen, in some terminals.
        strokes.hold(PLAIN)
        strokes.add(f"\x1b[{shift.top + 1};{shift.bottom + 1}r")
        # Most terminals put the cursor home now, and some do not.
        strokes.lost()
        strokes.move(0, shift.bottom if shift.by > 0 else shift.top)
        strokes.add("\n" * shift.by if shift.by > 0 else "\x1bM" * -shift.by)
        strokes.add("\x1b[r")
        strokes.lost()

    def _shifted(self, shift: Shift) -> list[Row | None]:
        shown = list(self._shown)
        part = shown[shift.top : shift.bottom + 1]
        new: list[Row | None] = [[BLANK] * self.width for _ in range(abs(shift.by))]
        part = part[shift.by :] + new if shift.by > 0 else new + part[: shift.by]
        shown[shift.top : shift.bottom + 1] = part
        return shown


def _half(row: Row, x: int) -> bool:
    """Whether a wide character lost its other half to what was put over it."""
    text = row[x].text
    if not text:
        return x == 0 or not _is_wide(row[x - 1].text)
    return _is_wide(text) and (x + 1 == len(row) or bool(row[x + 1].text))


def _is_wide(text: str) -> bool:
    return not text.isascii() and cell_len(text) > 1
