"""The past from the server's archives (XEP-0313): caught up after sign-in, filled in where it has holes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from ...core.account import Ability
from ...core.address import Address
from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, FillGap, OpenChat
from ...core.events import Event, HistoryLoaded, RoomChanged
from ...core.message import Gap, Message
from ...core.room import RoomState
from .. import convert
from ..draft import Draft
from ..feature import Context, Failed, Feature, Handler
from ..unwrap import FORWARD, MAM

RSM = "http://jabber.org/protocol/rsm"
_SPACE, _WHOLE = "archive", "whole"
"""In the facts: our own archive was fetched from its beginning, with no hole since."""
_TIMEOUT = 90.0
"""Seconds to wait for a page."""


@value
class _Page:
    results: list[ET.Element]
    complete: bool

    @property
    def first(self) -> tuple[str, datetime] | None:
        return _place(self.results[0]) if self.results else None

    @property
    def last(self) -> tuple[str, datetime] | None:
        return _place(self.results[-1]) if self.results else None


class History(Feature):
    """Fetches from our own archive, and from those of rooms we are in."""

    XEPS = ("XEP-0313", "XEP-0059", "XEP-0359")
    NAMESPACES = (MAM,)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._current: set[Address] = set()
        """Archives that are caught up: from then on live messages move the newest id."""
        self._rooms: set[ChatKey] = set()
        """Rooms whose catch-up has begun since we joined."""
        self._filling: dict[int, Gap] = {}

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Holes, and chats of which nothing is known yet."""
        return {FillGap: self._fill, OpenChat: self._opened}

    def on_ready(self) -> None:
        """Ask for what our own archive has more than we have; presence has been sent before it.

        So what was archived before our presence is in the answer, and what came after it is delivered live.
        """
        self.context.spawn(self._catch_up_own())

    def on_resumed(self) -> None:
        """Nothing was missed: the server has kept what came."""
        self._current.add(self.context.own)

    def on_stop(self) -> None:
        """What comes now may leave a hole."""
        self._current.clear()
        self._rooms.clear()
        cut_off, self._filling = self._filling, {}
        for gap in cut_off.values():
            self._say_failed(gap, "The connection was lost; the rest is fetched when you ask again.")

    def told(self, event: Event) -> None:
        """Catch up with a room once we are in; note that people see us."""
        if not isinstance(event, RoomChanged) or event.key.account != self.context.own:
            return
        room = self.context.world.rooms.get(event.key)
        if room is None or room.state is not RoomState.JOINED:
            self._rooms.discard(event.key)
            self._current.discard(event.key.address)
        elif event.key not in self._rooms:
            if room.archive:
                self._rooms.add(event.key)
                self.context.spawn(self._catch_up_room(event.key))
            elif event.state is RoomState.JOINED:
                self.context.settled(event.key)

    def kept(self, draft: Draft, message: Message) -> None:
        """A live message moves the newest id, where nothing is missing before it."""
        if not message.archive_id:
            return
        if draft.first and draft.kind is ChatKind.CONTACT:
            self._look_back(message)
        if draft.old:
            return
        is_room = draft.kind is ChatKind.ROOM
        if (message.chat.address if is_room else self.context.own) in self._current:
            self.context.archive.set_newest_archive_id(
                self.context.own, message.archive_id, message.at, message.chat if is_room else None
            )

    async def _catch_up_own(self) -> None:
        try:
            await self._catch_up(self.context.own, None)
        except Failed as failed:
            # No archive, or none that answers: what waits is sent all the same.
            if failed.condition == "offline":
                raise
        else:
            self._current.add(self.context.own)
        self.context.settled(None)

    def _look_back(self, message: Message) -> None:
        """A chat that comes up after the first catch-up may have a past, unless we hold the whole archive."""
        store, own = self.context.archive, self.context.own
        if store.newest_archive_id(own) is not None and self.context.facts.get(_SPACE, str(own)) != _WHOLE:
            store.add_gap(Gap(0, message.chat, None, "", message.at, message.archive_id))

    async def _catch_up_room(self, key: ChatKey) -> None:
        try:
            await self._catch_up(key.address, key)
            self._current.add(key.address)
        except Failed as failed:
            if failed.condition == "offline":
                raise
        self.context.settled(key)

    async def _catch_up(self, archive: Address, room: ChatKey | None) -> None:
        store, own = self.context.archive, self.context.own
        known = store.newest_archive_id(own, room)
        if known is not None:
            try:
                done = await self._forward(archive, room, known)
            except Failed as failed:
                # XEP-0313 §4.3.3: the id has left the archive; begin again at the end.
                if failed.condition != "item-not-found":
                    raise
                done = False
        if known is None or not done:
            await self._newest(archive, room, store.newest_archive_id(own, room))

    async def _forward(self, archive: Address, room: ChatKey | None, known: tuple[str, datetime]) -> bool:
        """Page on from the newest known message; False: cut short by the link profile."""
        last = known
        for _ in range(self.context.profile.catch_up_pages):
            page = await self._query(archive, after=last[0])
            await self.context.fetched(archive, page.results)
            if page.last is not None:
                last = page.last
                self.context.archive.set_newest_archive_id(self.context.own, *last, room)
            if page.complete or page.last is None:
                return True
        return False

    async def _newest(
        self, archive: Address, room: ChatKey | None, known: tuple[str, datetime] | None
    ) -> None:
        """Fetch the newest page; what lies before it, down to the known message, is a hole."""
        page = await self._query(archive, before="")
        await self.context.fetched(archive, page.results, seen=known is None)
        if page.first is None or page.last is None:
            return
        self.context.archive.set_newest_archive_id(self.context.own, *page.last, room)
        if page.complete:
            if room is None:
                self.context.facts.put(_SPACE, str(self.context.own), _WHOLE)
            return
        if room is None:
            self.context.facts.delete(_SPACE, str(self.context.own))
        before_id, before = page.first
        after_id, after = known if known is not None else ("", None)
        for key in [room] if room is not None else self._chats():
            gap = self.context.archive.add_gap(Gap(0, key, after, after_id, before, before_id))
            self.context.emit(HistoryLoaded(key, 0, gap))

    def _chats(self) -> list[ChatKey]:
        own = self.context.own
        chats = self.context.world.chats.values()
        return [one.key for one in chats if one.key.account == own and one.kind is ChatKind.CONTACT]

    async def _opened(self, command: OpenChat) -> None:
        key, store = command.chat, self.context.archive
        chat = self.context.world.chats.get(key)
        if chat is None or chat.kind is not ChatKind.CONTACT:
            return
        state = self.context.world.accounts.get(self.context.own)
        if state is None or Ability.ARCHIVE.value not in state.abilities:
            return
        page = store.page(key, limit=1)
        if not page.messages and not page.gaps:
            store.add_gap(Gap(0, key, None, "", None, ""))

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
        is_room = gap.chat in self.context.world.rooms
        archive = gap.chat.address if is_room else self.context.own
        peer = None if is_room else gap.chat.address
        try:
            page = await self._query(
                archive,
                peer,
                before=gap.before_id,
                start=gap.after,
                end=None if gap.before_id else gap.before,
            )
        except Failed as failed:
            if failed.condition != "item-not-found":
                raise
            page = await self._query(archive, peer, before="", start=gap.after, end=gap.before)
        count = await self.context.fetched(archive, page.results, seen=True)
        if page.complete or page.first is None or page.first[0] == gap.before_id:
            return count, None
        first_id, first = page.first
        return count, replace(gap, before=first, before_id=first_id)

    async def _query(
        self,
        archive: Address,
        peer: Address | None = None,
        *,
        after: str | None = None,
        before: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> _Page:
        """One page: after an id, or before one (empty: the newest). XEP-0313 §4, XEP-0059 §2."""
        query_id = self.context.new_id()[:4]
        fields: dict[str, str | tuple[str, ...]] = {}
        if peer is not None:
            fields["with"] = str(peer)
        if start is not None:
            fields["start"] = convert.written(start)
        if end is not None:
            fields["end"] = convert.written(end)
        query = convert.element(MAM, "query", queryid=query_id)
        if fields:
            query.append(convert.form(MAM, **fields))
        bounds = convert.add(query, RSM, "set")
        convert.add(bounds, RSM, "max", str(self.context.profile.page))
        if after is not None:
            convert.add(bounds, RSM, "after", after)
        if before is not None:
            # XEP-0059 §2.5: an empty <before/> asks for the last page.
            convert.add(bounds, RSM, "before", before)
        results: list[ET.Element] = []
        self.context.collect(archive, query_id, results)
        try:
            to = None if archive == self.context.own else archive
            answer = await self.context.request("set", query, to=to, timeout=_TIMEOUT)
        finally:
            self.context.collect(archive, query_id, None)
        fin = convert.child(answer, MAM, "fin")
        complete = fin is not None and fin.get("complete") in ("true", "1")
        return _Page([one for one in results if _place(one) is not None], complete)


def _place(result: ET.Element) -> tuple[str, datetime] | None:
    """The archive id of a result and the time the archive gives it."""
    forwarded = convert.child(result, FORWARD, "forwarded")
    at = None if forwarded is None else convert.delay_in(forwarded)
    id = result.get("id", "")
    return (id, at) if id and at is not None else None
