"""The program before it is opened: one question on the screen, asked once a start."""

from __future__ import annotations

import os
from pathlib import Path

from textual.binding import Binding
from textual.driver import Driver
from textual.screen import Screen

from tui_xmpp.core.settings import Ui
from tui_xmpp.core.terminal_choice import TerminalChoice
from tui_xmpp.ui import themes
from tui_xmpp.ui.guarded import GuardedApp
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.screens.unlock import CSS, SpokenUnlock, Unlock, UnlockScreen
from tui_xmpp.ui.terminal.cursor import REAL_CURSOR, cursor_place
from tui_xmpp.ui.terminal.port import terminal_of


class UnlockApp(GuardedApp[bool]):
    """Runs until the vault is open (True), is left closed (False), or the user leaves (None)."""

    CSS = REAL_CURSOR + CSS
    BINDINGS = [
        Binding("ctrl+q,ctrl+c", "leave", priority=True),
        Binding("escape", "skip", priority=True),
    ]

    def __init__(
        self,
        unlock: Unlock,
        ui: Ui,
        *,
        may_skip: bool,
        theme_folder: Path | None = None,
        terminal: str = "",
        stock_driver: bool = False,
        driver_class: type[Driver] | None = None,
    ) -> None:
        """*may_skip*: the program is of use without the vault. *terminal*: as the command line says."""
        super().__init__(driver_class=driver_class, stock_driver=stock_driver)
        self._profile = TerminalChoice(terminal or ui.terminal, os.environ).profile
        known = themes.load_themes(theme_folder)
        name = ui.theme if ui.theme in known else themes.default_theme(os.environ, self._profile)
        self.register_theme(themes.to_textual(known[name]))
        self.theme = name
        look = Look(known[name], ascii=ui.ascii, linear=self._profile.linear)
        kind = SpokenUnlock if self._profile.linear else UnlockScreen
        self.asking = kind(unlock, look, may_skip=may_skip)

    def get_default_screen(self) -> Screen[None]:
        """The only one."""
        return self.asking

    def on_mount(self) -> None:
        """Use the terminal as the program will."""
        terminal = terminal_of(self)
        self.set_class(terminal is not None, "-real-cursor")
        if terminal is not None:
            terminal.use(self._profile)
            terminal.mouse(False)

    def post_display_hook(self) -> None:
        """After every frame the real cursor stands where one writes."""
        terminal = terminal_of(self)
        if terminal is not None:
            terminal.cursor(cursor_place(self.focused))

    def action_leave(self) -> None:
        """End the program."""
        self.exit(None)

    def action_skip(self) -> None:
        """Go on without the vault, where that is of use."""
        if self.asking.may_skip:
            self.exit(False)
