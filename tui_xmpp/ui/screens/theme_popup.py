"""Choosing the colours: every theme is worn while the cursor stands on it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.ui.actions.face import Kind
from tui_xmpp.ui.screens.program import Program


class Themes(Kind):
    """Up and down try a theme on; Enter keeps it, Esc goes back."""

    title = "Theme"
    field = False
    hint = "Enter keeps it   Esc goes back"

    def __init__(self, app: Program) -> None:
        self._app = app
        self._before = app.theme_name

    def keys(self, text: str) -> Sequence[Hashable]:
        """The one worn now first."""
        return sorted(self._app.themes, key=lambda name: (name != self._before, name))

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one name."""
        return Text(f" {key}", style=self._app.look.style("text"))

    def moved(self, key: Hashable) -> None:
        """Try it on."""
        self._app.use_theme(str(key), keep=False)

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Keep it."""
        if key is not None:
            self._app.use_theme(str(key))
        return True

    def cancelled(self) -> None:
        """Wear what was worn before."""
        self._app.use_theme(self._before, keep=False)
