"""Keeps messages in the order in which they were said, though stamps are coarse and clocks differ."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from ..core.chat import Chat, ChatKey

_CLOCKS_DIFFER = timedelta(minutes=2)
"""A stamp may lie so much before what is known to have come earlier; more is left as the server says."""
_RECENT = 50
_JUST_AFTER = timedelta(microseconds=1)


class Chronology:
    """Of one account. XEP-0203 stamps are whole seconds with most servers, and not of our clock.

    What a server held for us came after all that we had when the link was lost.
    """

    def __init__(self) -> None:
        self._floors: dict[ChatKey, datetime] = {}
        self._recent: dict[ChatKey, deque[tuple[datetime, datetime]]] = {}
        """When the server took what came lately, and the time kept for it."""

    def begin(self, chats: Iterable[Chat]) -> None:
        """A link stands: what is known now was said before all that was held for us."""
        self._floors = {chat.key: chat.last_at for chat in chats if chat.last_at is not None}

    def in_turn(self, chat: ChatKey, at: datetime, archive_id: str) -> datetime:
        """Return the time to keep for a message that has just come, behind what the server took before it.

        While a session is being resumed a server may hand over two messages the wrong way round. ejabberd's
        archive ids are the microseconds at which it took a message; of other ids nothing follows.
        """
        taken = _microseconds(archive_id, at)
        if taken is None:
            return at
        recent = self._recent.setdefault(chat, deque(maxlen=_RECENT))
        later = [kept for other, kept in recent if other > taken]
        if later:
            at = min(later) - _JUST_AFTER
        recent.append((taken, at))
        return at

    def placed(self, chat: ChatKey, stamp: datetime, *, is_held: bool = True) -> datetime:
        """Return the time to keep for a message with a stamp, in the order in which they come.

        *is_held*: a server held it for us; else it is said now, and goes behind what was held at most.
        """
        floor = self._floors.get(chat)
        if floor is not None and timedelta(0) <= floor - stamp < _CLOCKS_DIFFER:
            stamp = floor + _JUST_AFTER
        elif not is_held:
            return stamp
        self._floors[chat] = stamp
        return stamp


def _microseconds(archive_id: str, at: datetime) -> datetime | None:
    """What an id says as a time; None: it is none, or none of these days."""
    if len(archive_id) != 16 or not (archive_id.isascii() and archive_id.isdigit()):
        return None
    moment = datetime.fromtimestamp(int(archive_id) / 1e6, UTC)
    return moment if abs(moment - at) < timedelta(days=1) else None
