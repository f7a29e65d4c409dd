"""Rooms remembered on the server, the same on all devices (XEP-0402, XEP-0048, XEP-0049)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

from ...core import commands as cmd
from ...core.address import Address
from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, Refused
from ...core.contact import Subscription
from ...core.events import (
    BookmarksChanged,
    Event,
    Invited,
    Level,
    Notice,
    RoomChanged,
    RoomPasswordNeeded,
)
from ...core.link import LinkProfile
from ...core.room import Bookmark, RoomState
from .. import convert, freshness, muc
from ..bookmark_items import NATIVE
from ..bookmark_store import BookmarkStore
from ..feature import Context, Failed, Feature, Handler, PepHandler

_HERE = (RoomState.QUEUED, RoomState.JOINING, RoomState.JOINED)
_LASTS = timedelta(days=1)
"""How long bookmarks are believed of which nothing new was told."""


class Bookmarks(Feature):
    """Loads and keeps bookmarks, has rooms with autojoin joined, and marks what the user joins and leaves."""

    XEPS = ("XEP-0402", "XEP-0048", "XEP-0049", "XEP-0223")
    NAMESPACES = (f"{NATIVE}+notify",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._store = BookmarkStore(context)
        self._fresh = freshness.Freshness(context.facts, f"{context.own} bookmarks", _LASTS)
        self._joined: set[Address] = set()
        """Rooms whose autojoin has been obeyed: one that the user left stays left."""
        self._passwords: dict[Address, str] = {}
        self._asked_for: set[Address] = set()
        """Rooms the user asked to join, and that we are not in yet."""
        self._wishes: dict[Address, bool] = {}
        """Autojoin as the user's joining and leaving wants it, where the server does not have it yet."""
        self._writing: dict[Address, Bookmark | None] = {}
        """Being written by us: news of it is no news. None: being removed."""
        self._is_loaded = False
        self._turn = asyncio.Lock()
        """One change after the other: the old stores are written whole."""

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Setting and removing; joining and leaving are followed."""
        return {
            cmd.SetBookmark: self._set,
            cmd.RemoveBookmark: self._remove,
            cmd.JoinRoom: self._joins,
            cmd.Answer: self._answers,
            cmd.LeaveRoom: self._leaves,
            cmd.CloseChat: self._leaves,
        }

    @property
    def pep(self) -> Mapping[str, PepHandler]:
        """What another device changes."""
        return {NATIVE: self._changed_elsewhere}

    def on_ready(self) -> None:
        """Join by what was last seen at once; ask the server where that was never, or is long ago."""
        self._fresh.begin()
        self._recall()
        self._join_marked()
        if not self._fresh.is_known:
            self.context.spawn(self._load())
        elif self.context.pacing.asks_by_itself:
            self.context.spawn(self._refresh())

    def on_resumed(self) -> None:
        """The server has told of every change."""
        self._recall()

    def _recall(self) -> None:
        if not self._mine():
            kept = self.context.cache.bookmarks(self.context.own)
            if kept:
                self.context.emit(BookmarksChanged(self.context.own, tuple(kept)))

    async def _refresh(self) -> None:
        """Fetch them again where they are old, and say what could not be said in the last session."""
        if self._wishes:
            await self._follow()
        await asyncio.sleep(freshness.QUIET_SECONDS)
        if not self._fresh.is_fresh(self.context.clock.now()):
            await self._load()

    def on_stop(self) -> None:
        """What another device changes from now on is not told."""
        self._is_loaded = False

    async def _load(self) -> None:
        try:
            async with self._turn:
                await self._load_once()
        except Failed as failed:
            # The ones of last time stay.
            if failed.condition != "timeout":
                words = f"Your bookmarks could not be read. {failed}"
                self.context.emit(Notice(words, Level.WARN, self.context.own))
        else:
            await self._follow()

    async def _load_once(self) -> None:
        """Nothing is written before we know where the bookmarks are, and which there are."""
        if self._is_loaded:
            return
        found = await self._store.load()
        self._is_loaded = True
        self._fresh.fetched(self.context.clock.now())
        mine = self._mine()
        for one in found:
            self._leave_unmarked(mine.get(one.address), one)
        self._tell(found)

    def told(self, event: Event) -> None:
        """Rooms marked for autojoin are joined; a room that the user got into is marked."""
        own = self.context.own
        if isinstance(event, BookmarksChanged) and event.account == own and self.context.online:
            self._join_marked()
        elif isinstance(event, RoomPasswordNeeded) and event.account == own:
            self._passwords.pop(event.room, None)
        elif isinstance(event, RoomChanged) and event.key.account == own:
            self._room_changed(event)

    def _room_changed(self, event: RoomChanged) -> None:
        if event.state is RoomState.JOINED and event.key.address in self._asked_for:
            self._wish(event.key.address, autojoin=True)

    def _join_marked(self) -> None:
        for bookmark in self._mine().values():
            if not bookmark.autojoin:
                self._joined.discard(bookmark.address)
            elif bookmark.address not in self._joined and self._may_join(bookmark):
                self._joined.add(bookmark.address)
                self._join(bookmark)

    def _may_join(self, bookmark: Bookmark) -> bool:
        pacing = self.context.pacing
        contact = self.context.world.contacts.get((bookmark.account, bookmark.address))
        if contact is not None and contact.subscription is not Subscription.NONE:
            # Taken for a room, what the contact says would be dropped.
            return False
        chat = self.context.world.chats.get(ChatKey(bookmark.account, bookmark.address))
        return pacing.joins_marked or (pacing.joins_open and chat is not None and chat.open)

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """Rooms that were not entered are now; what was not asked for is."""
        self._join_marked()
        if self.context.pacing.asks_by_itself and not before.notify >= after.notify:
            self.context.spawn(self._refresh())

    def _join(self, bookmark: Bookmark) -> None:
        key = ChatKey(bookmark.account, bookmark.address)
        room = self.context.world.rooms.get(key)
        if room is None or room.state not in _HERE:
            self.context.open_chat(key, ChatKind.ROOM, bookmark.name)
            self.context.emit(RoomChanged(key, RoomState.QUEUED))

    # --- changes ----------------------------------------------------------------------------------

    async def _set(self, command: cmd.SetBookmark) -> None:
        key = command.chat
        if key.account != self.context.own:
            return
        if not key.address.local or key.address.resource:
            raise Refused("Only rooms can be bookmarked.")
        self._wishes.pop(key.address, None)
        async with self._turn:
            await self._mark(key.address, autojoin=command.autojoin)

    async def _mark(self, room: Address, *, autojoin: bool) -> None:
        """Write the bookmark of a room as things are now."""
        await self._load_once()
        mine = self._mine()
        key = ChatKey(self.context.own, room)
        inside = self.context.world.rooms.get(key)
        known = mine.get(room, Bookmark(key.account, room))
        mine[room] = bookmark = replace(
            known,
            name=known.name or (inside.name if inside else "") or room.local,
            nick=(inside.nick if inside else "") or known.nick,
            password=self._passwords.get(room, known.password),
            autojoin=autojoin,
        )
        self._writing[room] = bookmark
        try:
            await self._store.put(bookmark, list(mine.values()))
            # Another device may have changed another one meanwhile.
            self._tell({**self._mine(), room: bookmark}.values())
        finally:
            del self._writing[room]

    async def _remove(self, command: cmd.RemoveBookmark) -> None:
        room = command.chat.address
        if command.chat.account != self.context.own:
            return
        self._wishes.pop(room, None)
        async with self._turn:
            await self._load_once()
            mine = self._mine()
            if mine.pop(room, None) is None:
                return
            self._writing[room] = None
            try:
                await self._store.remove(room, list(mine.values()))
                self._tell(one for one in self._mine().values() if one.address != room)
            finally:
                del self._writing[room]

    # --- what the user does -----------------------------------------------------------------------

    async def _joins(self, command: cmd.JoinRoom) -> None:
        if command.account == self.context.own:
            self._ask_for(command.room.bare, command.password)

    async def _answers(self, command: cmd.Answer) -> None:
        question = self.context.world.questions.get(command.id)
        if not command.yes or question is None or question.account != self.context.own:
            return
        if isinstance(question, Invited):
            self._ask_for(question.room, question.password)
        elif isinstance(question, RoomPasswordNeeded):
            self._ask_for(question.room, command.text)

    def _ask_for(self, room: Address, password: str) -> None:
        if password:
            self._passwords[room] = password
        known = self.context.world.rooms.get(ChatKey(self.context.own, room))
        self._asked_for.add(room)
        if known is not None and known.state is RoomState.JOINED:
            self._wish(room, autojoin=True)

    async def _leaves(self, command: cmd.LeaveRoom | cmd.CloseChat) -> None:
        if command.chat.account == self.context.own:
            self._wish(command.chat.address, autojoin=False)

    def _wish(self, room: Address, *, autojoin: bool) -> None:
        self._asked_for.discard(room)
        known = self._mine().get(room)
        if (known is not None and known.autojoin) == autojoin and room not in self._writing:
            self._wishes.pop(room, None)
            return
        self._wishes[room] = autojoin
        if self.context.online and self.context.pacing.asks_by_itself:
            self.context.spawn(self._follow())

    async def _follow(self) -> None:
        """Write what the user's joining and leaving means for the bookmarks."""
        async with self._turn:
            while self._wishes:
                room, autojoin = next(iter(self._wishes.items()))
                try:
                    await self._load_once()
                    known = self._mine().get(room)
                    if (known is not None and known.autojoin) != autojoin:
                        if autojoin:
                            # The user is in, or was thrown out meanwhile: the mark itself joins nothing.
                            self._joined.add(room)
                        await self._mark(room, autojoin=autojoin)
                except Failed as failed:
                    if failed.condition == "offline":
                        return
                    done = "joined" if autojoin else "left"
                    words = f"You {done} {room}, but your server did not take note of it. {failed}"
                    key = ChatKey(self.context.own, room)
                    self.context.emit(Notice(words, Level.WARN, self.context.own, key))
                if self._wishes.get(room) == autojoin:
                    del self._wishes[room]

    # --- what another device does -----------------------------------------------------------------

    def _changed_elsewhere(self, items: ET.Element) -> None:
        self._fresh.pushed(items)
        mine = self._mine()
        for item in convert.children(items, convert.PUBSUB_EVENT, "item"):
            bookmark = self._store.note(item)
            if bookmark is not None:
                self._leave_unmarked(mine.get(bookmark.address), bookmark)
                mine[bookmark.address] = bookmark
        for item in convert.children(items, convert.PUBSUB_EVENT, "retract"):
            address = convert.address(item.get("id"))
            known = None if address is None else mine.pop(address, None)
            if known is not None:
                self._leave_unmarked(known, None)
        self._tell(mine.values())

    def _leave_unmarked(self, known: Bookmark | None, now: Bookmark | None) -> None:
        """Leave a room whose mark is gone, unless it was us who took it away.

        XEP-0402 §5 has clients leave at once where `autojoin` is not true any more or the bookmark is gone.
        """
        if known is None or (now is not None and (now.autojoin or not known.autojoin)):
            return
        room = known.address
        if room in self._writing and _is_marked(self._writing[room]) == _is_marked(now):
            return
        self._asked_for.discard(room)
        self._wishes.pop(room, None)
        key = ChatKey(self.context.own, room)
        if muc.leave(self.context, key):
            words = f"Another of your devices left {room}, and so did this one."
            self.context.emit(Notice(words, account=self.context.own, chat=key))

    def _mine(self) -> dict[Address, Bookmark]:
        own = self.context.own
        return {
            address: one for (account, address), one in self.context.world.bookmarks.items() if account == own
        }

    def _tell(self, bookmarks: Iterable[Bookmark]) -> None:
        every = tuple(bookmarks)
        if set(every) != set(self._mine().values()):
            self.context.cache.put_bookmarks(self.context.own, every)
            self.context.emit(BookmarksChanged(self.context.own, every))


def _is_marked(bookmark: Bookmark | None) -> bool | None:
    """Whether there is a bookmark, and with autojoin."""
    return None if bookmark is None else bookmark.autojoin
