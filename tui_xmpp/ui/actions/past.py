"""Ctrl+R: what was written here before."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.face import Face, Kind


class Past(Kind):
    """The lines sent, newest first; Enter puts one into the composer."""

    title = "Written before"
    placeholder = "search"
    nothing = "You have sent nothing like this since the start."
    hint = "Enter takes it   Esc closes"

    def __init__(self, face: Face) -> None:
        self._face = face

    def keys(self, text: str) -> Sequence[Hashable]:
        """The lines that hold what is written."""
        wanted = text.casefold()
        lines = dict.fromkeys(reversed(self._face.composer.sent_lines))
        return [line for line in lines if wanted in line.casefold()]

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one line."""
        text = Text(f" {clean_line(str(key))}", no_wrap=True)
        text.truncate(width, overflow="ellipsis")
        return text

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Take it over."""
        if key is not None:
            self._face.composer.load(str(key))
        return True
