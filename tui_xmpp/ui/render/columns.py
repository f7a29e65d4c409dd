"""The columns of the message log: mark, time, nick, text."""

from __future__ import annotations

from datetime import datetime

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from tui_xmpp.core.value import value
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.wrap import cut, fit

WIDEST_NICK = 12
NARROWEST_NICK = 4
OWN_NAME = "me"
STATE_CELLS = 3
"""Kept free at the right end of own messages: a blank and two cells of state."""

Row = list[Segment]
"""One row of the screen."""


@value
class Columns:
    """Where things stand, in cells from the left; a column of no width is left out."""

    width: int
    time: int
    nick: int
    text: int
    """Where the text begins: nothing of anybody's begins further left."""
    room: int
    """Width of the text."""


def columns(look: Look, width: int, nick: int) -> Columns:
    """Return the columns for a log of *width* cells whose widest name has *nick* cells."""
    time = len(look.clock(_ANY_TIME)) if width >= 40 else 0
    nick = min(max(nick, NARROWEST_NICK), WIDEST_NICK, width // 5) if width >= 20 else 0
    text = 2 + (time + 1 if time else 0) + (nick + 1 if nick else 0)
    text = min(text, max(0, width - 8))
    return Columns(width, time, nick, text, max(1, min(look.text_width, width - text)))


_ANY_TIME = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def head(
    look: Look,
    grid: Columns,
    mark: Segment,
    at: datetime | None,
    nick: str,
    nick_style: Style,
    *,
    chosen: bool,
) -> Row:
    """Return what stands left of the text in the first row of something."""
    row = [mark, Segment(">" if chosen else " ", look.style("accent") + _BOLD)]
    if grid.time:
        clock = look.clock(at) if at is not None else ""
        row.append(Segment(fit(clock, grid.time) + " ", look.style("dim")))
    if grid.nick:
        name = cut(nick, grid.nick)
        row.append(Segment(name, nick_style))
        row.append(Segment(" " * (grid.nick + 1 - cell_len(name)), look.style("text")))
    return row


def indent(look: Look, grid: Columns) -> Row:
    """Return the blank left of the text in every further row."""
    return [Segment(" " * grid.text, look.style("text"))]


_BOLD = Style(bold=True)
