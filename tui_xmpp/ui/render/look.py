"""The look: theme and settings as the render functions need them."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from functools import lru_cache

from rich.color import Color
from rich.style import Style

from tui_xmpp.core import colour
from tui_xmpp.core.value import value
from tui_xmpp.ui.themes import Theme

SIGNS = {
    "queued": ("◌", "o", "queued"),
    "written": ("·", ".", "written"),
    "taken": ("✓", "v", "sent"),
    "delivered": ("✓✓", "vv", "delivered"),
    "read": ("●", "R", "read"),
    "failed": ("✗", "x", "not sent"),
    "quote": ("┆", "|", "answers"),
    "rule": ("─", "-", "-"),
    "gap": ("┈", ".", "-"),
    "folded": ("⋯", "+", "and"),
    "unfolded": ("▾", "-", "open"),
    "closed": ("▸", "+", "folded"),
    "pinned": ("^", "^", "pinned"),
    "muted": ("-", "-", "muted"),
    "here": ("●", "*", "here"),
    "away": ("◐", "~", "away"),
    "busy": ("✕", "x", "do not disturb"),
    "offline": ("○", ".", "offline"),
    "unknown": ("?", "?", "unknown"),
    "up": ("↑", "^", "up"),
    "down": ("↓", "v", "down"),
    "dot": ("·", "-", "-"),
    "file": ("▤", "[file]", "file:"),
}
"""Our own furniture: each sign, what stands for it in plain ASCII, and the word for a screen reader."""

# The palette entries that can be read on black and on white, as xterm paints them.
_PALETTE = (
    (1, (205, 0, 0)),
    (2, (0, 205, 0)),
    (3, (205, 205, 0)),
    (5, (205, 0, 205)),
    (6, (0, 205, 205)),
    (12, (92, 92, 255)),
)
_PALETTE_RGB = tuple(rgb for _, rgb in _PALETTE)

_BOLD = Style(bold=True)


@value
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
    linear: bool = False
    """Plain lines for a screen reader: words in place of signs."""
    retry_keys: str = "Ctrl+Up, t"
    """The keys that send a failed message again, as people write them."""

    def style(self, token: str) -> Style:
        """Return the style of a theme token."""
        return self.theme.style(token)

    def nick_style(self, identifier: str, *, own: bool = False) -> Style:
        """Return the style of a name (XEP-0392): bare address of a contact, nick of an occupant."""
        if own:
            return self.theme.style("own")
        return _nick_style(self.theme, identifier)

    def sign(self, name: str) -> str:
        """Return a sign by name, in ASCII or as a word where that is wanted."""
        return SIGNS[name][2 if self.linear else self.ascii]

    def local(self, at: datetime) -> datetime:
        """Return a UTC time in the zone that is shown."""
        try:
            return at.astimezone(self.zone)
        except (OverflowError, ValueError, OSError):
            # A sender may claim the year 1 or 9999, which other zones do not have.
            return at

    def clock(self, at: datetime) -> str:
        """Return the time of day as the time column shows it."""
        return self.local(at).strftime(self.time)

    def selected(self, style: Style) -> Style:
        """Return a style as it looks in a selected row."""
        selection = self.theme.style("selection")
        if selection.reverse:
            # Reversed colours would make a patchwork: keep the weight alone.
            return self.theme.style("text") + Style(
                bold=style.bold, italic=style.italic, underline=style.underline, reverse=True
            )
        return style + selection


@lru_cache(4096)
def _nick_style(theme: Theme, identifier: str) -> Style:
    if theme.is_mono:
        return theme.style("text") + _BOLD
    if not theme.is_palette:
        return Style(color=Color.from_rgb(*colour.rgb(identifier, dark=theme.dark)))
    # XEP-0392 §5.5: "the nearest palette colour".
    place = colour.palette_index(identifier, _PALETTE_RGB) or 0
    return Style(color=Color.from_ansi(_PALETTE[place][0]))
