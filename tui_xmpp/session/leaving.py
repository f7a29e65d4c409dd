"""What was read in a chat and is told once, when the chat is left."""

from __future__ import annotations

from ..core.chat import ChatKey


class Leaving:
    """The newest row read of each chat of which nothing was told yet; 0: up to the newest message."""

    def __init__(self) -> None:
        self._read: dict[ChatKey, int] = {}

    def note(self, chat: ChatKey, row: int) -> None:
        """It was read up to there."""
        known = self._read.get(chat)
        self._read[chat] = row if known is None or not row else max(known, row) if known else 0

    def left(self, now_in: ChatKey | None = None) -> list[tuple[ChatKey, int]]:
        """Take the chats that are left, with their rows: all but the one we are in now."""
        gone = [(chat, row) for chat, row in self._read.items() if chat != now_in]
        for chat, _ in gone:
            del self._read[chat]
        return gone

    def clear(self) -> None:
        """Nothing of it will be told."""
        self._read.clear()
