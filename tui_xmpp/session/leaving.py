"""What was read in a chat, told at once or, where the link profile says so, once when the chat is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..core.chat import ChatKey
from ..core.commands import CloseChat, Command, MarkRead, OpenChat
from .feature import Context, Handler


class Leaving:
    """Of one feature: *tell* says that a chat was read up to a row; 0: up to the newest message."""

    def __init__(self, context: Context, tell: Callable[[ChatKey, int], None]) -> None:
        self._context = context
        self._tell = tell
        self._read: dict[ChatKey, int] = {}

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Reading, and going elsewhere."""
        return {MarkRead: self._mark, OpenChat: self._opened, CloseChat: self._closed}

    def switched(self) -> None:
        """Another link profile is in use: what waited for the chat to be left is told now, or never."""
        if not self._context.pacing.tells_on_leaving:
            self._leave()

    def wrote(self) -> None:
        """Who writes has read: it rides on what leaves anyway."""
        if self._context.pacing.tells_on_leaving:
            self._leave()

    def clear(self) -> None:
        """Nothing of it will be told."""
        self._read.clear()

    async def _opened(self, command: Any) -> None:
        self._leave(command.chat)

    async def _closed(self, command: Any) -> None:
        self._leave()

    async def _mark(self, command: Any) -> None:
        if not self._context.pacing.tells_on_leaving:
            self._tell(command.chat, command.row)
            return
        self._leave(command.chat)
        known = self._read.get(command.chat)
        whole = not command.row or known == 0
        self._read[command.chat] = 0 if whole else max(known or 0, command.row)

    def _leave(self, now_in: ChatKey | None = None) -> None:
        """Tell of all chats but the one we are in now."""
        for chat in [chat for chat in self._read if chat != now_in]:
            self._tell(chat, self._read.pop(chat))
