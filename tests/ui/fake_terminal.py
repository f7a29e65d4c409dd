"""A terminal without one: it measures what it is told, and remembers what is asked of it."""

from __future__ import annotations

from typing import Any

from textual.drivers.headless_driver import HeadlessDriver

from tui_xmpp.core.terminal import TerminalProfile
from tui_xmpp.ui.app import ChatApp
from tui_xmpp.ui.terminal.capabilities import Capabilities
from tui_xmpp.ui.terminal.port import terminal_of


class FakeTerminal(HeadlessDriver):
    """`TerminalPort` on Textual's headless driver."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.capabilities = Capabilities()
        self.round_trip: float | None = None
        self.rate: float | None = None
        self.profile: TerminalProfile | None = None
        self.takes_mouse = True
        self.place: tuple[int, int] | None = None
        self.repaints = 0

    @property
    def is_headless(self) -> bool:
        """For a headless terminal Textual draws no frames."""
        return False

    def say(self, sequence: str) -> None:
        """Nobody listens."""

    def mouse(self, on: bool) -> None:
        self.takes_mouse = on

    def title(self, unread: int) -> None:
        """There is no window."""

    def use(self, profile: TerminalProfile) -> None:
        self.profile = profile

    def cursor(self, place: tuple[int, int] | None, shape: int = 0) -> None:
        self.place = place

    def repaint(self) -> None:
        self.repaints += 1


def fake_terminal(app: ChatApp) -> FakeTerminal:
    """The one an app runs in."""
    terminal = terminal_of(app)
    assert isinstance(terminal, FakeTerminal)
    return terminal
