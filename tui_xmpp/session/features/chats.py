"""The list of chats: opening, closing, drafts, pins, notify rules and how far each was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...core.chat import Chat, ChatKey, ChatKind
from ...core.commands import (
    CloseChat,
    Command,
    MarkRead,
    MarkUnread,
    OpenChat,
    Refused,
    SaveDraft,
    SetNotify,
    SetPinned,
)
from ...core.events import ChatChanged
from ..feature import Feature, Handler
from ..reading import read_up_to


class Chats(Feature):
    """Keeps what is remembered about each chat."""

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """All of it is local."""
        return {
            OpenChat: self._open,
            CloseChat: self._close,
            SaveDraft: self._draft,
            SetNotify: self._notify,
            SetPinned: self._pin,
            MarkRead: self._read,
            MarkUnread: self._unread,
        }

    async def _open(self, command: OpenChat) -> None:
        world, key = self.context.world, command.chat
        known = world.chats.get(key)
        if known is not None:
            kind = known.kind
        elif key in world.rooms or (key.account, key.address) in world.bookmarks:
            kind = ChatKind.ROOM
        elif key.address.resource and ChatKey(key.account, key.address.bare) in world.rooms:
            kind = ChatKind.PRIVATE
        else:
            kind = ChatKind.CONTACT
        if kind is ChatKind.CONTACT and key.address.resource:
            raise Refused("A chat is with a person, not with one device: leave out what follows the slash.")
        self.context.open_chat(key, kind)

    async def _close(self, command: CloseChat) -> None:
        self._change(command.chat, open=False, number=0)

    async def _draft(self, command: SaveDraft) -> None:
        self._change(command.chat, draft=command.text)

    async def _notify(self, command: SetNotify) -> None:
        self._change(command.chat, notify=command.notify)

    async def _pin(self, command: SetPinned) -> None:
        self._change(command.chat, pinned=command.pinned)

    async def _read(self, command: MarkRead) -> None:
        message = None
        if command.row:
            message = self.context.archive.message(command.chat, command.row)
            if message is None:
                return
        read_up_to(self.context, command.chat, message)

    async def _unread(self, command: MarkUnread) -> None:
        archive = self.context.archive
        message = archive.message(command.chat, command.row)
        chat = self._chat(command.chat)
        if message is None:
            raise Refused("That message is not there any more.")
        before = archive.page(command.chat, before=message.place, limit=1).messages
        if before:
            read_up_to(self.context, command.chat, before[-1], back=True)
            return
        unread, mentions = archive.unread(command.chat, None)
        self._put(replace(chat, read_at=None, read_row=0, unread=unread, mentions=mentions))

    def _change(self, key: ChatKey, **fields: Any) -> None:
        known = self._chat(key)
        changed = replace(known, **fields)
        if changed != known:
            self._put(changed)

    def _chat(self, key: ChatKey) -> Chat:
        known = self.context.world.chats.get(key)
        if known is None:
            raise Refused("There is no such chat.")
        return known

    def _put(self, chat: Chat) -> None:
        self.context.archive.put_chat(chat)
        self.context.emit(ChatChanged(chat))
