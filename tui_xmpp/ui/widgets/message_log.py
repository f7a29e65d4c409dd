"""The message log: one virtual scroll view over the records of one chat."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.geometry import Offset

from tui_xmpp.core.message import Message, Place
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.message import REPLY_PART
from tui_xmpp.ui.widgets.log_holding import WINDOW, HoldingLog
from tui_xmpp.ui.widgets.log_records import Notices

__all__ = ["WINDOW", "MessageLog"]


class MessageLog(HoldingLog):
    """Shows one chat. Attributes and calls down, messages up; it never asks anybody anything."""

    page = 1.0
    """The part of a screen that `turn_page` scrolls by."""

    @property
    def look(self) -> Look:
        """Theme and settings; assigning another repaints."""
        return self._painter.look

    @look.setter
    def look(self, look: Look) -> None:
        with self._holding():
            if look.linear != self._records.look.linear:
                self._records.say_anew()
            self._records.look = look
            self._painter.change(look=look)
            self._records.decorate(0, len(self._records))
            self._measure_all()

    @property
    def notices_shown(self) -> bool:
        """Whether joins and leaves are shown; assigning repaints."""
        return self._painter.notices_shown

    @notices_shown.setter
    def notices_shown(self, shown: bool) -> None:
        with self._holding():
            self._painter.notices_shown = shown
            self._painter.change()
            self._measure_all()

    @property
    def selected(self) -> Message | None:
        """The selected message."""
        item = self._selected.item if self._selected is not None else None
        return item if isinstance(item, Message) else None

    @property
    def cursor_cell(self) -> Offset | None:
        """Where on the screen the terminal's cursor follows the selection; None: nothing is selected."""
        if self._selected is None or not self._painter.width:
            return None
        index = self._records.index_of_record(self._selected)
        blank_rows = max(0, self.size.height - self._blocks.total)
        row = self._blocks.top(index) + self._selected.lead - self.scroll_offset.y + blank_rows
        row = max(0, min(row, self.size.height - 1))
        return self.content_region.offset + Offset(0 if self.look.linear else 1, row)

    def visible_messages(self) -> Sequence[Message]:
        """Return the messages in view, oldest first."""
        found = (self._records.message(index) for index in self._in_view())
        return [message for message in found if message is not None]

    def jump(self, place: Place) -> bool:
        """Bring a message into the middle of the view; False: it is not held, `show` it with `at`."""
        index = self._records.index_at(place)
        if index is None:
            return False
        self._goal = place
        if self._painter.width:
            self._reach_goal()
        return True

    def jump_unread(self) -> bool:
        """Bring the unread line into view; False: there is none here."""
        index = self._records.unread_index()
        if index is None or not self._painter.width:
            return False
        self._look_at(index, self.size.height // 4)
        return True

    def jump_end(self) -> None:
        """Go to the newest message; posts NewestWanted when it is not held."""
        if not self._records.at_end:
            self.post_message(self.NewestWanted())
            return
        self._follow = True
        self._go_end()

    def jump_start(self) -> None:
        """Go to the oldest message held."""
        self._scroll(0)

    def scroll_lines(self, lines: int) -> None:
        """Scroll down, or up with a negative number."""
        self._scroll(self.scroll_offset.y + lines)

    def turn_page(self, pages: int) -> None:
        """Scroll by `page`, which is a whole screen or less of it; up with a negative number."""
        self.scroll_pages(pages * self.page)

    def scroll_pages(self, pages: float) -> None:
        """Scroll by screens less one line; 0.5 is half a screen."""
        rows = round(max(1, self.size.height - 1) * abs(pages)) or 1
        self.scroll_lines(rows if pages > 0 else -rows)

    def select(self, message: Message | None) -> bool:
        """Select a message that is held, and bring it into view; None clears."""
        if message is None:
            self.clear_selection()
            return True
        index = self._records.index_of(message)
        if index is None:
            return False
        self._select_index(index)
        return True

    def select_previous(self) -> None:
        """Select the message above; with none selected the newest in view."""
        if self._selected is None:
            visible = [index for index in self._in_view() if self._records.message(index) is not None]
            if visible:
                self._select_index(visible[-1])
            return
        self._select_from(self._records.index_of_record(self._selected) - 1, -1)

    def select_next(self) -> None:
        """Select the message below."""
        if self._selected is None:
            self.select_previous()
        else:
            self._select_from(self._records.index_of_record(self._selected) + 1, 1)

    def select_first(self) -> None:
        """Select the oldest message held."""
        self._select_from(0, 1)

    def select_last(self) -> None:
        """Select the newest message held; posts NewestWanted when that is not the chat's newest."""
        if not self._records.at_end:
            self.post_message(self.NewestWanted())
        self._select_from(len(self._records) - 1, -1)

    def clear_selection(self) -> None:
        """Select nothing."""
        self._choose(None)

    def unfold(self) -> bool:
        """Show more of the selected message when it was cut; False: there is nothing to unfold."""
        record = self._selected
        message = self.selected
        if record is None or message is None or record.unfolded:
            return False
        index = self._records.index_of_record(record)
        with self._holding():
            record.unfolded = True
            record.said = ()
            record.touch()
            grown = self._update(index)
        if not grown:
            return False
        self._look_at(index, 0)
        return True

    def unfold_notices(self) -> None:
        """Show the joins and leaves in view one by one, or collapse them again."""
        runs = [index for index in self._in_view() if isinstance(self._records.items[index].item, Notices)]
        unfold = not any(self._records.items[index].unfolded for index in runs)
        with self._holding():
            for index in runs:
                self._records.items[index].unfolded = unfold
                self._records.items[index].touch()
                self._update(index)

    def on_click(self, event: events.Click) -> None:
        """Tell what was clicked; a run of joins and leaves unfolds by itself."""
        blank_rows = max(0, self.size.height - self._blocks.total)
        found = self._blocks.at(self.scroll_offset.y + event.y - blank_rows)
        if found is None:
            return
        record = self._records.items[found[0]]
        message = self._records.message(found[0])
        if isinstance(record.item, Notices):
            with self._holding():
                record.unfolded = not record.unfolded
                record.touch()
                self._update(found[0])
        elif message is not None and found[1] >= record.lead:
            if event.style.link:
                self.post_message(self.LinkClicked(event.style.link))
            elif event.style.meta.get("part") == REPLY_PART:
                self.post_message(self.ReplyClicked(message))
            else:
                self.post_message(self.Clicked(message))

    def _select_from(self, index: int, step: int) -> None:
        while 0 <= index < len(self._records):
            if self._records.message(index) is not None:
                self._select_index(index)
                return
            index += step

    def _select_index(self, index: int) -> None:
        self._choose(self._records.items[index])
        if not self._painter.width:
            self._goal = self._records.items[index].item.place
            return
        top = self._blocks.top(index)
        height = self._blocks.height(index)
        view, rows = self.scroll_offset.y, self.size.height
        if top < view or height >= rows:
            self._look_at(index, 0)
        elif top + height > view + rows:
            self._look_at(index, rows - height)
        self.app.cursor_position = self.cursor_cell or self.app.cursor_position
