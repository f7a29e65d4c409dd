"""A small popup between log and composer: a title, a line to write into, rows, and what the keys do."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from tui_xmpp.ui.widgets.line import Line
from tui_xmpp.ui.widgets.rows import Draw, Rows

_MOST_ROWS = 10


class Popup(Vertical):
    """Shows rows it is given; tells what is written and chosen."""

    DEFAULT_CSS = """
    Popup {
        height: auto;
        background: $background;
        border-top: solid $dim;
        & Line { height: 1; }
        & Rows { height: 1; }
        & Input, & Input.-textual-compact {
            border: none; height: 1; padding: 0 1; background: $background; color: $foreground;
            &:focus { border: none; background-tint: $background 0%; }
            & > .input--placeholder { color: $dim; text-style: $dim-style; }
        }
    }
    Popup.-tall { height: 1fr; }
    Popup.-tall Rows { height: 1fr; }
    """

    @dataclass
    class Typed(Message):
        """Another text stands in the line."""

        popup: Popup
        text: str

    @dataclass
    class Picked(Message):
        """Enter, or a click; *key* None: there is no row."""

        popup: Popup
        key: Hashable | None
        text: str

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        popup: Popup
        key: Hashable

    def __init__(
        self,
        draw: Draw,
        *,
        title: Callable[[int], Text],
        hint: Callable[[int], Text] | None,
        field: bool,
        secret: bool = False,
        tall: bool = False,
        start: str = "",
        placeholder: str = "",
        stands: Callable[[Hashable], bool] = lambda key: True,
    ) -> None:
        super().__init__(id="popup", classes="-tall" if tall else None)
        self._tall = tall
        self._title = title
        self._hint = hint
        self.title_line, self.hint_line = Line(), Line()
        self.rows = Rows(draw, stands=stands)
        self.field = (
            Input(start, placeholder=placeholder, password=secret, compact=True, select_on_focus=False)
            if field
            else None
        )
        if self.field is not None:
            self.field.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Title, line, rows, hint."""
        self.title_line.show(self._title)
        yield self.title_line
        if self.field is not None:
            yield self.field
        yield self.rows
        if self._hint is not None:
            self.hint_line.show(self._hint)
            yield self.hint_line

    @property
    def text(self) -> str:
        """What is written in the line."""
        return self.field.value if self.field is not None else ""

    def show(self, keys: Sequence[Hashable], *, top: bool = False) -> None:
        """Show these rows, and what the title and the hint say now."""
        self.title_line.show(self._title)
        if self._hint is not None:
            self.hint_line.show(self._hint)
        self.rows.display = bool(keys) or self._tall
        if not self._tall:
            self.rows.styles.height = min(len(keys), _MOST_ROWS)
        self.rows.show(keys, top=top)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what is written."""
        event.stop()
        self.post_message(self.Typed(self, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter chooses the row under the cursor."""
        event.stop()
        self.enter()

    def enter(self) -> None:
        """Choose the row under the cursor, or just what is written."""
        self.post_message(self.Picked(self, self.rows.selected, self.text))

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """A click chooses."""
        event.stop()
        self.post_message(self.Picked(self, event.key, self.text))

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Pass on where the cursor stands."""
        event.stop()
        self.post_message(self.Moved(self, event.key))
