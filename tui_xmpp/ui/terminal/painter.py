"""What the screen shall show, what the terminal shows, and the fewest bytes from one to the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len

from tui_xmpp.ui.terminal.cell import BLANK, UNKNOWN, Cell, Row
from tui_xmpp.ui.terminal.scrolling import shifts
from tui_xmpp.ui.terminal.strokes import Shift, Strokes

_CHEAP = 8
"""Characters a changed row, below which no other way is looked for: no row is drawn for less."""


class Painter:
    """A grid of wanted cells and one of shown cells. It sends nothing: `frame` returns what is to be sent."""

    def __init__(self, *, erases: bool = True) -> None:
        """`erases`: what the terminal erases gets the ground of the pen (bce)."""
        self.width = self.height = 0
        self.linear = False
        """For those who are read to: rows are drawn whole, and what moved is never drawn again."""
        self.margins = False
        """The terminal can move what stands between two columns (DECSLRM)."""
        self._erases = erases
        self._want: list[Row] = []
        self._shown: list[Row] = []
        self._dirty: set[int] = set()
        self._strokes = Strokes(0, erases=erases)
        self.written: int | None = None
        """The row that is written on: letters there are drawn one by one."""

    def resize(self, width: int, height: int) -> None:
        """Begin with an empty screen if this is another size."""
        if (width, height) != (self.width, self.height):
            self.width, self.height = width, height
            self._want = [[BLANK] * width for _ in range(height)]
            self.forget()

    def forget(self) -> None:
        """What the terminal shows is not known any more: the next frame clears it and draws everything."""
        self._shown = [[BLANK] * self.width for _ in range(self.height)]
        self._dirty = set(range(self.height))
        self._strokes = Strokes(self.width, erases=self._erases)
        self._strokes.clear()

    def take_over(self, rows: Sequence[Row]) -> None:
        """Somebody else has drawn these rows: nothing is cleared, and those of another width are unknown."""
        known = {y: row for y, row in enumerate(rows) if len(row) == self.width}
        self._shown = [known.get(y, [UNKNOWN] * self.width) for y in range(self.height)]
        self._strokes = Strokes(self.width, erases=self._erases)

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

    def waiting(self, cursor: tuple[int, int] | None = None) -> bool:
        """Whether something wanted is not shown, or the terminal's cursor does not stand there."""
        moved = cursor is not None and cursor != (self._strokes.x, self._strokes.y)
        return moved or any(True for _ in self._changed(self._dirty))

    def frame(self, cursor: tuple[int, int] | None, only: Iterable[int] | None = None) -> str:
        """Return what makes the terminal show what is wanted, and take it as shown.

        `cursor`: column and row where the cursor is left. `only`: these rows, the others go on waiting.
        """
        now = self._dirty if only is None else self._dirty.intersection(only)
        rows = sorted(self._changed(now))
        self.written = None if cursor is None else cursor[1]
        if rows:
            self._draw(rows)
        self._dirty -= now
        if cursor is not None:
            self._strokes.move(*cursor)
        return self._strokes.take()

    def _changed(self, rows: Iterable[int]) -> Iterator[int]:
        return (y for y in rows if self._shown[y] != self._want[y])

    def _draw(self, rows: list[int]) -> None:
        tries = [
            self._tried(rows, shift)
            for shift in shifts(
                rows, self._shown, self._want, margins=self.margins, least=2 if self.linear else 3
            )
        ]
        if not tries or (min(map(Strokes.length, tries)) > _CHEAP * len(rows) and not self.linear):
            tries.insert(0, self._tried(rows, None))
        # To those who are read to a movement says what is new, whatever it costs.
        self._strokes = tries[0] if self.linear else min(tries, key=Strokes.length)
        for y in rows:
            self._shown[y] = list(self._want[y])

    def _tried(self, rows: Sequence[int], shift: Shift | None) -> Strokes:
        """Return what draws these rows, once the terminal has moved some of them."""
        strokes, shown = self._strokes.copy(), self._shown
        if shift is not None:
            strokes.scroll(shift)
            top, bottom, by, left, right = shift
            moved, blank = range(top, bottom + 1), [BLANK] * self.width
            old, shown = shown, list(shown)
            for y in moved:
                row = old[y + by] if y + by in moved else blank
                shown[y] = [*old[y][:left], *row[left:right], *old[y][right:]]
            rows = range(min(rows[0], top), max(rows[-1], bottom) + 1)
        for y in rows:
            if shown[y] != self._want[y]:
                whole = self.linear and y != self.written
                strokes.row(y, [UNKNOWN] * self.width if whole else shown[y], self._want[y])
        return strokes


def _half(row: Row, x: int) -> bool:
    """Whether a wide character lost its other half to what was put over it."""
    text = row[x].text
    if not text:
        return x == 0 or not _is_wide(row[x - 1].text)
    return _is_wide(text) and (x + 1 == len(row) or bool(row[x + 1].text))


def _is_wide(text: str) -> bool:
    return not text.isascii() and cell_len(text) > 1
