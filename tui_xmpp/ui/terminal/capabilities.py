"""What a terminal tells of itself when it is asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Capabilities:
    """What is known so far; nothing is waited for, and what was never answered stays as it is."""

    synchronised: bool = False
    """It draws a frame at once that is bracketed by mode 2026."""
    name: str = ""
    """As XTVERSION tells it, cleaned."""
    background: tuple[int, int, int] | None = None
    """The colour of its ground, 0 to 255 each (OSC 11)."""
    keyboard: bool = False
    """It speaks the kitty keyboard protocol."""
    graphics: bool = False
    """It speaks the kitty graphics protocol."""
    sixel: bool = False
    notifications: bool = False
    """It answers for OSC 99."""

    def learn(self, answer: str) -> bool:
        """Take in one answer, a whole control sequence; False: it tells nothing that is asked for."""
        return False
