"""What the rest of the screen may ask of the terminal; `driver_of` finds it where there is one."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from textual.app import App

from tui_xmpp.core.terminal import TerminalProfile
from tui_xmpp.ui.terminal.capabilities import Capabilities


@runtime_checkable
class TerminalPort(Protocol):
    """A terminal that is driven by this program's own driver."""

    capabilities: Capabilities
    """What the terminal has told of itself so far."""

    @property
    def round_trip(self) -> float | None:
        """Seconds to the terminal and back, as last measured; None while nothing answers."""

    @property
    def rate(self) -> float | None:
        """Bytes a second that the way to the terminal carries; None while it was never full."""

    def say(self, sequence: str) -> None:
        """Send a control sequence of this program's own making between two frames, never inside one."""

    def mouse(self, on: bool) -> None:
        """Take clicks and wheel, or leave them to the terminal."""

    def title(self, unread: int) -> None:
        """Say in the window's title how many messages wait."""

    def use(self, profile: TerminalProfile) -> None:
        """Draw as this profile allows from now on."""

    def cursor(self, place: tuple[int, int] | None, shape: int = 0) -> None:
        """Put the real cursor into this cell, counted from 0, at the end of the next frame; None: show none.

        `shape`: one of DECSCUSR, 2 block, 4 underline, 6 bar; 0: the one the user's terminal has.
        """

    def repaint(self) -> None:
        """Draw every cell again, whatever the terminal is thought to show."""


def terminal_of(app: App[Any]) -> TerminalPort | None:
    """The terminal of an app; None without our driver: in tests without a terminal, or with Textual's own."""
    driver = app._driver
    return driver if isinstance(driver, TerminalPort) else None
