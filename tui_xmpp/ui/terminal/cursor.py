"""Where the real cursor stands, and how Textual's drawn one is kept off the screen."""

from __future__ import annotations

from textual.widget import Widget
from textual.widgets import Input, TextArea

SELECTING = 2
"""The shape of a cursor that selects: a block (DECSCUSR); where one writes it is the user's own."""

REAL_CURSOR = """
App.-real-cursor {
    & TextArea .text-area--cursor, & TextArea:focus .text-area--cursor {
        background: transparent;
        color: $foreground;
        text-style: none;
    }
    & Input .input--cursor, & Input:focus .input--cursor {
        background: transparent;
        color: $foreground;
        text-style: none;
    }
}
"""
"""Rules for an app with the class `-real-cursor`: the terminal draws the cursor, and blinks it for free."""


def cursor_place(focused: Widget | None) -> tuple[int, int] | None:
    """The column and row of the focused widget's cursor, counted from 0; None where it has none in view."""
    if not isinstance(focused, Input | TextArea):
        return None
    x, y = focused.cursor_screen_offset
    return (x, y) if focused.region.contains(x, y) else None
