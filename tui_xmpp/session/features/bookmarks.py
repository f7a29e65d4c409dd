"""Rooms remembered on the server, the same on all devices (XEP-0402, XEP-0048, XEP-0049)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from xml.etree import ElementTree as ET

from ...core import commands as cmd
from ...core.address import Address
from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, Refused
from ...core.events import BookmarksChanged, Event, RoomChanged
from ...core.link import Weight
from ...core.room import Bookmark, RoomState
from .. import convert
from ..bookmark_items import NATIVE
from ..bookmark_store import BookmarkStore
from ..feature import Context, Failed, Feature, Handler, PepHandler

_HERE = (RoomState.QUEUED, RoomState.JOINING, RoomState.JOINED)


class Bookmarks(Feature):
    """Loads and keeps bookmarks, and has rooms with autojoin joined."""

    XEPS = ("XEP-0402", "XEP-0048", "XEP-0049", "XEP-0223")
    NAMESPACES = (f"{NATIVE}+notify",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._store = BookmarkStore(context)
        self._joined: set[Address] = set()
        """Rooms whose autojoin has been obeyed: one that the user left stays left."""
        self._passwords: dict[Address, str] = {}

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Setting and removing; joins only tell passwords."""
        return {cmd.SetBookmark: self._set, cmd.RemoveBookmark: self._remove, cmd.JoinRoom: self._noted}

    @property
    def pep(self) -> Mapping[str, PepHandler]:
        """What another device changes."""
        return {NATIVE: self._changed_elsewhere}

    async def on_ready(self) -> None:
        """Join by what was last seen at once, and ask the server for what is true now."""
        if not self._mine():
            kept = self.context.cache.bookmarks(self.context.own)
            if kept:
                self.context.emit(BookmarksChanged(self.context.own, tuple(kept)))
        self._join_marked()
        if self.context.allows(Weight.USEFUL) or not self._mine():
            self.context.spawn(self._load())

    async def _load(self) -> None:
        try:
            found = await self._store.load()
        except Failed as failed:
            if failed.condition == "timeout":
                # The ones of last time stay.
                return
            raise
        self._tell(found)

    def told(self, event: Event) -> None:
        """Rooms marked for autojoin are joined."""
        if isinstance(event, BookmarksChanged) and event.account == self.context.own and self.context.online:
            self._join_marked()

    def _join_marked(self) -> None:
        if not self.context.profile.join_all:
            return
        for bookmark in self._mine().values():
            if not bookmark.autojoin:
                self._joined.discard(bookmark.address)
            elif bookmark.address not in self._joined:
                self._joined.add(bookmark.address)
                self._join(bookmark)

    def _join(self, bookmark: Bookmark) -> None:
        key = ChatKey(bookmark.account, bookmark.address)
        room = self.context.world.rooms.get(key)
        if room is None or room.state not in _HERE:
            self.context.open_chat(key, ChatKind.ROOM, bookmark.name)
            self.context.emit(RoomChanged(key, RoomState.QUEUED))

    # --- changes ----------------------------------------------------------------------------------

    async def _noted(self, command: cmd.JoinRoom) -> None:
        if command.account == self.context.own and command.password:
            self._passwords[command.room.bare] = command.password

    async def _set(self, command: cmd.SetBookmark) -> None:
        key = command.chat
        if key.account != self.context.own:
            return
        if not key.address.local or key.address.resource:
            raise Refused("Only rooms can be bookmarked.")
        mine = self._mine()
        room = self.context.world.rooms.get(key)
        known = mine.get(key.address, Bookmark(key.account, key.address))
        mine[key.address] = bookmark = replace(
            known,
            name=known.name or (room.name if room else "") or key.address.local,
            nick=(room.nick if room else "") or known.nick,
            password=self._passwords.get(key.address, known.password),
            autojoin=command.autojoin,
        )
        await self._store.put(bookmark, list(mine.values()))
        self._tell(mine.values())

    async def _remove(self, command: cmd.RemoveBookmark) -> None:
        key, mine = command.chat, self._mine()
        if key.account != self.context.own or mine.pop(key.address, None) is None:
            return
        await self._store.remove(key.address, list(mine.values()))
        self._tell(mine.values())

    def _changed_elsewhere(self, items: ET.Element) -> None:
        mine = self._mine()
        for item in convert.children(items, convert.PUBSUB_EVENT, "item"):
            bookmark = self._store.note(item)
            if bookmark is not None:
                mine[bookmark.address] = bookmark
        for item in convert.children(items, convert.PUBSUB_EVENT, "retract"):
            address = convert.address(item.get("id"))
            if address is not None:
                mine.pop(address, None)
        self._tell(mine.values())

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
