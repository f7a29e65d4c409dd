"""One line of furniture, made for the width it has and redrawn only when it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget


def _nothing(width: int) -> Text:
    return Text()


class Line(Widget):
    """Shows what a function makes of a width in cells."""

    DEFAULT_CSS = """
    Line {
        height: 1;
        background: $background;
        color: $foreground;
    }
    """

    @dataclass
    class Clicked(Message):
        """The line was clicked; *from_right*: at so many cells from its right end."""

        line: Line
        from_right: int

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes, markup=False)
        self._make: Callable[[int], Text] = _nothing
        self._shown: Text | None = None

    @property
    def text(self) -> str:
        """What is shown, without styles."""
        return self._make(self.size.width or 80).plain

    def show(self, make: Callable[[int], Text]) -> None:
        """Show what *make* returns for the width of the widget."""
        self._make = make
        now = make(self.size.width)
        before = self._shown
        if before is None or (now.plain, now.spans) != (before.plain, before.spans):
            self._shown = now
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Tell where."""
        self.post_message(self.Clicked(self, self.size.width - event.x))

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        width = self.size.width
        style = self.rich_style
        if y:
            return Strip.blank(width, style)
        text = self._make(width)
        return strip_of(text, self.app.console, style, width)


def strip_of(text: Text, console: Console, style: Style, width: int) -> Strip:
    """Return one line of text as a strip of a width, over the widget's own style."""
    base = style + console.get_style(text.style)
    strip = Strip(segment for segment in text.render(console) if segment.text != "\n")
    return strip.apply_style(base).adjust_cell_length(width, style)
