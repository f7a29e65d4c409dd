"""Asks before a pasted text or one of several lines that begins with / is sent or run."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

from rich.text import Text

from tui_xmpp.core import slash
from tui_xmpp.core.slash_commands import COMMANDS
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.face import Kind

_SEND = "s  send it as text"
_RUN = "r  run it as a command"
_KEEP = "Esc  keep it in the line"


class Submits(Protocol):
    """Who sends and runs."""

    async def send(self, text: str, *, typed: str) -> None:
        """Send as text."""

    async def run(self, parsed: slash.Parsed, text: str) -> None:
        """Run as a command."""


class SlashGuard(Kind):
    """Three ways to go on, none of them taken by itself."""

    field = False

    def __init__(self, writing: Submits, text: str) -> None:
        self._writing = writing
        self._text = text
        self._parsed: slash.Parsed | None = None
        if "\n" not in text.strip():
            parsed = slash.parse(text.rstrip(), COMMANDS)
            if isinstance(parsed, slash.Parsed) and parsed.command is not None:
                self._parsed = parsed
        lines = text.count("\n") + 1
        size = f" ({lines} lines)" if lines > 1 else ""
        self.title = f"This begins with /{size}: {clean_line(text, 40)}"

    def keys(self, text: str) -> Sequence[Hashable]:
        """Send, run if it can be, keep."""
        return (_SEND, *((_RUN,) if self._parsed else ()), _KEEP)

    def draw(self, key: Hashable, width: int) -> Text:
        """Return the words of one way."""
        return Text(f" {key}")

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Go one of the ways."""
        if key == _SEND:
            await self._writing.send(self._text, typed=self._text)
        elif key == _RUN and self._parsed is not None:
            await self._writing.run(self._parsed, self._text)
        return True

    async def press(self, key: str, row: Hashable | None) -> bool:
        """The letters before the ways."""
        ways = {"s": _SEND, "r": _RUN}
        if key in ways:
            await self.pick(ways[key], "")
            return True
        return False
