"""Sends a control sequence of our own to the terminal, whichever driver there is."""

from __future__ import annotations

from typing import Any

from textual.app import App

from tui_xmpp.ui.terminal.port import terminal_of


def say(app: App[Any], sequence: str) -> None:
    """Send *sequence* to the terminal of *app*, through our driver or through Textual's."""
    terminal = terminal_of(app)
    if terminal is not None:
        terminal.say(sequence)
    elif app._driver is not None:
        app._driver.write(sequence)
        app._driver.flush()
