"""A list of any length in one widget: only the rows on the screen are made and drawn."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui_xmpp.ui.render.linear import list_row
from tui_xmpp.ui.widgets.line import strip_of

Draw = Callable[[Hashable, int], Text]
"""Makes the row of a key, as wide as the number of cells given."""


class Rows(ScrollView, can_focus=False):
    """Shows rows by their keys; a row is made when it comes into view."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor"}
    DEFAULT_CSS = """
    Rows {
        scrollbar-size: 0 0;
        overflow-x: hidden;
        overflow-y: auto;
        background: $background;
        color: $foreground;
        & > .rows--cursor { background: $selection; text-style: $selection-style; }
    }
    """

    @dataclass
    class Chosen(Message):
        """A row was clicked, or chosen with a key."""

        rows: Rows
        key: Hashable

        @property
        def control(self) -> Rows:
            """The list it was chosen in."""
            return self.rows

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        rows: Rows
        key: Hashable

        @property
        def control(self) -> Rows:
            """The list it moved in."""
            return self.rows

    def __init__(
        self,
        draw: Draw,
        *,
        cursor: bool = True,
        stands: Callable[[Hashable], bool] = lambda key: True,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.draw = draw
        self.stands = stands
        """Whether the cursor may stand on a key; a heading is passed over."""
        self.shows_cursor = cursor
        self.takes_cursor = False
        """The terminal's cursor belongs on the row, not where one writes: so it is once it was moved."""
        self.plain = False
        """Rows are numbered lines without columns, for a screen reader."""
        self.numbered = True
        """A plain row has its number."""
        self.cursor = 0
        self._keys: Sequence[Hashable] = ()

    @property
    def keys(self) -> Sequence[Hashable]:
        """The keys now shown, from top to bottom."""
        return self._keys

    @property
    def selected(self) -> Hashable | None:
        """The key under the cursor; None in an empty list, or in one of headings only."""
        if 0 <= self.cursor < len(self._keys) and self.stands(self._keys[self.cursor]):
            return self._keys[self.cursor]
        return None

    @property
    def cursor_cell(self) -> Offset | None:
        """Where on the screen the terminal's cursor follows the chosen row; None: it is not wanted here."""
        if not self.takes_cursor or not self._keys or not self.size.height:
            return None
        return self.content_region.offset + Offset(0, self.cursor - self.scroll_offset.y)

    def show(self, keys: Sequence[Hashable], *, top: bool = False) -> None:
        """Show these keys; the cursor stays on its key or near it, or goes to the first with *top*."""
        before = self.selected
        stays = 0 if top or before is None else self._nearest(keys)
        self._keys = keys
        self.cursor = stays
        self.cursor = self._standing(self.cursor, 1)
        self.virtual_size = Size(self.size.width, len(keys))
        if self.shows_cursor:
            self._reveal()
        self.refresh()

    def _nearest(self, keys: Sequence[Hashable]) -> int:
        """Where the cursor's key is among *keys*; if it is gone, the next one that stays, or one before."""
        if self._keys[self.cursor] in keys:
            return keys.index(self._keys[self.cursor])
        there = set(keys)
        order = chain(self._keys[self.cursor :], reversed(self._keys[: self.cursor]))
        return next((keys.index(one) for one in order if one in there and self.stands(one)), 0)

    def move(self, delta: int) -> None:
        """Move the cursor by rows, within the list."""
        if not self._keys:
            return
        wanted = max(0, min(len(self._keys) - 1, self.cursor + delta))
        self.cursor = self._standing(wanted, 1 if delta > 0 else -1)
        self._reveal()
        self.takes_cursor = True
        self.refresh()
        self.post_message(self.Moved(self, self._keys[self.cursor]))

    def _standing(self, at: int, step: int) -> int:
        """Return the nearest row that the cursor may stand on, looking in one direction and then back."""
        below, above = range(at, len(self._keys)), range(min(at, len(self._keys) - 1), -1, -1)
        order = chain(below, above) if step > 0 else chain(above, below)
        return next((row for row in order if self.stands(self._keys[row])), at)

    def go_to(self, key: Hashable) -> None:
        """Put the cursor on a key, if it is there."""
        if key in self._keys:
            self.cursor = self._keys.index(key)
            self._reveal()
            self.refresh()

    def choose(self) -> None:
        """Choose the row under the cursor."""
        if self.selected is not None:
            self.post_message(self.Chosen(self, self.selected))

    def _reveal(self) -> None:
        if not self.size.height:
            return
        # With the headings above it, which the cursor cannot be moved to.
        top = self.cursor
        while 0 < top <= len(self._keys) and not self.stands(self._keys[top - 1]):
            top -= 1
        height = self.cursor - top + 1
        if height > self.size.height:
            top, height = self.cursor, 1
        self.scroll_to_region(Region(0, top, 1, height), animate=False, force=True, immediate=True)

    def on_resize(self, event: events.Resize) -> None:
        """Keep the width of the scrolled area that of the widget."""
        self.virtual_size = Size(event.size.width, len(self._keys))
        if self.shows_cursor:
            self._reveal()

    def on_click(self, event: events.Click) -> None:
        """Choose the row that was clicked."""
        at = self.scroll_offset.y + event.y
        if 0 <= at < len(self._keys) and self.stands(self._keys[at]):
            self.cursor = at
            self.refresh()
            self.choose()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the view."""
        width = self.size.width
        at = self.scroll_offset.y + y
        style = self.rich_style
        if at >= len(self._keys):
            return Strip.blank(width, style)
        text = self.draw(self._keys[at], width)
        chosen = self.shows_cursor and at == self.cursor and self.selected is not None
        if self.plain:
            standing = self.numbered and self.stands(self._keys[at])
            text = list_row(text, at + 1 if standing else None)
        elif chosen and text.plain.startswith(" "):
            text = Text(">").append_text(text[1:])
        strip = strip_of(text, self.app.console, style, width)
        if not chosen:
            return strip
        mark = self.get_component_rich_style("rows--cursor", partial=True)
        return Strip([Segment(part, (own or style) + mark) for part, own, _ in strip], width)
