"""Holes in the past, filled from an archive when the user asks (XEP-0313); rooms read from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...core.account import Ability
from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, FillGap, OpenChat
from ...core.events import HistoryLoaded
from ...core.message import Gap
from ...core.room import RoomState
from ..archive_query import ArchiveQueries
from ..feature import Context, Failed, Feature, Handler
from ..unasked import Unasked


class Holes(Feature):
    """Notes what is missing of a chat that is opened, and fetches it a page at a time."""

    XEPS = ("XEP-0313", "XEP-0059")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._queries = ArchiveQueries(context)
        self._filling: dict[int, Gap] = {}
        self._unasked = Unasked(context)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Holes, and chats of which nothing is known yet."""
        return {FillGap: self._fill, OpenChat: self._opened}

    def on_stop(self) -> None:
        """Whoever waits for a page hears that it does not come."""
        self._queries.stop()
        cut_off, self._filling = self._filling, {}
        for gap in cut_off.values():
            self._say_failed(gap, "The connection was lost; the rest is fetched when you ask again.")

    async def _opened(self, command: OpenChat) -> None:
        key, store = command.chat, self.context.archive
        chat = self.context.world.chats.get(key)
        if chat is not None and chat.kind is ChatKind.ROOM:
            await self._look_in(key)
        if chat is None or chat.kind is not ChatKind.CONTACT:
            return
        state = self.context.world.accounts.get(self.context.own)
        if state is None or Ability.ARCHIVE.value not in state.abilities:
            return
        page = store.page(key, limit=1)
        if not page.messages and not page.gaps:
            store.add_gap(Gap(0, key, None, "", None, ""))

    async def _look_in(self, key: ChatKey) -> None:
        """Read a room from outside: its archive tells it to those who are not in, too (XEP-0313 §5.1.2)."""
        room, pacing = self.context.world.rooms.get(key), self.context.pacing
        if pacing.joins_open or not self.context.online or (room and room.state is not RoomState.LEFT):
            return
        gap = self._unasked.hole(key)
        if pacing.peeks:
            await self._fill(FillGap(key, gap.number))

    async def _fill(self, command: FillGap) -> None:
        gap = self.context.archive.gap(command.gap)
        if gap is None or gap.number in self._filling:
            return
        if not self.context.online:
            self._say_failed(gap, "You are offline; the rest is fetched once you are connected.")
            return
        self._filling[gap.number] = gap
        self.context.spawn(self._fill_one(gap))

    def _say_failed(self, gap: Gap, words: str) -> None:
        self.context.emit(HistoryLoaded(gap.chat, 0, gap, words))

    async def _fill_one(self, gap: Gap) -> None:
        try:
            count, rest = await self._fill_page(gap)
        except Failed as failed:
            if self._filling.pop(gap.number, None) is not None:
                self._say_failed(gap, str(failed))
            return
        self._filling.pop(gap.number, None)
        self.context.archive.replace_gap(gap, rest)
        self.context.emit(HistoryLoaded(gap.chat, count, rest))

    async def _fill_page(self, gap: Gap) -> tuple[int, Gap | None]:
        chat = self.context.world.chats.get(gap.chat)
        is_room = chat is not None and chat.kind is ChatKind.ROOM
        archive = gap.chat.address if is_room else self.context.own
        peer = None if is_room else gap.chat.address
        try:
            page = await self._queries.fetch(
                archive,
                peer,
                before=gap.before_id,
                start=gap.after,
                end=None if gap.before_id else gap.before,
            )
        except Failed as failed:
            if failed.condition != "item-not-found":
                raise
            page = await self._queries.fetch(archive, peer, before="", start=gap.after, end=gap.before)
        count = await self.context.fetched(archive, page.results, seen=True)
        if page.complete or page.first is None or page.first[0] == gap.before_id:
            return count, None
        first_id, first = page.first
        return count, replace(gap, before=first, before_id=first_id)
