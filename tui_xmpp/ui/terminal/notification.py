"""Notifications that the terminal shows on the user's desktop: which form it takes, and the sequences."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from tui_xmpp.core.terminal import is_remote
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.terminal.forbidden import FORBIDDEN
from tui_xmpp.ui.terminal.passthrough import Between, between

_TITLE, _TEXT = 80, 240
"""Characters; kitty takes 2,048 bytes a part."""

# By what is in the terminal's name. Others know none of them: Windows Terminal, Alacritty, xterm.
_FORMS = {
    "kitty": "99",  # https://sw.kovidgoyal.net/kitty/desktop-notifications/
    "iterm": "9",  # https://iterm2.com/documentation-escape-codes.html
    "wezterm": "9",  # https://wezterm.org/escape-sequences.html
    "ghostty": "9",  # https://ghostty.org/docs/vt/osc/9
    "foot": "777",  # foot-ctlseqs(7)
    "rxvt": "777",  # urxvt-notify(1), where the form comes from
    "vte": "777",  # as Fedora and others ship it
}


def form(setting: str, environment: Mapping[str, str], name: str, *, answered: bool = False) -> str:
    """Return `9`, `99`, `777` or, for a terminal that only rings, nothing.

    *setting*: one of them, `off` or `auto`; *name*: what the terminal calls itself, else its variables are
    asked, as far as they tell the truth; *answered*: it said that it takes OSC 99.
    """
    if setting != "auto":
        return setting.removeprefix("off")
    if answered:
        return "99"
    names = [name, environment.get("TERM", "")]
    # A variable of the far side, or of whoever started the multiplexer, tells of another terminal.
    if not is_remote(environment) and between(environment) is Between.NOTHING:
        names.append(environment.get("TERM_PROGRAM", ""))
    for one in names:
        for part, found in _FORMS.items():
            if part in one.lower():
                return found
    return ""


def notification(form: str, title: str, text: str, number: int = 1) -> str:
    """Return the sequence that shows *title* and *text*; nothing for an empty form.

    *number* tells one notification from another. Whatever stands in the texts cannot end the sequence.
    """
    title, text = _safe(title, _TITLE), _safe(text, _TEXT)
    match form:
        case "9":
            # It begins with a word of ours: digits and a semicolon would be a command of ConEmu's.
            return f"\x1b]9;tui-xmpp: {title}: {text}\x07"
        case "99":
            head, body = _base64(title), _base64(text)
            return f"\x1b]99;i={number}:d=0:e=1;{head}\x07\x1b]99;i={number}:d=1:p=body:e=1;{body}\x07"
        case "777":
            # A semicolon would end the title.
            return f"\x1b]777;notify;{title.replace(';', ',')};{text}\x07"
    return ""


def _safe(text: str, most: int) -> str:
    return FORBIDDEN.sub("", clean_line(text, most))


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
