"""The records of one log: the messages held, what stands between them, and the window they are kept in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count

from tui_xmpp.core.message import Delivery, Gap, Message, MessageType, Place
from tui_xmpp.core.value import value
from tui_xmpp.ui.render.body import ACTION
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.rules import Notice, folds

RUN = timedelta(minutes=5)
"""A run of one sender: the nick is not said again."""

_AFTER_MESSAGES = 1 << 62
_END = Place(datetime.max.replace(tzinfo=UTC), _AFTER_MESSAGES)
_START = datetime.min.replace(tzinfo=UTC)
_keys = count(1)


@value
class Notices:
    """A run of joins and leaves, or one other notice."""

    notices: tuple[Notice, ...]

    @property
    def place(self) -> Place:
        """Behind the messages of the same moment."""
        return Place(self.notices[0].at, _AFTER_MESSAGES)


@value
class Tail:
    """The end of the log: shows only the gaps above it."""

    @property
    def place(self) -> Place:
        """Behind everything."""
        return _END


@dataclass(slots=True)
class Record:
    """One message or run of notices, and what stands above it."""

    item: Message | Notices | Tail
    day: date | None = None
    """A day begins here."""
    unread: bool = False
    """The unread line stands here."""
    gaps: tuple[Gap, ...] = ()
    repeated: bool = False
    """The nick stands just above."""
    unfolded: bool = False
    marks: tuple[tuple[int, int], ...] = ()
    said: tuple[str, ...] = ()
    """For a screen reader: the lines as they were said, which no change of the message changes."""
    said_lead: int = 0
    """How many of them stand above the record itself."""
    key: int = field(default_factory=lambda: next(_keys))
    """Another one after every change: what was drawn for the old one is not looked at again."""

    @property
    def lead(self) -> int:
        """Rows above the record itself."""
        if self.said:
            return self.said_lead
        return len(self.gaps) + (self.day is not None) + self.unread

    def touch(self) -> None:
        """Say that it has changed."""
        self.key = next(_keys)


class Records:
    """Records in the order of their places, and which lines stand above each."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.items: list[Record] = []
        self.gaps: tuple[Gap, ...] = ()
        self.filling: frozenset[int] = frozenset()
        self.unread_from: Place | None = None
        self.at_start = True
        self.at_end = True
        self._by_row: dict[int, Record] = {}

    def __len__(self) -> int:
        return len(self.items)

    def reset(self, messages: Sequence[Message], gaps: Sequence[Gap], unread_from: Place | None) -> None:
        """Begin anew."""
        self.unread_from = unread_from
        self.gaps, self.filling = tuple(gaps), frozenset()
        self._by_row.clear()
        self.items = [self._record(message) for message in sorted(messages, key=lambda one: one.place)]
        self.items.append(Record(Tail()))
        self.decorate(0, len(self.items))

    def say_anew(self) -> None:
        """Forget what was said: everything is put into words again."""
        for record in self.items:
            record.said = ()

    def messages(self) -> list[Message]:
        """Return the messages held, oldest first."""
        return [record.item for record in self.items if isinstance(record.item, Message)]

    def message(self, index: int) -> Message | None:
        """Return the message of a record; None: it is no message."""
        item = self.items[index].item if 0 <= index < len(self.items) else None
        return item if isinstance(item, Message) else None

    def first_place(self) -> Place | None:
        """Return the place of the oldest message held."""
        return next((one.item.place for one in self.items if isinstance(one.item, Message)), None)

    def newest(self) -> Message | None:
        """Return the newest message held."""
        return next((one.item for one in reversed(self.items) if isinstance(one.item, Message)), None)

    def last_place(self) -> Place | None:
        """Return the place of the newest message held."""
        return next((one.item.place for one in reversed(self.items) if isinstance(one.item, Message)), None)

    def index_of(self, message: Message) -> int | None:
        """Return where the message with this row is held, even when its time has changed."""
        record = self._by_row.get(message.row)
        return self.index_of_record(record) if record is not None else None

    def index_of_record(self, record: Record) -> int:
        """Return where a record that is held stands."""
        index = self._bisect(record.item.place)
        if index < len(self.items) and self.items[index] is record:
            return index
        return next(index for index, one in enumerate(self.items) if one is record)

    def replace(self, index: int, message: Message) -> bool:
        """Put another message into a record; True: its time has changed, so that many records moved."""
        record = self.items[index]
        moved = record.item.place != message.place
        record.item = message
        record.touch()
        if moved:
            self.items.sort(key=lambda one: one.item.place)
            self.decorate(0, len(self.items))
        return moved

    def index_at(self, place: Place) -> int | None:
        """Return the message at a place, else the first one behind it; None: it is not held."""
        index = self._bisect(place)
        first = self.first_place()
        if first is None or (place < first and not self.at_start):
            return None
        while index < len(self.items):
            if self.message(index) is not None:
                return index
            index += 1
        return None

    def unread_index(self) -> int | None:
        """Return the record below the unread line."""
        return next((index for index, record in enumerate(self.items) if record.unread), None)

    def unread_count(self) -> int:
        """Return how many messages of others stand below the unread line."""
        start = self.unread_index()
        if start is None:
            return 0
        later = (record.item for record in self.items[start:])
        return sum(isinstance(one, Message) and one.delivery is Delivery.INCOMING for one in later)

    def insert(self, item: Message | Notices) -> int:
        """Add one record at its place; returns its index."""
        index = self._bisect(item.place)
        self.items.insert(index, self._record(item))
        return index

    def append(self, messages: Sequence[Message]) -> None:
        """Add newer messages, in order, before the tail."""
        start = len(self.items) - 1
        self.items[start:start] = [self._record(message) for message in messages]
        self.decorate(start, len(self.items))

    def prepend(self, messages: Sequence[Message]) -> int:
        """Add older messages; returns how many were not held yet."""
        first = self.first_place()
        older = [one for one in messages if first is None or one.place < first]
        new = sorted((one for one in older if one.row not in self._by_row), key=lambda one: one.place)
        self.items[:0] = [self._record(message) for message in new]
        self.decorate(0, len(new) + 1)
        return len(new)

    def drop_first(self, number: int) -> list[Record]:
        """Let the oldest records go; returns them."""
        gone = self.items[:number]
        del self.items[:number]
        self._forget(gone)
        self.at_start = False
        self.decorate(0, 1)
        return gone

    def drop_last(self, number: int) -> list[Record]:
        """Let the newest records go, but not the tail; returns them."""
        gone = self.items[len(self.items) - 1 - number : -1]
        del self.items[len(self.items) - 1 - number : -1]
        self._forget(gone)
        self.at_end = False
        self.decorate(len(self.items) - 1, len(self.items))
        return gone

    def set_gaps(self, gaps: Sequence[Gap], filling: Collection[int]) -> None:
        """Replace the gaps."""
        self.gaps, self.filling = tuple(gaps), frozenset(filling)
        for record in self.items:
            if record.gaps:
                record.touch()
        self.decorate(0, len(self.items))

    def decorate(self, start: int, stop: int) -> list[int]:
        """Find out anew what stands above the records of a range; returns those where it changed."""
        changed: list[int] = []
        for index in range(max(0, start), min(stop, len(self.items))):
            record = self.items[index]
            before = (record.day, record.unread, record.gaps, record.repeated)
            self._decorate(index, record)
            if before != (record.day, record.unread, record.gaps, record.repeated):
                record.touch()
                changed.append(index)
        return changed

    def _decorate(self, index: int, record: Record) -> None:
        previous = self.items[index - 1].item if index else None
        item = record.item
        record.gaps = self._gaps_above(index)
        if isinstance(item, Tail):
            record.day, record.unread, record.repeated = None, False, False
            return
        day = self.look.local(item.place.at).date()
        same = previous is not None and self.look.local(previous.place.at).date() == day
        record.day = None if same else day
        record.unread = isinstance(item, Message) and self._unread_here(index, item)
        record.repeated = not record.lead and _one_run(previous, item)

    def _unread_here(self, index: int, item: Message) -> bool:
        place = self.unread_from
        if place is None or item.place <= place or item.delivery is not Delivery.INCOMING:
            return False
        before = (self.items[number].item for number in range(index - 1, -1, -1))
        for one in before:
            if isinstance(one, Message):
                if one.place <= place:
                    return True
                if one.delivery is Delivery.INCOMING:
                    return False
        # Nothing older is held: the line stands here only when nothing older can be unread either.
        return self.at_start

    def _gaps_above(self, index: int) -> tuple[Gap, ...]:
        """Gaps whose newer side begins with this record."""
        if not self.gaps:
            return ()
        item = self.items[index].item
        here = item.place.at
        before = self.items[index - 1].item.place.at if index else None
        found: list[Gap] = []
        for gap in self.gaps:
            end = gap.after or _START
            if gap.before is None:
                inside = isinstance(item, Tail) and self.at_end
            elif before is None:
                inside = here > end and (self.at_start or here >= gap.before)
            else:
                inside = before <= end < here
            if inside:
                found.append(gap)
        return tuple(found)

    def _bisect(self, place: Place) -> int:
        if place.row >= _AFTER_MESSAGES:
            return bisect_right(
                self.items, place, key=lambda one: one.item.place, hi=max(0, len(self.items) - 1)
            )
        return bisect_left(self.items, place, key=lambda one: one.item.place)

    def _record(self, item: Message | Notices) -> Record:
        record = Record(item)
        if isinstance(item, Message) and item.row:
            self._by_row[item.row] = record
        return record

    def _forget(self, gone: Sequence[Record]) -> None:
        for record in gone:
            if isinstance(record.item, Message):
                self._by_row.pop(record.item.row, None)


def _one_run(previous: Message | Notices | Tail | None, item: Message | Notices | Tail) -> bool:
    if not isinstance(previous, Message) or not isinstance(item, Message):
        return False
    if item.type not in (MessageType.CHAT, MessageType.GROUPCHAT) or item.reply is not None:
        return False
    if previous.retracted or previous.body.startswith(ACTION):
        return False
    return (
        (previous.sender, previous.outgoing, previous.nick) == (item.sender, item.outgoing, item.nick)
        and previous.protection is item.protection
        and previous.type is item.type
        and item.at - previous.at <= RUN
    )


def joined(notices: Notices, more: Notice) -> Notices | None:
    """Return the run with one more join or leave; None: they do not go into one line."""
    # Only what folds is ever put into one run, so the first of a run speaks for all.
    if folds(more) and folds(notices.notices[0]):
        return Notices((*notices.notices, more))
    return None
