"""Help: the keys and the commands, from the tables they are made of."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.core.slash_commands import help_text
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.keymap import keys_text


class Help(Kind):
    """A page of lines, filtered by what is written."""

    title = "Help"
    hint = "write to filter   PageUp PageDown   Esc closes"
    placeholder = "filter"
    tall = True
    nothing = "No line of the help holds this."

    def __init__(self, face: Face, command: str = "", *, only_keys: bool = False) -> None:
        self._face = face
        keys = (
            keys_text(face.keymap.bindings, "chat", "everywhere", "selection", "list", "popup")
            + "\n\n  Every Alt key is also Esc and then the key."
        )
        if command:
            self._lines = help_text(command).split("\n")
        elif only_keys:
            self._lines = keys.split("\n")
        else:
            self._lines = f"{keys}\n\n{help_text()}".split("\n")

    def keys(self, text: str) -> Sequence[Hashable]:
        """The numbers of the lines that match."""
        wanted = text.casefold()
        return [
            at for at, line in enumerate(self._lines) if wanted in line.casefold() and (line or not wanted)
        ]

    def stands(self, key: Hashable) -> bool:
        """Headings and empty lines are passed over."""
        return isinstance(key, int) and self._lines[key].startswith(" ")

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one line."""
        line = self._lines[key] if isinstance(key, int) else ""
        style = self._face.look.style("text" if line.startswith(" ") else "accent")
        return Text(f" {line}", style=style, no_wrap=True)
