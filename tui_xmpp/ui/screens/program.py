"""What a screen may ask of the program it runs in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.themes import Theme


class Program(Protocol):
    """The app, as far as its screens know it."""

    look: Look
    theme_name: str

    @property
    def themes(self) -> Mapping[str, Theme]:
        """Every theme by name."""

    def use_theme(self, name: str, *, keep: bool = True) -> None:
        """Change the colours now; *keep*: also at the next start."""

    def keep(self, key: str, value: str) -> None:
        """Write a value of `[ui]` to the configuration; a file that cannot be written is told."""

    def reload(self) -> bool:
        """Read configuration and themes again; False: the file is not right, which is told."""

    async def sign_in(self) -> None:
        """Ask for an account."""

    async def leave(self, *, offline: bool = False) -> None:
        """Keep the draft, and end; *offline*: so that nobody sees us any more."""
