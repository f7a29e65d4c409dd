"""What a screen may ask of the program it runs in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tui_xmpp.core.terminal_choice import TerminalChoice
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.themes import Theme


class TerminalInUse(Protocol):
    """The terminal profile, chosen and worn."""

    choice: TerminalChoice

    def choose(self, wanted: str) -> None:
        """Use the profile of this name, or `auto`, until the program ends or the configuration changes."""

    def words(self) -> str:
        """Return the profile, why it is used, and the round trip, in one sentence."""


class Program(Protocol):
    """The app, as far as its screens know it."""

    look: Look
    theme_name: str

    @property
    def terminal(self) -> TerminalInUse:
        """The way from here to the eyes."""

    @property
    def themes(self) -> Mapping[str, Theme]:
        """Every theme by name."""

    def use_theme(self, name: str, *, keep: bool = True) -> None:
        """Change the colours now; *keep*: also at the next start."""

    def keep(self, key: str, value: str, table: str = "ui") -> None:
        """Write a value of `[ui]` to the configuration; a file that cannot be written is told."""

    def reload(self) -> bool:
        """Read configuration and themes again; False: the file is not right, which is told."""

    async def sign_in(self) -> None:
        """Ask for an account."""

    async def leave(self, *, offline: bool = False) -> None:
        """Keep the draft, and end; *offline*: so that nobody sees us any more."""
