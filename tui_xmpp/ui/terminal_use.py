"""Brings the terminal profile to everything that follows it: driver, screen, theme, mouse."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from tui_xmpp.core.terminal import AUTO
from tui_xmpp.core.terminal_choice import TerminalChoice
from tui_xmpp.ui import themes
from tui_xmpp.ui.terminal.port import terminal_of

if TYPE_CHECKING:
    from tui_xmpp.ui.app import ChatApp

LOOK_SECONDS = 3.0
"""Seconds between two looks at what the driver has measured."""


class TerminalUse:
    """The program's one terminal profile, chosen and worn."""

    def __init__(self, app: ChatApp, wanted: str) -> None:
        """*wanted*: what the command line says; empty: as the configuration says."""
        self._app = app
        self._said = wanted
        self.choice = TerminalChoice(wanted or app.settings.ui.terminal, os.environ)

    def begin(self) -> None:
        """There is a terminal: use it as chosen, and look from time to time at how it does."""
        self._tell()
        self._app.set_interval(LOOK_SECONDS, self.look)

    def look(self) -> None:
        """Take in what was measured since the last look, and what the link profiles want."""
        wanted = (state.link.terminal for state in self._app.main.world.accounts.values())
        if self.choice.link(next(filter(None, wanted), "")):
            self.wear()
        port = terminal_of(self._app)
        if port is None:
            return
        before = self.choice.profile
        if self.choice.measured(port.round_trip, port.rate, time.monotonic()):
            if self.choice.profile is not before:
                self.wear()
            self._app.main.furniture.status()

    def choose(self, wanted: str) -> None:
        """Use the profile of this name, or `auto`, until the program ends or the configuration changes."""
        self.choice.choose(wanted)
        self.wear()

    def configured(self) -> None:
        """The configuration says something else; the command line still goes first."""
        if not self._said and self._app.settings.ui.terminal != self.choice.wanted:
            self.choose(self._app.settings.ui.terminal)

    def default_theme(self) -> str:
        """Return the name of the theme to wear where the user chose none."""
        port = terminal_of(self._app)
        light = port is not None and port.capabilities.dark is False
        return themes.default_theme(os.environ, self.choice.profile, light=light)

    def wear(self) -> None:
        """Let everything follow the profile."""
        self._tell()
        app = self._app
        app.use_theme(app.settings.ui.theme or self.default_theme(), keep=False)
        app.main.use(self.choice.profile)

    def mouse(self) -> None:
        """Take the mouse, or leave it to the terminal, as configuration and profile say."""
        turn = getattr(self._app._driver, "mouse", None)
        if turn is not None:
            turn(self._app.settings.ui.mouse and self.choice.profile.mouse)

    def words(self) -> str:
        """Return what `/terminal` says: the profile, why, and the round trip."""
        choice = self.choice
        why = "as the way is" if choice.wanted == AUTO else "as you chose"
        if choice.round_trip is None:
            return f"Terminal {choice.profile.name}, {why}."
        return f"Terminal {choice.profile.name}, {why}; {round(choice.round_trip * 1000)} ms there and back."

    def _tell(self) -> None:
        port = terminal_of(self._app)
        if port is not None:
            port.use(self.choice.profile)
        self.mouse()
