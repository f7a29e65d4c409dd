"""Search: one field over this chat or everything; Enter goes to the place."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from datetime import datetime

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from tui_xmpp.core import query
from tui_xmpp.core.attachment import without_keys
from tui_xmpp.core.message import Hit, MessageType
from tui_xmpp.core.ports import StorageError
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.render.files import file_of, in_short
from tui_xmpp.ui.render.message import name_of
from tui_xmpp.ui.render.wrap import fit

_BEFORE = 20
"""Characters of the message shown before what was found."""
_CHAT_CELLS, _NICK_CELLS = 14, 8
_FOUND = Style(bold=True, underline=True)
"""Seen without any colour."""
_NOTHING_YET = (
    "Write a word or a few; a message holds all of them.",
    '"a phrase"             words that stand together',
    "from:ava  in:garden    by one person, in one chat",
    "after:2026-11-01  before:yesterday",
    "has:link               with a link in it",
)


class Search(Kind):
    """Asks the archive in a thread; an answer that is no longer wanted is dropped."""

    placeholder = 'words, "a phrase", from: in: before: after: has:link'
    tall = True

    def __init__(self, face: Face, words: str = "") -> None:
        self._face = face
        self.start = words
        self._here = f"in:{face.chat.address.bare}" if face.chat is not None else ""
        self._hits: list[Hit] = []
        self._number = 0
        self._asked: str | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def title(self) -> str:  # type: ignore[override]
        """What is searched, as the words are now."""
        return "Search this chat" if self._in_this_chat else "Search everything"

    @property
    def hint(self) -> str:  # type: ignore[override]
        """What the keys do, and how much was found."""
        found = f"{len(self._hits)} found   " if self._hits else ""
        elsewhere = "Ctrl+U searches everywhere   " if self._in_this_chat and not found else ""
        return f"{found}Enter goes to the message   {elsewhere}Esc closes"

    @property
    def _in_this_chat(self) -> bool:
        words = self.start if self._asked is None else self._asked
        return bool(self._here) and self._here in words.split()

    def keys(self, text: str) -> Sequence[Hashable]:
        """The messages found so far; what can be written while there is nothing to look for."""
        if self._asked is None and text:
            self._ask(text)
        wanted = " ".join(word for word in text.split() if word != self._here)
        return range(len(self._hits)) if wanted else _NOTHING_YET

    def stands(self, key: Hashable) -> bool:
        """On what was found."""
        return isinstance(key, int)

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
        """Return one message as a line: day and time, chat, who, and the text round what was found."""
        look = self._face.look
        if not isinstance(key, int):
            return Text(f" {key}", style=look.style("dim"), no_wrap=True)
        if key >= len(self._hits):
            return Text()
        hit = self._hits[key]
        message = hit.message
        line = Text(f" {self._when(message.at)}  ", style=look.style("dim"), no_wrap=True)
        peer = clean_line(self._face.world.name_of(message.chat), 40)
        if not self._in_this_chat:
            room = message.type is MessageType.GROUPCHAT and not peer.startswith("#")
            line.append(fit(f"{'#' if room else ''}{peer}", _CHAT_CELLS) + " ", look.style("accent"))
        who = name_of(message, peer)
        identifier = who if message.type is MessageType.GROUPCHAT else str(message.sender.bare)
        line.append(fit(who, _NICK_CELLS) + " ", look.nick_style(identifier, own=message.outgoing))
        line.append_text(self._said(hit, width - cell_len(line.plain)))
        line.truncate(width, overflow="ellipsis")
        return line

    def _when(self, at: datetime) -> str:
        look = self._face.look
        local = look.local(at)
        year = "" if look.today is not None and local.year == look.today.year else f" {local.year}"
        return f"{f'{local.day:>2} {local:%b}{year} {look.clock(at)}':<12}"

    def _said(self, hit: Hit, room: int) -> Text:
        """Return the text of a message from a little before what was found, which is marked."""
        text = hit.message.body
        if file_of(hit.message) is not None or without_keys(text) != text:
            return Text(in_short(hit.message), style=self._face.look.style("text"))
        at = hit.marks[0][0] if hit.marks else 0
        position = max(0, at - _BEFORE) if at > max(_BEFORE, room - _BEFORE) else 0
        said = Text("…" if position else "", style=self._face.look.style("text"))
        for start, end in hit.marks:
            if start >= position:
                said.append(clean_line(text[position:start]))
                said.append(clean_line(text[start:end]), self._face.look.style("mention") + _FOUND)
                position = end
        return said.append(clean_line(text[position:]))

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
