"""The past from the server's archives (XEP-0313): caught up after sign-in, filled in where it has holes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from ...core.account import Ability
from ...core.address import Address
from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, Refresh
from ...core.events import Event, HistoryLoaded, MessageChanged, PresenceChanged, RoomChanged
from ...core.link import LinkProfile
from ...core.message import Gap, Message
from ...core.ports import StorageError
from ...core.room import RoomState
from .. import devices, own_presence
from ..archive_query import ArchiveQueries, Asked, Page
from ..before_live import BeforeLive
from ..draft import Draft
from ..feature import Context, Failed, Feature, Handler
from ..server_memory import note_archive
from ..unasked import Unasked
from ..unwrap import MAM

_SPACE, _WHOLE = "archive", "whole"
"""In the facts: our own archive was fetched from its beginning, with no hole since."""
_CURRENT = "archives-current"
"""In the facts: the archives of which this session has everything."""
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
        self._current: set[Address] = set()
        """Archives that are caught up: from then on live messages move the newest id."""
        self._live: dict[Address, tuple[str, datetime]] = {}
        """The newest live message of each archive whose newest id it has yet to become."""
        self._rooms: dict[ChatKey, object] = {}
        """Rooms whose catch-up has begun since we joined; another join is another object."""
        self._telling: set[ChatKey] = set()
        """Rooms without an archive that are telling their history."""
        self._is_open = False
        """A session goes on: what is current may be noted on the disk."""
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
        self._is_open = True
        self._before.begin()
        self._keep_current(set())
        own = self.context.own
        if not self.context.pacing.catch_up_pages and not self.context.unsettled():
            state = self.context.world.accounts.get(own)
            if state is not None and Ability.ARCHIVE.value in state.abilities:
                self._unasked.note(self._chats())
            self.context.spawn(self._settle_unasked())
            return
        self.context.spawn(self._catch_up(own, None, self._ask_first()))

    def _ask_first(self) -> Asked:
        """Ask our own archive for what comes after all we know, in the packet that is being written."""
        own = self.context.own
        known = self.context.archive.newest_archive_id(own)
        return self._queries.ask(own, before="") if known is None else self._queries.ask(own, after=known[0])

    async def _settle_unasked(self) -> None:
        self.context.settled(None)

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """What was not asked for is, where the link allows it now."""
        own, pacing = self.context.own, self.context.pacing
        if devices.others(self.context) and not pacing.wants_carbons(others=True):
            self._miss_others()
        elif pacing.catch_up_pages and own not in self._current:
            wider = after.catch_up_pages > before.catch_up_pages or before.carbons is not after.carbons
            if wider:
                self.context.spawn(self._catch_up(own, None, self._ask_first()))

    async def _refresh(self, command: Refresh) -> None:
        if self.context.online:
            self.context.spawn(self._catch_up(self.context.own, None))

    def _present(self, event: PresenceChanged) -> None:
        if self._before.ends(event):
            self._miss_others()
            self.context.spawn(self._catch_up(self.context.own, None))
        elif devices.is_other(self.context, event) and not self.context.pacing.wants_carbons(others=True):
            self._miss_others()

    def _miss_others(self) -> None:
        """What another device of ours says does not come here: what is live leaves holes."""
        if self.context.own in self._current:
            self._keep_current(self._current - {self.context.own})

    def on_resumed(self) -> None:
        """Where the earlier process had caught up nothing was missed: the server has kept what came."""
        self._is_open = self._is_resuming = True
        self._before.begin(resumed=True)
        # Where that one died before it was seen, nothing came to it.
        self._current = self._kept_current() if own_presence.kept(self.context)[1] else set()
        self.context.spawn(self._go_on())

    async def _go_on(self) -> None:
        """The rooms we are in have been told again."""
        self._is_resuming = False
        own = self.context.own
        self._keep_current({one for one in self._current if one == own or ChatKey(own, one) in self._rooms})
        if own in self._current:
            await self._settle(None)
        else:
            await self._catch_up(own, None)

    def on_stop(self) -> None:
        """What comes now may leave a hole."""
        self._is_open = False
        self._queries.stop()
        self._current.clear()
        self._live.clear()
        self._rooms.clear()
        self._telling.clear()

    def told(self, event: Event) -> None:
        """Catch up with a room once we are in; go on in an archive once what is ours in it has arrived."""
        if isinstance(event, MessageChanged) and event.message.chat.account == self.context.own:
            self._go_forward(self.context.own, None)
            return
        if isinstance(event, PresenceChanged):
            self._present(event)
            return
        if not isinstance(event, RoomChanged) or event.key.account != self.context.own:
            return
        key, room = event.key, self.context.world.rooms[event.key]
        if room.state is not RoomState.JOINED:
            self._rooms.pop(key, None)
            self._telling.discard(key)
            if key.address in self._current and not self._is_resuming:
                self._keep_current(self._current - {key.address})
            return
        if event.subject is not None and key in self._telling:
            # XEP-0045 §7.2.1: history comes before the subject; it is on the disk once this is over.
            self.context.spawn(self._settle_told(key))
        if key in self._rooms:
            return
        if room.archive and not self.context.pacing.catch_up_pages and not self._is_unsettled(key):
            # What is missing is on the screen as a hole since the room was opened.
            self._rooms[key] = object()
            self.context.spawn(self._settle_room(key))
        elif room.archive or self._is_resuming:
            mark = self._rooms[key] = object()
            if self._is_resuming and (key.address in self._current or not room.archive):
                self.context.settled(key)
            else:
                self.context.spawn(self._catch_up(key.address, key, mark=mark))
        elif event.state is RoomState.JOINED:
            self._telling.add(key)
            self.context.spawn(self._settle_late(key))

    def _is_unsettled(self, key: ChatKey) -> bool:
        return self._is_resuming or key in self.context.unsettled()

    async def _settle_room(self, key: ChatKey) -> None:
        self.context.settled(key)

    async def _settle_told(self, key: ChatKey) -> None:
        if key in self._telling:
            self._telling.discard(key)
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
            return
        room = message.chat if draft.kind is ChatKind.ROOM else None
        archive = self.context.own if room is None else room.address
        self._live[archive] = (message.archive_id, message.at)
        self._go_forward(archive, room)

    def _go_forward(self, archive: Address, room: ChatKey | None) -> None:
        """What came live is the newest known, unless something is missing before it.

        That may be a message of ours: written, it may stand before what came since, and must be found by
        asking for what comes after the newest known.
        """
        live = self._live.get(archive)
        if live is None or archive not in self._current or self.context.is_under_way(room):
            return
        del self._live[archive]
        self.context.archive.set_newest_archive_id(self.context.own, *live, room)

    # --- what is current ---------------------------------------------------------------------------

    def _kept_current(self) -> set[Address]:
        try:
            kept = json.loads(self.context.facts.get(_CURRENT, str(self.context.own)) or "[]")
            return {Address.parse(one) for one in kept}
        except (ValueError, TypeError):
            return set()

    def _keep_current(self, current: set[Address]) -> None:
        self._current = current
        kept = json.dumps(sorted(str(one) for one in current))
        key = str(self.context.own)
        if self._is_open and (self.context.facts.get(_CURRENT, key) or "[]") != kept:
            self.context.facts.put(_CURRENT, key, kept)

    # --- catching up --------------------------------------------------------------------------------

    async def _catch_up(
        self, archive: Address, room: ChatKey | None, first: Asked | None = None, mark: object = None
    ) -> None:
        """Until it is done, or it is sure that the archive tells nothing; `first` has been asked already."""
        tries = 0
        while room is None or self._rooms.get(room) is mark:
            try:
                await self._catch_up_once(archive, room, first)
                if room is None:
                    note_archive(self.context.facts, self.context.own, has=True)
                if room is None:
                    self._unasked.caught_up()
                if room is None or self._rooms.get(room) is mark:
                    self._keep_current(self._current | {archive})
                    # What came live and is in no page came after the last of them.
                    self._go_forward(archive, room)
            except (Failed, StorageError) as failed:
                if isinstance(failed, Failed) and failed.condition not in _PASSING:
                    break
                # What may have arrived must not go again before the archive has told.
                first, tries = None, tries + 1
                await self._pause(tries)
            else:
                break
        if room is None or self._rooms.get(room) is mark:
            await self._settle(room)

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
            self.context.emit(HistoryLoaded(key, 0, gap))

    async def _fetched(self, archive: Address, page: Page, *, seen: bool = False) -> None:
        await self.context.fetched(archive, page.results, seen=seen)
        live = self._live.get(archive)
        if live is not None and live[0] in page.ids:
            del self._live[archive]

    async def _find_unsettled(
        self, archive: Address, room: ChatKey | None, known: tuple[str, datetime] | None
    ) -> None:
        """Fetch from the hole that was left whatever chats with messages of unknown fate have in it."""
        chats = self.context.world.chats
        for key, said_at in self.context.unsettled().items():
            chat = chats.get(key)
            if room is None and (chat is None or chat.kind is not ChatKind.ROOM):
                await self._page_through(archive, key.address, known, said_at - _MARGIN)
            elif key == room:
                await self._page_through(archive, None, known, said_at - _MARGIN)

    async def _page_through(
        self, archive: Address, peer: Address | None, known: tuple[str, datetime] | None, since: datetime
    ) -> None:
        """From the known message on; where that is not to be had, from `since`."""
        after = None if known is None else known[0]
        start = since if known is None else None
        while True:
            try:
                page = await self._queries.fetch(archive, peer, after=after, start=start)
            except Failed as failed:
                # The id may have left the archive, or be none of this chat.
                if failed.condition != "item-not-found" or start is not None:
                    raise
                after, start = None, since
                continue
            await self._fetched(archive, page, seen=known is None)
            if page.complete or page.last is None or page.last[0] == after:
                return
            after = page.last[0]

    def _look_back(self, message: Message) -> None:
        """A chat that comes up after the first catch-up may have a past, unless we hold the whole archive."""
        store, own = self.context.archive, self.context.own
        if store.newest_archive_id(own) is not None and self.context.facts.get(_SPACE, str(own)) != _WHOLE:
            store.add_gap(Gap(0, message.chat, None, "", message.at, message.archive_id))

    def _chats(self) -> list[ChatKey]:
        own = self.context.own
        chats = self.context.world.chats.values()
        return [one.key for one in chats if one.key.account == own and one.kind is ChatKind.CONTACT]
