"""Rooms that are not entered because of the link: left and entered again as its profile changes."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, OpenChat
from ...core.events import BookmarksChanged, Event, RoomChanged
from ...core.link import LinkProfile
from ...core.message import Delivery
from ...core.room import RoomState
from .. import muc
from ..feature import Context, Feature, Handler

PEEKED = "Not entered on this link: its archive is read when you open it, and you enter by writing."
CLOSED = "Not entered on this link: ask for its history to read it, and write to enter it."

_LOOK_BACK = 20


class Outside(Feature):
    """Leaves rooms for the sake of the link, and says of each that and why we are not in."""

    XEPS = ("XEP-0045",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._rested: list[ChatKey] = []
        """Rooms left because of the link; another profile has them entered again."""

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """A room that is looked at is known to be one."""
        return {OpenChat: self._opened}

    def on_ready(self) -> None:
        """What the last session was in is not entered again."""
        if not self.context.pacing.joins_open:
            self._leave_all()
            self._mark_known()

    def on_resumed(self) -> None:
        """The rooms we are not in are known to be rooms."""
        if not self.context.pacing.joins_open:
            self._mark_known()

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """Leave, or enter again what was left."""
        if before.rooms is after.rooms:
            return
        if not self.context.pacing.joins_open:
            self._leave_all()
            self._mark_known()
            return
        rested, self._rested = self._rested, []
        for key in rested:
            chat = self.context.world.chats.get(key)
            room = self.context.world.rooms.get(key)
            if chat is not None and chat.open and room is not None and room.state is RoomState.LEFT:
                self.context.emit(RoomChanged(key, RoomState.QUEUED))

    def told(self, event: Event) -> None:
        """Rooms become known by their bookmarks."""
        mine = isinstance(event, BookmarksChanged) and event.account == self.context.own
        if mine and self.context.online and not self.context.pacing.joins_open:
            self._mark_known()

    async def _opened(self, command: OpenChat) -> None:
        if not self.context.pacing.joins_open:
            self._mark_known()

    def _leave_all(self) -> None:
        for room in list(self.context.world.rooms.values()):
            mine = room.key.account == self.context.own
            if mine and room.state in (RoomState.QUEUED, *muc.INSIDE) and not self._is_waited_for(room.key):
                muc.leave(self.context, room.key)
                self._rested.append(room.key)
                self._say(room.key)

    def _is_waited_for(self, key: ChatKey) -> bool:
        """Something was written there and has not left yet."""
        newest = self.context.archive.page(key, limit=_LOOK_BACK).messages
        return any(one.delivery is Delivery.QUEUED for one in newest)

    def _mark_known(self) -> None:
        world, own = self.context.world, self.context.own
        known = [one.key for one in world.chats.values() if one.kind is ChatKind.ROOM and one.open]
        known += [ChatKey(own, address) for account, address in world.bookmarks if account == own]
        for key in known:
            room = world.rooms.get(key)
            if key.account == own and (room is None or (room.state is RoomState.LEFT and not room.reason)):
                self._say(key)

    def _say(self, key: ChatKey) -> None:
        words = PEEKED if self.context.pacing.peeks else CLOSED
        self.context.emit(RoomChanged(key, RoomState.LEFT, words))
