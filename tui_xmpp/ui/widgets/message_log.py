"""The message log: one virtual scroll view over the records of one chat."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from textual import events
from textual.geometry import Offset, Size
from textual.message import Message as Posted
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Delivery, Gap, Message, Page, Place
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.message import REPLY_PART
from tui_xmpp.ui.render.rules import Notice, NoticeKind
from tui_xmpp.ui.widgets.log_blocks import BLOCK, Blocks
from tui_xmpp.ui.widgets.log_messages import LogMessages
from tui_xmpp.ui.widgets.log_painter import Painter
from tui_xmpp.ui.widgets.log_records import Notices, Record, Records, joined

WINDOW = 2000
"""Records held, give or take a block; what is further away is let go and asked for again."""
WHEEL = 3
"""Rows a notch of the wheel moves."""

_Anchor = tuple[Record, int]
"""A record, and which of its rows is at the top of the view."""


class MessageLog(LogMessages, ScrollView, can_focus=False):
    """Shows one chat. Attributes and calls down, messages up; it never asks anybody anything."""

    DEFAULT_CSS = """
    MessageLog {
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

    # What it shows

    @property
    def look(self) -> Look:
        """Theme and settings; assigning another repaints."""
        return self._painter.look

    @look.setter
    def look(self, look: Look) -> None:
        with self._holding():
            self._records.look = look
            self._painter.change(look=look)
            self._records.decorate(0, len(self._records))
            self._measure_all()

    @property
    def selected(self) -> Message | None:
        """The selected message."""
        item = self._selected.item if self._selected is not None else None
        return item if isinstance(item, Message) else None

    @property
    def following(self) -> bool:
        """The view is at the chat's newest message."""
        return self._follow and self._records.at_end

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

    def show(
        self,
        chat: ChatKey,
        page: Page,
        *,
        unread_from: Place | None = None,
        at: Place | None = None,
        peer: str = "",
        own_nick: str = "",
    ) -> None:
        """Show another chat, or another part of one.

        *unread_from*: the place after which messages are unread (`Chat.read_at`, `read_row`); None: no line.
        *at*: the place to look at, in the middle of the view; None: the unread line, else the end.
        *peer*: the name of the contact, for messages without a nick. *own_nick*: what a mention looks like.
        """
        self.chat = chat
        self.new_below = 0
        self._asked.clear()
        self._told.clear()
        self._records.at_start, self._records.at_end = page.at_start, page.at_end
        self._records.reset(page.messages[-WINDOW:], page.gaps, unread_from)
        self._records.at_start = page.at_start and len(page.messages) <= WINDOW
        self._painter.begin(peer, own_nick)
        self._choose(None)
        self._goal = at
        self._follow = at is None
        if self._painter.width:
            self._measure_all()
            self._reach_goal()

    def prepend(self, page: Page) -> None:
        """Add older messages above; the view keeps its place."""
        with self._holding():
            records = self._records
            records.at_start = page.at_start
            self._merge_gaps(page)
            new = records.prepend(page.messages)
            if new or page.at_start:
                self._asked.discard("older")
            if self._painter.widen(list(page.messages)) or not self._painter.width:
                self._measure_all()
            else:
                self._blocks.prepend(new)
                self._blocks.update(new)
            if len(records) > WINDOW + BLOCK and not self._near_end():
                self._drop_last(len(records) - WINDOW)

    def append_page(self, page: Page) -> None:
        """Add newer messages of the archive below; the view keeps its place."""
        with self._holding(follow=False):
            self._asked.discard("newer")
            self._merge_gaps(page)
            self._insert(page.messages)
            self._records.at_end = page.at_end
            self._redecorate(len(self._records) - 1, len(self._records))

    def add(self, messages: Sequence[Message]) -> None:
        """Add messages that just came, in any order; follows the end when it was at the end."""
        if not messages:
            return
        incoming = sum(one.delivery is Delivery.INCOMING for one in messages)
        if not self.following:
            self._count_below(self.new_below + incoming)
        if self._records.at_end:
            with self._holding():
                self._insert(messages[-WINDOW:])

    def replace(self, message: Message) -> bool:
        """Put a changed message in the place of the one with its row; False: it is not held."""
        index = self._records.index_of(message)
        if index is None:
            return False
        with self._holding():
            self._replace(index, message)
        return True

    def set_gaps(self, gaps: Sequence[Gap], filling: Collection[int] = ()) -> None:
        """Replace the gaps; *filling*: numbers of those that are being fetched now."""
        with self._holding():
            before = [record.lead for record in self._records.items]
            self._records.set_gaps(gaps, filling)
            for index, record in enumerate(self._records.items):
                if record.lead != before[index]:
                    self._update(index)

    def add_notice(self, text: str, at: datetime, kind: NoticeKind = "info") -> None:
        """Add a line that is no message: joins and leaves collapse into one line."""
        if not self._records.at_end:
            return
        notice = Notice(text, at, kind)
        with self._holding():
            index = len(self._records) - 2
            last = self._records.items[index] if index >= 0 else None
            longer = joined(last.item, notice) if last and isinstance(last.item, Notices) else None
            if last is not None and longer is not None:
                last.item = longer
                last.touch()
                self._update(index)
            else:
                self._insert_one(Notices((notice,)))

    def set_unread_line(self, place: Place | None) -> None:
        """Move the unread line behind *place*; None: no line."""
        with self._holding():
            self._records.unread_from = place
            self._redecorate(0, len(self._records))

    def set_marks(self, message: Message, marks: Sequence[tuple[int, int]]) -> None:
        """Mark ranges of a message's body as found; no marks: take them away."""
        index = self._records.index_of(message)
        if index is not None:
            self._records.items[index].marks = tuple(marks)
            self._records.items[index].touch()
            self.refresh()

    def messages(self) -> Sequence[Message]:
        """Return the messages held, oldest first."""
        return self._records.messages()

    def visible_messages(self) -> Sequence[Message]:
        """Return the messages in view, oldest first."""
        found = (self._records.message(index) for index in self._in_view())
        return [message for message in found if message is not None]

    # Where it looks

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

    def scroll_pages(self, pages: float) -> None:
        """Scroll by screens less one line; 0.5 is half a screen."""
        rows = round(max(1, self.size.height - 1) * abs(pages)) or 1
        self.scroll_lines(rows if pages > 0 else -rows)

    # What is selected

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

    # Textual's side

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
        self.scroll_lines(-WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three rows down, at once."""
        event.stop()
        event.prevent_default()
        self.scroll_lines(WHEEL)

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

    # Placing

    @contextmanager
    def _holding(self, *, follow: bool = True) -> Iterator[None]:
        """Change something, and then look at the same row as before, or at the end when it was there."""
        anchor = None if self._follow and follow else self._anchor()
        yield
        self._place(anchor)

    def _anchor(self) -> _Anchor | None:
        found = self._blocks.at(self.scroll_offset.y) if self._painter.width else None
        return None if found is None else (self._records.items[found[0]], found[1])

    def _place(self, anchor: _Anchor | None) -> None:
        if not self._painter.width:
            return
        index = next((i for i, one in enumerate(self._records.items) if anchor and one is anchor[0]), None)
        if anchor is None or index is None:
            self._go_end()
        else:
            self._look_at(index, -min(anchor[1], max(0, self._blocks.height(index) - 1)))
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
        self.set_reactive(MessageLog.virtual_size, Size(self._painter.width, self._blocks.total))

    def _measure_all(self) -> None:
        if self._painter.width:
            self._blocks.reset(len(self._records))
            self._set_size()

    def _update(self, index: int) -> int:
        return self._blocks.update(index) if self._painter.width else 0

    def _redecorate(self, start: int, stop: int) -> None:
        for index in self._records.decorate(start, stop):
            self._update(index)
        unread = self._records.unread_index()
        if unread is not None:
            self._records.items[unread].touch()

    # Holding

    def _insert(self, messages: Sequence[Message]) -> None:
        records = self._records
        new: list[Message] = []
        for message in sorted(messages, key=lambda one: one.place):
            index = records.index_of(message)
            if index is None:
                new.append(message)
            else:
                self._replace(index, message)
        if self._painter.widen(new):
            self._measure_all()
        newest = records.items[-2].item.place if len(records) > 1 else None
        late = [one for one in new if newest is not None and one.place < newest]
        for message in late:
            self._insert_one(message)
        self._append([one for one in new if newest is None or one.place >= newest])
        excess = len(records) - WINDOW
        if excess > BLOCK:
            if self._follow or self._near_end():
                self._drop_first(excess)
            else:
                self._drop_last(excess)

    def _replace(self, index: int, message: Message) -> None:
        if self._records.replace(index, message):
            self._measure_all()
        else:
            self._redecorate(index, index + 2)
            self._update(index)

    def _append(self, messages: Sequence[Message]) -> None:
        records = self._records
        start = len(records) - 1
        records.append(messages)
        if self._painter.width:
            # The tail gave its place to the first of them.
            self._blocks.drop_last(1)
            self._blocks.append(len(messages) + 1)
        unread = records.unread_index()
        if unread is not None and unread < start:
            records.items[unread].touch()

    def _insert_one(self, item: Message | Notices) -> None:
        index = self._records.insert(item)
        self._records.decorate(index, index + 1)
        if self._painter.width:
            self._blocks.insert(index)
        self._redecorate(index + 1, index + 2)

    def _drop_first(self, number: int) -> None:
        gone = self._records.drop_first(number)
        self._blocks.drop_first(number)
        self._update(0)
        self._asked.discard("older")
        self._forget(gone)

    def _drop_last(self, number: int) -> None:
        gone = self._records.drop_last(number)
        if self._painter.width:
            self._blocks.drop_last(number + 1)
            self._blocks.append(1)
        self._asked.discard("newer")
        self._forget(gone)

    def _forget(self, gone: Sequence[Record]) -> None:
        if any(record is self._selected for record in gone):
            self._choose(None)

    def _near_end(self) -> bool:
        found = self._blocks.at(self.scroll_offset.y)
        return found is None or found[0] > len(self._records) // 2

    def _merge_gaps(self, page: Page) -> None:
        gaps = {gap.number: gap for gap in (*self._records.gaps, *page.gaps)}
        self._records.gaps = tuple(gaps.values())

    # Selecting

    def _select_from(self, index: int, step: int) -> None:
        while 0 <= index < len(self._records):
            if self._records.message(index) is not None:
                self._select_index(index)
                return
            index += step

    def _select_index(self, index: int) -> None:
        self._choose(self._records.items[index])
        top = self._blocks.top(index)
        height = self._blocks.height(index)
        view, rows = self.scroll_offset.y, self.size.height
        if top < view or height >= rows:
            self._look_at(index, 0)
        elif top + height > view + rows:
            self._look_at(index, rows - height)
        self._place_cursor(index)

    def _choose(self, record: Record | None) -> None:
        if record is not self._selected:
            self._selected = record
            self.refresh()
            self.post_message(self.SelectionChanged(self.selected))

    def _place_cursor(self, index: int) -> None:
        """Put the terminal's cursor on the selected message, for those who hear or feel the screen."""
        blank_rows = max(0, self.size.height - self._blocks.total)
        row = self._blocks.top(index) + self._records.items[index].lead - self.scroll_offset.y + blank_rows
        self.app.cursor_position = self.content_region.offset + Offset(1, max(0, row))

    # Telling

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
