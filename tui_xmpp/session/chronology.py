"""Keeps messages in the order in which they were said, though stamps are coarse and clocks differ."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ..core.chat import Chat, ChatKey

_CLOCKS_DIFFER = timedelta(minutes=2)
"""A stamp may lie so much before what is known to have come earlier; more is left as the server says."""
_JUST_AFTER = timedelta(microseconds=1)


class Chronology:
    """Of one account. XEP-0203 stamps are whole seconds with most servers, and not of our clock.

    What a server held for us came after all that we had when the link was lost.
    """

    def __init__(self) -> None:
        self._floors: dict[ChatKey, datetime] = {}

    def begin(self, chats: Iterable[Chat]) -> None:
        """A link stands: what is known now was said before all that was held for us."""
        self._floors = {chat.key: chat.last_at for chat in chats if chat.last_at is not None}

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
