"""What a terminal tells of itself when it is asked, and how it is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tui_xmpp.core.text import clean_line

_DECRPM = re.compile(r"\x1b\[\?(2026|69);(\d)\$y")
_DA1 = re.compile(r"\x1b\[\?([\d;]*)c")
_KEYBOARD = re.compile(r"\x1b\[\?\d+u")
_BACKGROUND = re.compile(r"\x1b\]11;rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})")
_NAME = re.compile(r"\x1bP>\|([^\x1b\x07\x9c]*)")
_GRAPHICS = re.compile(r"\x1b_Gi=31;")
_NOTIFICATIONS = re.compile(r"\x1b\]99;[^;\x1b\x07]*p=\?[^;\x1b\x07]*;[^\x1b\x07\x9c]")

_ASK_MARGINS = "\x1b[?69$p"
_ASK_NAME = "\x1b[>0q"
_ASK_BACKGROUND = "\x1b]11;?\x1b\\"
_ASK_KEYBOARD = "\x1b[?u"
_ASK_NOTIFICATIONS = "\x1b]99;i=q:p=?;\x1b\\"
# Kitty graphics protocol, "Querying support": one pixel that is not shown.
_ASK_GRAPHICS = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
_ASK_ATTRIBUTES = "\x1b[c"


@dataclass
class Capabilities:
    """What is known so far; nothing is waited for, and what was never answered stays as it is."""

    synchronised: bool = False
    """It draws a frame at once that is bracketed by mode 2026."""
    margins: bool = False
    """It moves what stands between two columns alone (DECLRMM, mode 69)."""
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
    on_background: Callable[[], None] | None = None
    """Called by `learn` when the ground is known or is another than before."""

    @property
    def dark(self) -> bool | None:
        """Whether light text belongs on its ground; None while that is not known."""
        if self.background is None:
            return None
        red, green, blue = self.background
        # ITU-R BT.601: luma.
        return 299 * red + 587 * green + 114 * blue < 127_500

    def learn(self, answer: str) -> bool:
        """Take in one answer, a whole control sequence; False: it tells nothing that is asked for."""
        if found := _DECRPM.fullmatch(answer):
            # DECRPM: 1 set, 2 reset, 3 set for good; 0 and 4: it cannot be used.
            can = found.group(2) in "123"
            if found.group(1) == "69":
                self.margins = can
            else:
                self.synchronised = can
        elif found := _DA1.fullmatch(answer):
            self.sixel = "4" in found.group(1).split(";")[1:]
        elif found := _BACKGROUND.match(answer):
            red, green, blue = (_byte(part) for part in found.groups())
            before, self.background = self.background, (red, green, blue)
            if self.on_background is not None and self.background != before:
                self.on_background()
        elif found := _NAME.match(answer):
            self.name = clean_line(found.group(1), 60)
        elif _KEYBOARD.fullmatch(answer):
            self.keyboard = True
        elif _GRAPHICS.match(answer):
            # An error is told only by who speaks it.
            self.graphics = True
        elif _NOTIFICATIONS.match(answer):
            self.notifications = True
        else:
            return False
        return True


def questions(environment: Mapping[str, str]) -> str:
    """Return what to ask a terminal at the start; DA1 is last, which every terminal answers.

    Empty or shorter where a question would be printed, or where its answer would lose its way. Mode 2026
    is not among them: `pacing` asks for it behind frames, and must tell the answers apart.
    """
    kind = environment.get("TERM", "")
    if kind in ("", "dumb") or environment.get("TERM_PROGRAM") == "Apple_Terminal":
        return ""
    if kind.startswith(("linux", "screen.")) or environment.get("STY") or environment.get("MOSH_CONNECTION"):
        # They print strings, or swallow them, or hand them to whichever terminal is there.
        return _ASK_ATTRIBUTES
    if environment.get("TMUX") or kind.startswith(("tmux", "screen")):
        # tmux answers these itself. Others would set its title (APC), or their answers, asked for through
        # it, would come back as keys for tmux.
        return _ASK_NAME + _ASK_BACKGROUND + _ASK_ATTRIBUTES
    asked = _ASK_NAME + _ASK_BACKGROUND + _ASK_MARGINS + _ASK_KEYBOARD + _ASK_NOTIFICATIONS + _ASK_GRAPHICS
    return asked + _ASK_ATTRIBUTES


def _byte(part: str) -> int:
    """One of the parts of an X colour (XParseColor): one to four digits, the largest is full."""
    return round(int(part, 16) * 255 / int("f" * len(part), 16))
