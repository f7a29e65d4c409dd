"""The pane of chats and people: a line for the filter, and the rows."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from tui_xmpp.ui.widgets.line import Line
from tui_xmpp.ui.widgets.rows import Draw, Rows


class ListPane(Vertical):
    """Rows under a line; the owner decides what both say."""

    DEFAULT_CSS = """
    ListPane {
        width: 24;
        background: $background;
        border-right: solid $dim;
    }
    """

    def __init__(self, draw: Draw, *, id: str) -> None:
        super().__init__(id=id)
        self.head = Line()
        self.rows = Rows(draw)
        self.rows.shows_cursor = False

    def compose(self) -> ComposeResult:
        """Line and rows."""
        yield self.head
        yield self.rows
