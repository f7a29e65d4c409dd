"""Holes of what an archive was not asked for, because the link has it asked on demand only."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..core.chat import ChatKey
from ..core.events import HistoryLoaded, Notice
from ..core.message import Gap
from .feature import Context
from .server_memory import may_have_archive

_SPACE = "archive-unasked"
"""In the facts: the numbers of these holes of our own archive."""

_NOT_FETCHED = "Whatever was said while you were away was not fetched. /refresh fetches it."


class Unasked:
    """Of one account."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def note(self, chats: Iterable[ChatKey]) -> None:
        """Whatever our own archive has of these chats since the newest message known is missing.

        Where it is not known yet whether there is an archive, too: that is asked late on a thin link.
        """
        if not may_have_archive(self._context.facts, self._context.own):
            return
        known = self._numbers()
        numbers = set(known)
        for key in chats:
            before = {gap.number for gap in self._context.archive.page(key, limit=1).gaps}
            number = self.hole(key).number
            # One that was there is of an older past, which no catch-up fetches.
            if number not in before:
                numbers.add(number)
        self._keep(numbers)
        if numbers and not known:
            # Once for all sessions until it is fetched. Who was never heard of has no chat to show a hole in.
            self._context.emit(Notice(_NOT_FETCHED, account=self._context.own))

    def track(self, gap: Gap) -> None:
        """A catch-up fills this one too."""
        self._keep({*self._numbers(), gap.number})

    def left(self, gap: Gap) -> None:
        """A catch-up has left this one, maybe in the place of one of these."""
        self._keep(set(self._numbers()) - {gap.number})

    def hole(self, chat: ChatKey) -> Gap:
        """Note one, from the newest message of a chat up to now."""
        archive = self._context.archive
        newest = archive.page(chat, limit=1).messages
        after, after_id = (newest[-1].at, newest[-1].archive_id) if newest else (None, "")
        gap = archive.add_gap(Gap(0, chat, after, after_id, self._context.clock.now(), ""))
        self._context.emit(HistoryLoaded(chat, 0, gap))
        return gap

    def caught_up(self) -> None:
        """The archive was asked for all of it after all, or there is none."""
        for number in self._numbers():
            gap = self._context.archive.gap(number)
            if gap is not None:
                self._context.archive.replace_gap(gap, None)
                self._context.emit(HistoryLoaded(gap.chat, 0, None))
        self._keep(())

    def _numbers(self) -> list[int]:
        try:
            return [int(one) for one in json.loads(self._context.facts.get(_SPACE, self._key) or "[]")]
        except (ValueError, TypeError):
            return []

    def _keep(self, numbers: Iterable[int]) -> None:
        text = json.dumps(sorted(numbers))
        if (self._context.facts.get(_SPACE, self._key) or "[]") != text:
            self._context.facts.put(_SPACE, self._key, text)

    @property
    def _key(self) -> str:
        return str(self._context.own)
