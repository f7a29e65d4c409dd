"""What makes every screen of ours safe: our driver, a guard behind each line, crashes without values.

Guard G6, for promises 2 and 7: no text of others is read as markup or runs an action (CWE-74), and no crash
shows what variables hold (CWE-209).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.app import App
from textual.driver import Driver
from textual.filter import LineFilter, Monochrome, NoColor

from tui_xmpp.ui import themes
from tui_xmpp.ui.terminal.cursor import REAL_CURSOR
from tui_xmpp.ui.terminal.guard import TerminalGuard

R = TypeVar("R")


class GuardedApp(App[R]):
    """An app on our terminal."""

    TITLE = "tui-xmpp"
    ENABLE_COMMAND_PALETTE = False
    INLINE_PADDING = 0
    BINDINGS: ClassVar = []
    CSS = REAL_CURSOR

    def __init__(self, *, driver_class: type[Driver] | None = None, stock_driver: bool = False) -> None:
        """*stock_driver*: Textual's own in place of ours."""
        super().__init__(driver_class=driver_class or (None if stock_driver else _driver_class()))
        self._guard = TerminalGuard()
        self.animation_level = "none"
        # Nothing here has a toast or a tooltip: no screen needs the widgets for them.
        self._disable_notifications = self._disable_tooltips = True

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our variables for Textual's own themes, which are never worn."""
        return themes.variable_defaults()

    def refresh_css(self, animate: bool = True) -> None:
        """Put the theme's colours into the styles; before there is a screen none of them is read yet."""
        if self.screen_stack:
            super().refresh_css(animate=animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Every line passes the guard last; NO_COLOR means the terminal's own colours, not shades of grey."""
        filters = [NoColor() if isinstance(one, Monochrome) else one for one in super().get_line_filters()]
        return [*filters, self._guard]

    def _fatal_error(self) -> None:
        """Show where it broke, without the values of variables: they may hold messages and passwords."""
        # They bring pygments, which the first screen does without.
        from rich.console import Group
        from rich.traceback import Traceback

        self.bell()
        words = Text(
            "tui-xmpp stopped because of a mistake of its own. What you sent is kept; start it again."
        )
        # One thing: of several only the first is shown.
        self._exit_renderables.append(Group(Traceback(show_locals=False, width=None), words))
        self._close_messages_no_wait()


def _driver_class() -> type[Driver] | None:
    """Return our driver where there is a terminal to drive; None: Textual's choice."""
    if os.name != "posix" or "TEXTUAL_DRIVER" in os.environ:
        return None
    from tui_xmpp.ui.terminal.driver import ChatDriver

    return ChatDriver
