"""What stands between messages: day lines, the unread line, gaps, joins and leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from tui_xmpp.core.message import Gap
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.value import value
from tui_xmpp.ui.render.columns import Columns, Row, head, indent
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.wrap import cut, wrap

NoticeKind = Literal["join", "leave", "info", "warning"]


@value
class Notice:
    """One line that is no message. The text is cleaned when it is shown."""

    text: str
    at: datetime
    kind: NoticeKind = "info"


def day_row(look: Look, width: int, day: date) -> Row:
    """Return the line above the first message of a day."""
    return _rule(look, width, day_words(look, day), look.sign("rule"), look.style("dim"))


def day_words(look: Look, day: date) -> str:
    """Return what a day is called."""
    name = f"{day:%a} {day.day} {day:%b}"
    if look.today is not None:
        if day == look.today:
            name = "today"
        elif day == look.today - timedelta(days=1):
            name = "yesterday"
        elif day.year != look.today.year:
            name = f"{name} {day.year}"
    return name


def unread_row(look: Look, width: int, count: int) -> Row:
    """Return the line above the first unread message; *count* 0: nobody knows how many."""
    # A whole line in reverse would shout.
    style = look.style("mention") + Style(bold=True, reverse=False)
    return _rule(look, width, unread_words(count), look.sign("rule"), style)


def unread_words(count: int) -> str:
    """Return how many messages are new; *count* 0: nobody knows how many."""
    return f"{count} new" if count else "new"


def gap_row(look: Look, width: int, gap: Gap, *, filling: bool) -> Row:
    """Return the dotted line of messages that only the server's archive may have."""
    return _rule(look, width, gap_words(look, gap, filling=filling), look.sign("gap"), look.style("dim"))


def gap_words(look: Look, gap: Gap, *, filling: bool) -> str:
    """Return what may be missing, and where it is; *filling*: it is being fetched."""
    if filling:
        return f"filling {_span(gap)}…" if gap.after and gap.before else "filling…"
    if gap.after is None:
        return "older messages are on the server"
    if gap.before is None:
        return f"what came after {_moment(look, gap.after)} is on the server"
    return f"{_span(gap)} of messages may be missing"


def notice_rows(look: Look, grid: Columns, notices: Sequence[Notice], *, unfolded: bool) -> list[Row]:
    """Return joins and leaves as one line with a count, or line by line; other notices in full."""
    if not notices:
        return []
    if len(notices) == 1 or unfolded:
        return [row for notice in notices for row in _notice(look, grid, notice)]
    count = f" {look.sign('folded')} {len(notices)}"
    room = max(1, grid.room - cell_len(count))
    said = cut(", ".join(clean_line(one.text, 80) for one in reversed(notices[-6:])), room)
    row = _start(look, grid, notices[-1].at)
    fill = " " * max(0, room - cell_len(said))
    dim = look.style("dim")
    return [[*row, Segment(said + fill, dim), Segment(count, dim)]]


def notice_height(grid: Columns, notices: Sequence[Notice], *, unfolded: bool) -> int:
    """Return the number of rows of a run of notices."""
    if len(notices) > 1 and not unfolded:
        return 1
    return sum(len(wrap(clean_line(one.text), grid.room)) for one in notices)


def folds(notice: Notice) -> bool:
    """Return whether a notice may disappear in a run: who comes and goes, but nothing else."""
    return notice.kind in ("join", "leave")


def _notice(look: Look, grid: Columns, notice: Notice) -> list[Row]:
    text = clean_line(notice.text)
    style = look.style("warn") if notice.kind == "warning" else look.style("dim")
    return [
        [*(indent(look, grid) if number else _start(look, grid, notice.at)), Segment(text[a:z], style)]
        for number, (a, z) in enumerate(wrap(text, grid.room))
    ]


def _start(look: Look, grid: Columns, at: datetime) -> Row:
    blank = look.style("text")
    return head(look, grid, Segment(" ", blank), at, "", blank, chosen=False)


def _rule(look: Look, width: int, said: str, sign: str, style: Style) -> Row:
    said = cut(f" {said} ", width)
    left = max(0, (width - cell_len(said)) // 2)
    right = max(0, width - left - cell_len(said))
    return [Segment(f"{sign * left}{said}{sign * right}", style)]


def _span(gap: Gap) -> str:
    if gap.after is None or gap.before is None:
        return "some time"
    minutes = max(1, round((gap.before - gap.after).total_seconds() / 60))
    for size, unit in ((1440, "day"), (60, "hour")):
        count = round(minutes / size)
        if minutes > size * 0.95:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


def _moment(look: Look, at: datetime) -> str:
    local = look.local(at)
    return look.clock(at) if local.date() == look.today else f"{local.day} {local:%b} {look.clock(at)}"
