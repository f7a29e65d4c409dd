"""The past from the server's archives (XEP-0313): caught up after sign-in, filled in where it has holes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from ...core.address import Address
from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, Refresh
from ...core.events import Event, HistoryLoaded, MessageChanged, PresenceChanged, RoomChanged
from ...core.link import LinkProfile
from ...core.message import Gap, Message
from ...core.ports import StorageError
from ...core.room import RoomState
from .. import devices, muc, own_presence
from ..archive_query import ArchiveQueries, Asked, Page
from ..before_live import BeforeLive
from ..current_archives import CurrentArchives
from ..draft import Draft
from ..feature import Context, Failed, Feature, Handler
from ..server_memory import note_archive
from ..told_history import ToldHistory
from ..unasked import Unasked
from ..unwrap import MAM

_SPACE, _WHOLE = "archive", "whole"
"""In the facts: our own archive was fetched from its beginning, with no hole since."""
_MOST_SECONDS = 30.0
"""Between two tries to catch up."""
_MARGIN = timedelta(days=1)
"""How wrong our clock may be."""
_PASSING = (
    "offline",
    "timeout",
    "internal-server-error",
    "policy-violation",
    "recipient-unavailable",
    "remote-server-timeout",
    "resource-constraint",
    "undefined-condition",
)
"""After these the archive may still tell; all else means that there is none for us."""


class History(Feature):
    """Fetches from our own archive, and from those of rooms we are in."""

    XEPS = ("XEP-0313", "XEP-0059", "XEP-0359")
    NAMESPACES = (MAM,)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._queries = ArchiveQueries(context)
        self._current = CurrentArchives(context)
        self._marks: dict[ChatKey | None, object] = {}
        """Of the newest catch-up with each room since we joined, and (None) our own: only that settles."""
        self._running: dict[ChatKey | None, object] = {}
        """Those of them that are under way."""
        self._again: set[ChatKey | None] = set()
        """Those of them that have to be followed by another one before anything is settled."""
        self._told = ToldHistory()
        self._is_resuming = False
        """What rooms tell is that we are in them still."""
        self._before = BeforeLive(context)
        self._unasked = Unasked(context)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """What is asked for on demand only."""
        return {Refresh: self._refresh}

    def on_ready(self) -> None:
        """Ask for what our own archive has more than we have; presence has been sent before it.

        So what was archived before our presence is in the answer, and what came after it is delivered live.
        """
        self._current.begin()
        self._before.begin()
        if not self.context.pacing.catch_up_pages and not self.context.unsettled():
            self._unasked.note(self._chats())
            self.context.spawn(self._settle_now(None))
            return
        self._begin(None, self._ask_first())

    def _ask_first(self) -> Asked:
        """Ask our own archive for what comes after all we know, in the packet that is being written."""
        own = self.context.own
        known = self.context.archive.newest_archive_id(own)
        return self._queries.ask(own, before="") if known is None else self._queries.ask(own, after=known[0])

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """What was not asked for is, where the link allows it now."""
        own, pacing = self.context.own, self.context.pacing
        if devices.others(self.context) and not pacing.wants_carbons(others=True):
            self._miss_others()
        elif pacing.catch_up_pages and own not in self._current:
            wider = after.catch_up_pages > before.catch_up_pages or before.carbons is not after.carbons
            if wider:
                self._begin_again(None)

    async def _refresh(self, command: Refresh) -> None:
        if self.context.online:
            self._begin_again(None)

    def _present(self, event: PresenceChanged) -> None:
        if self._before.ends(event):
            self._miss_others()
            self._begin_again(None)
        elif devices.is_other(self.context, event) and not self.context.pacing.wants_carbons(others=True):
            self._miss_others()

    def _miss_others(self) -> None:
        """What another device of ours says does not come here: what is live leaves holes."""
        self._current.remove([self.context.own])

    def on_resumed(self) -> None:
        """Where the earlier process had caught up nothing was missed: the server has kept what came."""
        self._is_resuming = True
        self._before.begin(resumed=True)
        if own_presence.kept(self.context)[1]:
            self._current.take_up()
        else:
            # That one died before it was seen: nothing came to it.
            self._current.begin()
        self._doubt(self.context.unsettled())
        self.context.spawn(self._go_on())

    def on_doubt(self) -> None:
        """Ask the archives once more, and this time from before what is doubted."""
        doubted = self.context.unsettled()
        self._doubt(doubted)
        for key in doubted:
            if not self._is_room(key):
                continue
            room = self.context.world.rooms.get(key)
            if room is None or room.state is not RoomState.JOINED:
                continue
            if room.archive:
                self._begin_again(key)
            else:
                self._await_history(key)
        if not all(map(self._is_room, doubted)):
            self._begin_again(None)

    def _doubt(self, keys: Iterable[ChatKey]) -> None:
        """What comes live may stand behind something of ours: it leaves the newest known id where it is."""
        self._current.remove(key.address if self._is_room(key) else self.context.own for key in keys)

    async def _go_on(self) -> None:
        """The rooms we are in have been told again."""
        self._is_resuming = False
        own = self.context.own
        rooms = [one for one in self._current if one != own]
        self._current.remove(one for one in rooms if ChatKey(own, one) not in self._marks)
        if own in self._current:
            await self._settle(None)
        else:
            self._begin(None)

    def on_stop(self) -> None:
        """What comes now may leave a hole."""
        self._queries.stop()
        self._current.end()
        for each in (self._marks, self._running, self._again, self._told):
            each.clear()

    def told(self, event: Event) -> None:
        """Catch up with a room once we are in; go on in an archive once what is ours in it has arrived."""
        if isinstance(event, MessageChanged) and event.message.chat.account == self.context.own:
            self._current.go_forward(self.context.own, None)
            return
        if isinstance(event, PresenceChanged):
            self._present(event)
            return
        if not isinstance(event, RoomChanged) or event.key.account != self.context.own:
            return
        key, room = event.key, self.context.world.rooms[event.key]
        if room.state is not RoomState.JOINED:
            self._marks.pop(key, None)
            self._told.end(key)
            if not self._is_resuming:
                self._current.remove([key.address])
            return
        if event.subject is not None and key in self._told:
            # XEP-0045 §7.2.1: history comes before the subject; it is on the disk once this is over.
            self.context.spawn(self._settle_told(key))
        if key in self._marks or key in self._told:
            return
        is_unsettled = key in self.context.unsettled()
        if room.archive and not (self.context.pacing.catch_up_pages or is_unsettled or self._is_resuming):
            # What is missing is on the screen as a hole since the room was opened.
            self._marks[key] = object()
            self.context.spawn(self._settle_now(key))
        elif self._is_resuming and (key.address in self._current or not (room.archive or is_unsettled)):
            self._marks[key] = object()
            self.context.settled(key)
        elif room.archive and (self._is_resuming or not muc.tells_history(self.context, key)):
            self._begin(key)
        elif event.state is RoomState.JOINED:
            self._await_history(key)

    def _await_history(self, key: ChatKey) -> None:
        self._told.begin(key)
        self.context.spawn(self._settle_late(key))

    async def _settle_now(self, room: ChatKey | None) -> None:
        self.context.settled(room)

    async def _settle_told(self, key: ChatKey) -> None:
        if key not in self._told:
            return
        told = self._told.end(key)
        if self.context.world.rooms[key].archive:
            if told is None:
                self._begin(key)
                return
            self._note_hole(key, None, told.first)
            self.context.archive.set_newest_archive_id(self.context.own, *told.last, key)
            self._marks[key] = object()
            self._current.add(key.address)
            self._current.go_forward(key.address, key)
        await self._settle(key)

    async def _settle_late(self, key: ChatKey) -> None:
        # The subject ends what a room without an archive tells of its history; not every room has one.
        await self.context.silence(key.address)
        await self._settle_told(key)

    def kept(self, draft: Draft, message: Message) -> None:
        """A live message moves the newest id, where nothing is missing before it."""
        if not message.archive_id:
            return
        if draft.first and draft.kind is ChatKind.CONTACT:
            self._look_back(message)
        if draft.old:
            self._told.note(message)
            return
        room = message.chat if draft.kind is ChatKind.ROOM else None
        archive = self.context.own if room is None else room.address
        self._current.came(archive, room, (message.archive_id, message.at))

    # --- catching up --------------------------------------------------------------------------------

    def _begin(self, room: ChatKey | None, first: Asked | None = None) -> None:
        """Catch up with a room or (None) our own archive; *first* has been asked already."""
        mark = self._marks[room] = self._running[room] = object()
        self._again.discard(room)
        self.context.spawn(self._run(room, first, mark))

    async def _run(self, room: ChatKey | None, first: Asked | None, mark: object) -> None:
        try:
            await self._catch_up(room, first, mark)
        finally:
            if self._running.get(room) is mark:
                del self._running[room]

    def _begin_again(self, room: ChatKey | None) -> None:
        """Catch up once more: now, or from where a catch-up that is under way ends."""
        if room in self._running:
            self._again.add(room)
        else:
            self._begin(room, self._ask_first() if room is None else None)

    async def _catch_up(self, room: ChatKey | None, first: Asked | None, mark: object) -> None:
        """Until it is done, or it is sure that the archive tells nothing, or we have left the room."""
        archive = self.context.own if room is None else room.address
        tries = 0
        while self._marks.get(room) is mark:
            try:
                await self._catch_up_once(archive, room, first)
                if room is None:
                    note_archive(self.context.facts, self.context.own, has=True)
                    self._unasked.caught_up()
                first = None
                if self._marks.get(room) is not mark:
                    break
                if room in self._again:
                    self._again.discard(room)
                    continue
                self._current.add(archive)
                # What came live and is in no page came after the last of them.
                self._current.go_forward(archive, room)
                self.context.settled(room)
                break
            except (Failed, StorageError) as failed:
                if isinstance(failed, Failed) and failed.condition not in _PASSING:
                    await self._settle(room)
                    break
                # What may have arrived must not go again before the archive has told.
                first, tries = None, tries + 1
                await self._pause(tries)

    async def _settle(self, room: ChatKey | None) -> None:
        """The archive has told what it could: say so until the disk lets the rest go."""
        tries = 0
        while True:
            try:
                self.context.settled(room)
            except StorageError:
                tries += 1
                await self._pause(tries)
            else:
                return

    async def _pause(self, tries: int) -> None:
        await asyncio.sleep(min(2.0**tries, _MOST_SECONDS))

    async def _catch_up_once(self, archive: Address, room: ChatKey | None, first: Asked | None) -> None:
        store, own = self.context.archive, self.context.own
        known = store.newest_archive_id(own, room)
        if known is not None:
            try:
                if await self._forward(archive, room, known, first):
                    return
            except Failed as failed:
                # XEP-0313 §4.3.3: the id has left the archive; begin again at the end.
                if failed.condition != "item-not-found":
                    raise
            first, known = None, store.newest_archive_id(own, room)
        await self._newest(archive, room, known, first)

    async def _forward(
        self, archive: Address, room: ChatKey | None, known: tuple[str, datetime], first: Asked | None
    ) -> bool:
        """Page on from the newest known message; False: cut short by the link profile."""
        last = known
        for _ in range(max(1, self.context.pacing.catch_up_pages)):
            page = await self._queries.page(first or self._queries.ask(archive, after=last[0]))
            first = None
            await self._fetched(archive, page)
            if page.last is not None:
                last = page.last
                self.context.archive.set_newest_archive_id(self.context.own, *last, room)
            if page.complete or page.last is None:
                return True
        return False

    async def _newest(
        self, archive: Address, room: ChatKey | None, known: tuple[str, datetime] | None, first: Asked | None
    ) -> None:
        """Fetch the newest page; what lies before it, down to the known message, is noted as a hole."""
        page = await self._queries.page(first or self._queries.ask(archive, before=""))
        await self._fetched(archive, page, seen=known is None)
        if page.first is None or page.last is None:
            return
        if not page.complete:
            self._note_hole(room, known, page.first)
            await self._find_unsettled(archive, room, known)
        elif room is None:
            self.context.facts.put(_SPACE, str(self.context.own), _WHOLE)
        # Last: what lies before it has been noted by then, and what is ours in there was found.
        self.context.archive.set_newest_archive_id(self.context.own, *page.last, room)

    def _note_hole(
        self, room: ChatKey | None, known: tuple[str, datetime] | None, first: tuple[str, datetime]
    ) -> None:
        if room is None:
            self.context.facts.delete(_SPACE, str(self.context.own))
        before_id, before = first
        after_id, after = known if known is not None else ("", None)
        for key in [room] if room is not None else self._chats():
            gap = self.context.archive.add_gap(Gap(0, key, after, after_id, before, before_id))
            self._unasked.left(gap)
            self.context.emit(HistoryLoaded(key, 0, gap))

    async def _fetched(self, archive: Address, page: Page, *, seen: bool = False) -> None:
        await self.context.fetched(archive, page.results, seen=seen)
        self._current.fetched(archive, page.ids)

    async def _find_unsettled(
        self, archive: Address, room: ChatKey | None, known: tuple[str, datetime] | None
    ) -> None:
        """Fetch from the hole that was left whatever chats with messages of unknown fate have in it."""
        after = None if known is None else known[0]
        for key, said_at in self.context.unsettled().items():
            if key == room or (room is None and not self._is_room(key)):
                peer = key.address if room is None else None
                async for page in self._queries.onward(archive, peer, after, said_at - _MARGIN):
                    await self._fetched(archive, page, seen=known is None)

    def _look_back(self, message: Message) -> None:
        """A chat that comes up after the first catch-up may have a past, unless we hold the whole archive."""
        store, own = self.context.archive, self.context.own
        first = Gap(0, message.chat, None, "", message.at, message.archive_id)
        if store.newest_archive_id(own) is None:
            if not self.context.pacing.catch_up_pages:
                self._unasked.track(store.add_gap(first))
        elif self.context.facts.get(_SPACE, str(own)) != _WHOLE:
            store.add_gap(first)

    def _is_room(self, key: ChatKey) -> bool:
        chat = self.context.world.chats.get(key)
        return chat is not None and chat.kind is ChatKind.ROOM

    def _chats(self) -> list[ChatKey]:
        own = self.context.own
        chats = self.context.world.chats.values()
        return [one.key for one in chats if one.key.account == own and one.kind is ChatKind.CONTACT]
