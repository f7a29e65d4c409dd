"""Text for the clipboard of the terminal, through SSH and multiplexers, and what can be said of it."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

from textual.app import App

from tui_xmpp.ui.terminal.passthrough import Between, between, wrapped
from tui_xmpp.ui.terminal.tmux import ask_tmux

MOST = 56_000
"""Bytes of text: 74,668 of base64. Terminals cut longer strings off, xterm at 100,000 at the latest."""

_OWN = "Sent to the terminal's clipboard (OSC 52)"
_SCREEN = "Sent through screen to the terminal's clipboard (OSC 52)"
_TMUX = "Sent to tmux, and to the clipboard unless set-clipboard is off"
_TMUX_PLAIN = "Sent to tmux, and to the clipboard if set-clipboard is on"


class Clip(NamedTuple):
    """One text on its way to a clipboard."""

    sequence: str
    """To be written to the terminal; empty: there is no way."""
    words: str
    """Where it was sent, or why it was not. Nobody answers whether it arrived, so that is not said."""


def for_clipboard(text: str, environment: Mapping[str, str]) -> Clip:
    """Return how *text* gets to the clipboard of the terminal that the variables tell of."""
    kind = environment.get("TERM", "")
    if kind.startswith("linux") or kind in ("dumb", ""):
        return Clip("", "This terminal has no clipboard")
    if environment.get("TERM_PROGRAM") == "Apple_Terminal":
        return Clip("", "Terminal.app takes nothing for its clipboard")
    data = text.encode("utf-8", "replace")
    if len(data) > MOST:
        return Clip("", f"Too long for a terminal's clipboard, which takes {MOST:,} bytes")
    # xterm, "Operating System Commands": Ps = 52. mosh forwards it with `c` alone, screen cuts at ST.
    sequence = f"\x1b]52;c;{b64encode(data).decode()}\x07"
    way = between(environment)
    if way is Between.TMUX:
        # tmux reads this itself. Wrapped it would need one more option, and sent both ways twice the line.
        return Clip(sequence, _TMUX_PLAIN)
    return Clip(wrapped(sequence, way), _SCREEN if way is Between.SCREEN else _OWN)


async def copy(app: App[Any], text: str, what: str) -> str:
    """Send *text* to the clipboard; return where to, or why not, and *what* it is, in one line."""
    clip = for_clipboard(text, os.environ)
    # tmux ignores what programs send it unless set-clipboard is on. What its own command is given it passes
    # on by default (`load-buffer -w`, since tmux 3.2).
    if (
        clip.words == _TMUX_PLAIN
        and await ask_tmux("load-buffer", "-w", "-", given=text.encode()) is not None
    ):
        app._clipboard = text
        return f"{_TMUX}: {what}"
    app.copy_to_clipboard(text)
    return f"{clip.words}: {what}"
