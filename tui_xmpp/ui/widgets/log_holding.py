"""The holding part of the message log: which messages it has, and which it lets go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Delivery, Gap, Message, Page, Place
from tui_xmpp.ui.render.rules import Notice, NoticeKind
from tui_xmpp.ui.widgets.log_blocks import BLOCK
from tui_xmpp.ui.widgets.log_records import Notices, Record, joined
from tui_xmpp.ui.widgets.log_view import LogView

WINDOW = 2000
"""Records held, give or take a block; what is further away is let go and asked for again."""


class HoldingLog(LogView):
    """Takes in pages, new messages and changes, and keeps the view in its place meanwhile."""

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
        records = self._records
        oldest, newest = records.first_place(), records.last_place()
        if self._painter.look.linear and newest is not None:
            # Nothing is put between lines that were heard already.
            messages = [one for one in messages if one.place > newest]
        if not records.at_start and oldest is not None:
            # Between these and the oldest held there may be others: they all come with `prepend`.
            messages = [one for one in messages if one.place >= oldest]
        later = [one for one in messages if newest is None or one.place > newest]
        if not self.following:
            incoming = sum(one.delivery is Delivery.INCOMING for one in later)
            self._count_below(self.new_below + incoming)
        if not records.at_end:
            messages = [one for one in messages if newest is not None and one.place <= newest]
        if messages:
            # What fills a gap comes in above what is read on the way up.
            with self._holding(bottom=len(later) < len(messages)):
                self._insert(messages[-WINDOW:])

    def replace(self, message: Message) -> bool:
        """Put a changed message in the place of the one with its row; False: it is not held."""
        index = self._records.index_of(message)
        if index is None:
            return False
        held = self._records.message(index)
        if self._painter.look.linear and held is not None:
            # Its line stays as it was said, where it was said.
            message = replace(message, at=held.at)
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
            if self._painter.look.linear:
                longer = None
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

    def newest(self) -> Message | None:
        """Return the newest message held; None: there is none."""
        return self._records.newest()

    def held(self, message: Message) -> Message | None:
        """Return a message as it is held now, by its row; None: it is not."""
        index = self._records.index_of(message)
        return self._records.message(index) if index is not None else None

    def messages(self) -> Sequence[Message]:
        """Return the messages held, oldest first."""
        return self._records.messages()

    def _redecorate(self, start: int, stop: int) -> None:
        for index in self._records.decorate(start, stop):
            self._update(index)
        unread = self._records.unread_index()
        if unread is not None:
            self._records.items[unread].touch()

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
