"""The moving part of the message log: what is in view, measured before it is drawn, and kept in place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from textual import events
from textual.geometry import Region, Size
from textual.message import Message as Posted
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Message, Place
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.widgets.log_blocks import Blocks
from tui_xmpp.ui.widgets.log_messages import LogMessages
from tui_xmpp.ui.widgets.log_painter import Painter
from tui_xmpp.ui.widgets.log_records import Record, Records

WHEEL = 3
"""Rows a notch of the wheel moves."""

_Anchor = tuple[Record, int]
"""A record, and at which row of the view it begins, the lines above it not counted."""


class LogView(LogMessages, ScrollView, can_focus=False):
    """A view over records of unknown height that never jumps under the eyes of the reader."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LogView {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size: 0 0;
        background: $background;
        color: $foreground;
    }
    """

    def __init__(self, look: Look, *, id: str | None = None) -> None:
        """An empty log."""
        super().__init__(id=id)
        self.chat: ChatKey | None = None
        self.new_below = 0
        """Messages of others that came while the view was further up; read only."""
        self.empty_text = "No messages yet. Write the first one below."
        """What an empty chat says; several lines are welcome."""
        self._records = Records(look)
        self._painter = Painter(look, self._records)
        self._blocks = Blocks(self._painter.measure)
        self._selected: Record | None = None
        self._follow = True
        self._goal: Place | None = None
        self._placing = False
        self._asked: set[str] = set()
        self._told: set[tuple[int, datetime | None, datetime | None]] = set()
        self._records.reset((), (), None)

    @property
    def following(self) -> bool:
        """The view is at the chat's newest message."""
        return self._follow and self._records.at_end

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw rows of the view; Textual draws a new size before it tells of it."""
        if self.size.width != self._painter.width:
            self.on_resize()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw one row of the view; short chats stand at the bottom, near the composer."""
        if not self._painter.width:
            return Strip.blank(self.size.width)
        if self._blocks.total == 0:
            lines = self.empty_text.split("\n")
            return self._painter.words(lines[y - 1] if 0 < y <= len(lines) else "")
        blank_rows = max(0, self.size.height - self._blocks.total)
        found = self._blocks.at(self.scroll_offset.y + y - blank_rows)
        if found is None:
            return self._painter.blank()
        record = self._records.items[found[0]]
        strips = self._painter.strips(record, chosen=record is self._selected)
        return strips[found[1]] if found[1] < len(strips) else self._painter.blank()

    def on_resize(self) -> None:
        """Cut the rows anew for another width; keep what is read in view."""
        width = self.size.width
        if not width or not self.size.height:
            return
        first = not self._painter.width
        if width == self._painter.width:
            self._place(None if self._follow else self._anchor())
            return
        with self._holding():
            self._painter.change(width=width)
            self._measure_all()
        if first:
            self._reach_goal()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Measure what comes into view, before it is drawn."""
        if not self._placing and self._painter.width:
            top = round(new_value)
            moved = self._blocks.settle(top, top + self.size.height, round(old_value))
            self._set_size()
            self._follow = top + moved >= self.max_scroll_y
            if moved:
                self._scroll_now(top + moved)
        super().watch_scroll_y(old_value, new_value)
        if not self._placing:
            self._look_around()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three rows up, at once."""
        event.stop()
        event.prevent_default()
        self._scroll(self.scroll_offset.y - WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three rows down, at once."""
        event.stop()
        event.prevent_default()
        self._scroll(self.scroll_offset.y + WHEEL)

    @contextmanager
    def _holding(self, *, follow: bool = True, bottom: bool = False) -> Iterator[None]:
        """Change something, and then look at the same row as before, or at the end when it was there.

        *bottom*: what stays is the last row of the view, not the first.
        """
        anchor = None if self._follow and follow else self._anchor(bottom=bottom)
        yield
        self._place(anchor)

    def _anchor(self, *, bottom: bool = False) -> _Anchor | None:
        view = self.scroll_offset.y
        row = min(view + self.size.height, self._blocks.total) - 1 if bottom else view
        found = self._blocks.at(row) if self._painter.width else None
        if found is None:
            return None
        index, inner = found
        record = self._records.items[index]
        return record, row - inner + record.lead - view

    def _place(self, anchor: _Anchor | None) -> None:
        if not self._painter.width:
            return
        index = next((i for i, one in enumerate(self._records.items) if anchor and one is anchor[0]), None)
        if anchor is None or index is None:
            self._go_end()
        else:
            lead = self._records.items[index].lead
            last = max(0, self._blocks.height(index) - lead - 1)
            self._look_at(index, max(anchor[1], -last) - lead)
        self.refresh()

    def _reach_goal(self) -> None:
        index = self._records.index_at(self._goal) if self._goal is not None else None
        unread = self._records.unread_index()
        if index is not None:
            self._look_at(index, max(0, (self.size.height - self._blocks.height(index)) // 2))
        elif unread is not None and self._goal is None:
            self._look_at(unread, self.size.height // 4)
        else:
            self._go_end()
        self._goal = None
        self.refresh()

    def _look_at(self, index: int, row: int) -> None:
        """Scroll so that a record begins at a row of the view."""
        if not self._painter.width:
            return
        place = self._blocks.top(index)
        height = self.size.height
        place += self._blocks.settle(place - max(row, 0), place - row + height, place)
        self._set_size()
        target = max(0, min(place - row, self.max_scroll_y))
        target += self._blocks.settle(target, target + height, place)
        self._set_size()
        self._scroll_now(target)
        self._follow = self.scroll_offset.y >= self.max_scroll_y
        self._look_around()

    def _go_end(self) -> None:
        height = self.size.height
        while self._blocks.settle(self._blocks.total - height, self._blocks.total, self._blocks.total):
            pass
        self._set_size()
        self._scroll_now(self.max_scroll_y)
        self._follow = True
        self._look_around()

    def _scroll(self, row: int) -> None:
        target = max(0, min(row, self.max_scroll_y))
        self.scroll_to(y=target, animate=False, force=True)
        self._look_around()

    def _scroll_now(self, row: int) -> None:
        self._placing = True
        try:
            self.scroll_to(y=max(0, row), animate=False, force=True)
        finally:
            self._placing = False

    def _set_size(self) -> None:
        # The reactive would lay the screen out anew; nothing but our own scrolling depends on this size.
        self.set_reactive(LogView.virtual_size, Size(self._painter.width, self._blocks.total))

    def _measure_all(self) -> None:
        if self._painter.width:
            self._blocks.reset(len(self._records))
            self._set_size()

    def _update(self, index: int) -> int:
        return self._blocks.update(index) if self._painter.width else 0

    def _in_view(self) -> range:
        first = self._blocks.at(self.scroll_offset.y)
        bottom = min(self._blocks.total, self.scroll_offset.y + self.size.height) - 1
        last = self._blocks.at(bottom)
        if first is None or last is None or not self._painter.width:
            return range(0)
        return range(first[0], last[0] + 1)

    def _count_below(self, count: int) -> None:
        if count != self.new_below:
            self.new_below = count
            self.post_message(self.NewBelow(count))

    def _look_around(self) -> None:
        """Say what is wanted, now that the view is where it is."""
        if self.chat is None:
            return
        top, height = self.scroll_offset.y, self.size.height
        if top < height and not self._records.at_start:
            self._ask("older", self.OlderWanted())
        if top + 2 * height > self._blocks.total and not self._records.at_end:
            self._ask("newer", self.NewerWanted())
        if self.following:
            self._ask("end", self.ReachedEnd())
            self._count_below(0)
        else:
            self._asked.discard("end")
        for index in self._in_view():
            for gap in self._records.items[index].gaps:
                known = (gap.number, gap.after, gap.before)
                if known not in self._told and gap.number not in self._records.filling:
                    self._told.add(known)
                    self.post_message(self.GapReached(gap))

    def _ask(self, what: str, posted: Posted) -> None:
        if what not in self._asked:
            self._asked.add(what)
            self.post_message(posted)

    def _choose(self, record: Record | None) -> None:
        if record is not self._selected:
            self._selected = record
            self.refresh()
            item = record.item if record is not None else None
            self.post_message(self.SelectionChanged(item if isinstance(item, Message) else None))
