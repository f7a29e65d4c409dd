"""An archive in memory."""

from __future__ import annotations

from collections.abc import Sequence

from tui_xmpp.core.chat import Chat, ChatKey
from tui_xmpp.core.message import Gap, Hit, Message, Page, Place
from tui_xmpp.core.query import Query


class FakeArchive:
    """Messages by row; every read is counted."""

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}
        self.known: dict[ChatKey, Chat] = {}
        self.gaps: list[Gap] = []
        self.reads = 0

    def next_row(self) -> int:
        return len(self.messages) + 1

    def put(self, message: Message) -> None:
        self.messages[message.row] = message

    def put_chat(self, chat: Chat) -> None:
        self.known[chat.key] = chat

    def _of(self, chat: ChatKey) -> list[Message]:
        self.reads += 1
        return sorted((one for one in self.messages.values() if one.chat == chat), key=lambda one: one.place)

    def page(
        self, chat: ChatKey, *, before: Place | None = None, after: Place | None = None, limit: int = 100
    ) -> Page:
        every = self._of(chat)
        if before is not None:
            run = [one for one in every if one.place < before][-limit:]
        elif after is not None:
            run = [one for one in every if one.place > after][:limit]
        else:
            run = every[-limit:]
        return self._page(chat, every, run)

    def around(self, chat: ChatKey, place: Place, limit: int = 100) -> Page:
        every = self._of(chat)
        earlier = [one for one in every if one.place < place][-(limit // 2) :]
        later = [one for one in every if one.place >= place][: limit - limit // 2]
        return self._page(chat, every, earlier + later)

    def _page(self, chat: ChatKey, every: list[Message], run: list[Message]) -> Page:
        gaps = tuple(gap for gap in self.gaps if gap.chat == chat)
        if not run:
            return Page((), gaps, True, True)
        return Page(tuple(run), gaps, run[0] is every[0], run[-1] is every[-1])

    def message(self, chat: ChatKey, row: int) -> Message | None:
        found = self.messages.get(row)
        return found if found and found.chat == chat else None

    def search(self, query: Query, *, limit: int = 100) -> Sequence[Hit]:
        hits = []
        for message in sorted(self.messages.values(), key=lambda one: one.place, reverse=True):
            if query.chat is not None and query.chat not in str(message.chat.address):
                continue
            places = [message.body.lower().find(word.lower()) for word in query.words]
            if places and all(at >= 0 for at in places):
                marks = tuple((at, at + len(word)) for at, word in zip(places, query.words, strict=True))
                hits.append(Hit(message, marks))
        return hits[:limit]

    def chats(self) -> Sequence[Chat]:
        return tuple(self.known.values())
