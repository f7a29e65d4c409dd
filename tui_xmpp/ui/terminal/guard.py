"""The last guard where strips become bytes: no control character and no foreign link leaves it.

Guard G5, for promise 2: what a widget of ours or of the library let through is taken out here, whoever put
it there (CVE-2003-0063 and its kind, once more; CWE-150), and links lead nowhere but where links may lead
(CWE-939).
"""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from tui_xmpp.ui.terminal.forbidden import FORBIDDEN

_EMOJI_FORM = re.compile("(.)\ufe0f")
_SCHEMES = ("https://", "http://", "xmpp:", "mailto:", "geo:")


class TerminalGuard(LineFilter):
    """Takes out of every line what could steer a terminal, whoever put it there.

    These characters take no cell in Textual's count, so that taking them out moves nothing.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the line without control characters, and without links of other schemes."""
        return [_guarded(segment) for segment in segments]


def _guarded(segment: Segment) -> Segment:
    text, style, control = segment
    if "\ufe0f" in text:
        text = _EMOJI_FORM.sub(_as_text, text)
        segment = Segment(text, style, control)
    bad_text = FORBIDDEN.search(text) is not None
    bad_link = style is not None and bool(style.link) and not safe_link(style.link or "")
    if not bad_text and not bad_link and not control:
        return segment
    return Segment(FORBIDDEN.sub("", text), _without_link(style) if bad_link else style)


def _as_text(found: re.Match[str]) -> str:
    """Two cells in every terminal: some draw the emoji form of a narrow sign in one, and the row slips."""
    sign = found.group(1)
    return sign + " " * (2 - cell_len(sign))


def _without_link(style: Style | None) -> Style | None:
    return style.update_link(None) if style is not None else None


def safe_link(url: str) -> bool:
    """Whether a link may be written to the terminal (OSC 8) or opened."""
    return url.lower().startswith(_SCHEMES) and FORBIDDEN.search(url) is None and " " not in url
