"""What is on the main screen, as rows of text and colours to be shown at the next start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tui_xmpp.core.text import clean_line

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.main import MainScreen


def frame_lines(screen: MainScreen) -> list[str] | None:
    """The rows with SGR sequences; None while something else than a chat is shown.

    What may be untrue at the next start is left blank: the connection, who is here, who types, questions.
    """
    app = screen.app
    if app.screen is not screen or screen.popups.widget is not None or screen.chat is None:
        return None
    blanks = list(_stale(screen))
    colours = app.console._color_system or ColorSystem.TRUECOLOR
    lines = []
    for row, whole in enumerate(screen._compositor.render_strips(screen.size)):
        strip = whole
        for region in blanks:
            if region.y <= row < region.bottom:
                strip = _blanked(strip, region.x, region.right)
        lines.append(_line(strip, colours))
    return lines


def _stale(screen: MainScreen) -> Iterator[Region]:
    for widget in (screen.hint, screen.banner_line, screen.writer, screen.members, screen.status):
        if widget.display:
            yield widget.region
    assert screen.chat is not None
    # After the name: what somebody says of himself, and how the chat is protected.
    name = cell_len(clean_line(screen.world.name_of(screen.chat)))
    x, y, width, height = screen.topic.region
    if width > name + 2:
        yield Region(x + name + 2, y, width - name - 2, height)
    # At the end of a row: who is here.
    rows = screen.list_pane.rows.region
    if rows.width > 2:
        yield Region(rows.right - 2, rows.y, 2, rows.height)


def _blanked(strip: Strip, start: int, end: int) -> Strip:
    blank = Strip(
        Segment(" " * cell_len(text), Style(bgcolor=style.bgcolor) if style is not None else None)
        for text, style, _ in strip.crop(start, end)
    )
    return Strip.join([strip.crop(0, start), blank, strip.crop(end)])


def _line(strip: Strip, colours: ColorSystem) -> str:
    """As `Strip.render`, but shorter: no links, only what changes of a style, no blanks at the end.

    The last style is that of the blanks left out.
    """
    parts = []
    last = Style.null()
    for text, style, _ in strip:
        now = style or Style.null()
        # Of blanks only the ground is seen.
        if text.strip(" ") or _ground(now) != _ground(last):
            parts.append(_change(last, now, colours))
            last = now
        parts.append(text)
    return "".join(parts).rstrip(" ")


def _change(last: Style, now: Style, colours: ColorSystem) -> str:
    ansi = Strip.render_ansi(now, colours)
    if ansi == Strip.render_ansi(last, colours):
        return ""
    written = Style(color=now.color)
    if now.color is not None and now + written == last + written:
        return f"\x1b[{Strip.render_ansi(written, colours)}m"
    return f"\x1b[0;{ansi}m" if ansi else "\x1b[0m"


def _ground(style: Style) -> tuple[object, ...]:
    return style.bgcolor, style.reverse and style.color, style.underline, style.strike
