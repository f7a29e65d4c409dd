"""What the main screen does when the log has something to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tui_xmpp.ui.actions import keys
from tui_xmpp.ui.screens import pressing
from tui_xmpp.ui.widgets.message_log import MessageLog

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.main import MainScreen


class LogHearing:
    """The part of `MainScreen` that hears the messages of `MessageLog`."""

    @property
    def _main(self) -> MainScreen:
        return cast("MainScreen", self)

    def on_message_log_older_wanted(self) -> None:
        """The log is near the oldest message it holds."""
        self._main.view.older()

    def on_message_log_newer_wanted(self) -> None:
        """The log is near the newest message it holds."""
        self._main.view.newer()

    def on_message_log_newest_wanted(self) -> None:
        """The log wants the end."""
        self._main.view.newest()

    async def on_message_log_gap_reached(self, event: MessageLog.GapReached) -> None:
        """A hole came into view."""
        await self._main.view.fill(event.gap)

    async def on_message_log_reached_end(self) -> None:
        """The newest message is in view."""
        self._main.furniture.typing()
        await self._main.read()

    def on_message_log_clicked(self, event: MessageLog.Clicked) -> None:
        """A click selects."""
        self._main.log_widget.select(event.message)

    async def on_message_log_link_clicked(self, event: MessageLog.LinkClicked) -> None:
        """A link was clicked."""
        await keys.open_link(self._main, event.url)

    def on_message_log_reply_clicked(self, event: MessageLog.ReplyClicked) -> None:
        """Go to what a message answers."""
        keys.go_to_answered(self._main, event.message)

    def on_message_log_selection_changed(self, event: MessageLog.SelectionChanged) -> None:
        """Say what can be done with a selected message."""
        pressing.selection_hint(self._main)
