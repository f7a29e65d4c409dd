"""Search: one field over everything; Enter goes to the place."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from datetime import datetime

from rich.text import Text

from tui_xmpp.core import query
from tui_xmpp.core.message import Hit
from tui_xmpp.core.ports import StorageError
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.face import Face, Kind

_BEFORE = 20
"""Characters of the message shown before what was found."""


class Search(Kind):
    """Asks the archive in a thread; an answer that is no longer wanted is dropped."""

    title = "Search all messages"
    placeholder = 'words, "a phrase", from: in: before: after: has:link'
    tall = True

    def __init__(self, face: Face, words: str = "") -> None:
        self._face = face
        self.start = words
        self._hits: list[Hit] = []
        self._number = 0
        self._asked: str | None = None
        self._task: asyncio.Task[None] | None = None
        self.hint = "Enter goes to the message   Esc closes"

    def keys(self, text: str) -> Sequence[Hashable]:
        """The messages found so far."""
        if self._asked is None and text:
            self._ask(text)
        return range(len(self._hits))

    async def typed(self, text: str) -> None:
        """Search for what is written now."""
        self._ask(text)

    def _ask(self, text: str) -> None:
        self._asked = text
        self._number += 1
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._search(text, self._number))

    async def _search(self, text: str, number: int) -> None:
        hits: list[Hit] = []
        if text.strip():
            try:
                wanted = query.parse(text, datetime.now().date())
                hits = list(await asyncio.to_thread(self._face.archive.search, wanted))
            except query.QueryError as error:
                self._face.say(str(error))
                return
            except StorageError as error:
                self._face.say(str(error))
                return
        if number == self._number:
            self._hits = hits
            self._face.say("Nothing found." if text.strip() and not hits else "")
            self._face.refill()

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one message: day, chat, who, and the text round what was found."""
        if not isinstance(key, int) or key >= len(self._hits):
            return Text()
        look, hit = self._face.look, self._hits[key]
        message = hit.message
        when = look.local(message.at).strftime("%Y-%m-%d %H:%M")
        chat = clean_line(self._face.world.name_of(message.chat), 20)
        who = "me" if message.outgoing else clean_line(message.nick, 20)
        line = Text(f" {when} ", style=look.style("dim"), no_wrap=True).append(
            chat, style=look.style("accent")
        )
        line.append(f" {who}: " if who and who != chat else ": ", style=look.style("dim"))
        at = hit.marks[0][0] if hit.marks else 0
        begin = max(0, at - _BEFORE) if at > _BEFORE * 2 else 0
        position = begin
        line.append("…" if begin else "")
        for start, end in hit.marks:
            if start >= position:
                line.append(clean_line(message.body[position:start]))
                line.append(clean_line(message.body[start:end]), style=look.style("mention"))
                position = end
        line.append(clean_line(message.body[position:]))
        line.truncate(width, overflow="ellipsis")
        return line

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Go to the message."""
        if not isinstance(key, int) or key >= len(self._hits):
            return False
        message = self._hits[key].message
        await self._face.close_popup()
        await self._face.enter(message.chat, message.place)
        self._face.transcript.select(message)
        return True

    def cancelled(self) -> None:
        """Nobody waits for the answer any more."""
        if self._task is not None:
            self._task.cancel()
