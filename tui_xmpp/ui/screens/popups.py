"""Opens, fills and closes the popup between log and composer."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from tui_xmpp.core.value import value
from tui_xmpp.ui.actions.face import Kind

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.main import MainScreen
    from tui_xmpp.ui.widgets.popup import Popup


@value
class Nothing:
    """The row of a popup that has none to choose."""

    words: str


class Popups:
    """At most one popup, and its kind."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self.kind: Kind | None = None
        self.widget: Popup | None = None
        self._changing = asyncio.Lock()
        """What is started may open one while another is closed."""

    async def open(self, kind: Kind) -> None:
        """Open a popup in place of the one that is open."""
        async with self._changing:
            await self._open(kind)

    async def _open(self, kind: Kind) -> None:
        # Its line is Textual's Input, which the first screen does without.
        from tui_xmpp.ui.widgets.popup import Popup

        await self._close(cancelled=False)
        look = self._screen.look

        def title(width: int) -> Text:
            return Text(f" {kind.title}", style=look.style("accent"), no_wrap=True)

        def hint(width: int) -> Text:
            return Text(f" {kind.hint}", style=look.style("dim"), no_wrap=True)

        def draw(key: Hashable, width: int) -> Text:
            if isinstance(key, Nothing):
                return Text(f" {key.words}", style=look.style("dim"), no_wrap=True)
            return kind.draw(key, width)

        def stands(key: Hashable) -> bool:
            return not isinstance(key, Nothing) and kind.stands(key)

        popup = Popup(
            draw,
            title=title,
            hint=hint if kind.hint else None,
            field=kind.field,
            secret=kind.secret,
            tall=kind.tall,
            start=kind.start,
            placeholder=kind.placeholder,
            stands=stands,
        )
        popup.rows.takes_cursor = popup.field is None
        popup.rows.plain = self._screen.profile.linear
        self.kind, self.widget = kind, popup
        self._screen.furniture.quiet()
        self._screen.log_widget.display = not kind.tall
        await self._screen.query_one("#column").mount(popup, before="#hint")
        if popup.field is not None:
            # Not popup.field.focus(), which comes after the keys that wait already.
            self._screen.set_focus(popup.field)
        popup.show(self._rows(kind, kind.start), top=True)
        if kind.first is not None:
            popup.rows.go_to(kind.first)
        if kind.tall:
            # How high it is shows once it is there.
            self._screen.call_after_refresh(self.refill)

    async def close(self, *, cancelled: bool = False) -> None:
        """Close the popup and go back to the composer, or to the popup before."""
        async with self._changing:
            await self._close(cancelled=cancelled)

    async def _close(self, *, cancelled: bool) -> None:
        kind, popup = self.kind, self.widget
        self.kind = self.widget = None
        if popup is None or kind is None:
            return
        if cancelled:
            kind.cancelled()
        self._screen.set_focus(self._screen.composer)
        self._screen.log_widget.display = True
        await popup.remove()
        if cancelled and kind.back is not None:
            await self._open(kind.back)

    def refill(self) -> None:
        """The rows changed."""
        if self.kind is not None and self.widget is not None:
            self.widget.show(self._rows(self.kind, self.widget.text))

    async def typed(self, text: str) -> None:
        """Another text stands in the line."""
        kind = self.kind
        if kind is None:
            return
        if self.widget is not None and self.widget.field is not None:
            self.widget.rows.takes_cursor = False
        await kind.typed(text)
        if self.kind is kind and self.widget is not None:
            self.widget.show(self._rows(kind, text), top=True)

    async def picked(self, key: Hashable | None, text: str) -> None:
        """A row was chosen."""
        kind = self.kind
        if kind is not None and await kind.pick(key, text) and self.kind is kind:
            await self.close()

    def moved(self, key: Hashable) -> None:
        """The cursor stands on another row."""
        if self.kind is not None:
            self.kind.moved(key)

    def _rows(self, kind: Kind, text: str) -> Sequence[Hashable]:
        kind.width = self._screen.query_one("#column").size.width or self._screen.size.width
        kind.height = self.widget.rows.size.height if self.widget is not None and kind.tall else 0
        rows = kind.keys(text)
        return rows if rows or not kind.nothing else (Nothing(kind.nothing),)
