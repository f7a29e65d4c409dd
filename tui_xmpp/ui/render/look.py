"""The look: theme and settings as the render functions need them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from rich.style import Style

from tui_xmpp.ui.themes import Theme


@dataclass(frozen=True, slots=True)
class Look:
    """How everything is shown now; a new one means a repaint."""

    theme: Theme
    ascii: bool = False
    """Signs, rules and states in plain ASCII."""
    time: str = "%H:%M"
    """strftime format of the time column."""
    text_width: int = 110
    """Widest text column, in cells."""
    zone: tzinfo | None = None
    """Time zone to show times in; None: the machine's."""
    today: date | None = None
    """The day that is called "today"; None: no day is."""

    def style(self, token: str) -> Style:
        """Return the style of a theme token."""
        raise NotImplementedError

    def nick_style(self, identifier: str, *, own: bool = False) -> Style:
        """Return the style of a name (XEP-0392): bare address of a contact, nick of an occupant."""
        raise NotImplementedError

    def sign(self, name: str) -> str:
        """Return a sign by name, in ASCII where that is wanted."""
        raise NotImplementedError

    def local(self, at: datetime) -> datetime:
        """Return a UTC time in the zone that is shown."""
        raise NotImplementedError
