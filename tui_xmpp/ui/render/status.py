"""The fields of the status line and the line above a chat, as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text

from tui_xmpp.core.account import Connection
from tui_xmpp.core.contact import Show
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.value import value
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.people import here, presence


@value
class Activity:
    """One chat with something new."""

    number: int
    name: str
    unread: int = 0
    mentions: int = 0
    direct: bool = False
    """One person, not a room."""
    draft: bool = False


_JITTER = 0.02
"""Seconds by which a round trip differs from the one before on any line."""


@value
class Status:
    """What the status line shows; a field that is None or empty is left out."""

    account: str
    connection: Connection = Connection.OFFLINE
    show: Show = Show.AVAILABLE
    activity: tuple[Activity, ...] = ()
    link: str = ""
    """Name of the link profile."""
    up: float | None = None
    """Bytes a second."""
    down: float | None = None
    round_trip: float | None = None
    """Seconds to the server and back."""
    queued: int = 0
    """Stanzas waiting."""
    queue_seconds: float | None = None
    today: int | None = None
    """Bytes since midnight, both ways."""
    terminal: str = ""
    """Name of the terminal profile, where it is worth saying."""
    terminal_lag: float | None = None
    """Seconds to the terminal and back, where they matter: rounded, so that they hardly change."""


def status_fields(look: Look, status: Status) -> dict[str, Text]:
    """Return the fields by name: account, activity, link, rates, round_trip, terminal, queue, today.

    A field with nothing to say is left out.
    """
    dim = look.style("dim")
    fields = {"account": _account(look, status)}
    if status.activity:
        fields["activity"] = _activity(look, status.activity)
    if status.link:
        fields["link"] = Text(clean_line(status.link, 20), style=dim)
    if status.up is not None and status.down is not None:
        up, down = look.sign("up"), look.sign("down")
        fields["rates"] = Text(f"{up}{size(status.up)} {down}{size(status.down)}/s", style=dim)
    if status.round_trip is not None:
        fields["round_trip"] = Text(f"{round(status.round_trip * 1000)}ms", style=dim)
    if status.terminal or status.terminal_lag is not None:
        words = ["tty", status.terminal, _span(status.terminal_lag)]
        fields["terminal"] = Text(" ".join(word for word in words if word), style=dim)
    if status.queued:
        left = f" {round(status.queue_seconds)}s" if status.queue_seconds is not None else ""
        fields["queue"] = Text(f"q{status.queued}{left}", style=look.style("warn"))
    if status.today is not None:
        fields["today"] = Text(size(status.today), style=dim)
    return fields


def alike(one: Status, other: Status) -> bool:
    """Whether the link's figures differ by no more than what passes while nothing happens."""
    up, down, way, spent = (figure or 0 for figure in (one.up, one.down, one.round_trip, one.today))
    other_way, other_spent = other.round_trip or 0, other.today or 0
    return (
        (size(up), size(down)) == (size(other.up or 0), size(other.down or 0))
        and abs(way - other_way) <= max(_JITTER, way / 4)
        and abs(spent - other_spent) <= spent / 100
    )


def status_line(look: Look, status: Status, width: int) -> Text:
    """Return the line, *width* cells; the least important fields go first when it is too narrow."""
    fields = status_fields(look, status)
    left = [fields[name] for name in ("account", "activity") if name in fields]
    right = [name for name in ("link", "rates", "round_trip", "terminal", "queue", "today") if name in fields]
    needed = sum(part.cell_len + 2 for part in left) + 1
    for name in ("today", "round_trip", "rates", "link", "terminal", "queue"):
        if needed + sum(fields[one].cell_len + 2 for one in right) <= width:
            break
        if name in right:
            right.remove(name)
    return _ends(_joined(left), _joined([fields[name] for name in right]), width)


def chat_title(
    look: Look, name: str, about: str, security: str, width: int, marked: tuple[int, str] = (0, "dim")
) -> Text:
    """Return the line above a chat: name and topic or status text at the left, protection at the right.

    *marked*: how many characters of it have another style, and its token. Where all has no room they stay.
    """
    left = Text().append(clean_line(name, 80), look.style("text") + Style(bold=True))
    if about:
        left.append(f" {look.sign('dot')} {clean_line(about)}", look.style("dim"))
    said = clean_line(security, 80)
    right = Text(said[: marked[0]], style=look.style(marked[1])) if marked[0] else Text()
    right.append(said[marked[0] :], look.style("dim"))
    if right.cell_len > width // 2:
        right = right[: marked[0]] if marked[0] <= width // 2 else Text()
    return _ends(left, right, width)


def typing_line(look: Look, names: Sequence[str], width: int) -> Text:
    """Return who is typing; empty text when nobody is."""
    said = typing_words(names)
    return _ends(Text(said, style=look.style("dim")), Text(), width) if said else Text()


def typing_words(names: Sequence[str]) -> str:
    """Return who is typing, in words; empty: nobody."""
    shown = [clean_line(name, 30) for name in names[:3]]
    if not shown:
        return ""
    if len(names) > 3:
        return f"{', '.join(shown)} and {len(names) - 3} more are typing"
    if len(shown) == 1:
        return f"{shown[0]} is typing"
    return f"{', '.join(shown[:-1])} and {shown[-1]} are typing"


def size(count: float) -> str:
    """Return an amount of bytes in few characters: `0.2k`, `12.4k`, `3.1M`."""
    amount = count / 1000
    for unit in ("k", "M"):
        if amount < 999.95:
            return f"{amount:.1f}{unit}"
        amount /= 1000
    return f"{amount:.1f}G"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.1f}s" if seconds >= 1 else f"{round(seconds * 1000)}ms"


_TRYING = {
    Connection.RESOLVING: "looking up",
    Connection.CONNECTING: "connecting",
    Connection.SECURING: "securing",
    Connection.AUTHENTICATING: "signing in",
    Connection.BINDING: "signing in",
    Connection.WAITING: "waiting to try again",
    Connection.OFFLINE: "offline",
    Connection.REFUSED: "stopped",
}


def _account(look: Look, status: Status) -> Text:
    text = Text(f"{clean_line(status.account, 40)} ", style=look.style("text"))
    if status.connection is Connection.ONLINE:
        return text.append_text(presence(look, here(status.show)))
    token = "error" if status.connection is Connection.REFUSED else "warn"
    return text.append(_TRYING[status.connection], look.style(token))


def _activity(look: Look, activity: Sequence[Activity]) -> Text:
    text = Text()
    for one in activity:
        name = clean_line(one.name, 20)
        counts = [f"@{one.mentions}"] if one.mentions else []
        counts += [str(one.unread)] if one.unread else []
        counts += ["draft"] if one.draft else []
        said = f"{one.number}:{name}" if one.number else name
        said += f"({','.join(counts)})" if counts else ""
        if one.mentions:
            style = look.style("mention") + Style(bold=True)
        elif one.direct and one.unread:
            style = look.style("accent") + Style(bold=True)
        else:
            style = look.style("text") if one.unread else look.style("dim")
        text.append(f" {said}" if text else said, style)
    return text


def _joined(parts: Sequence[Text]) -> Text:
    return Text("  ").join(parts)


def _ends(left: Text, right: Text, width: int) -> Text:
    """Put two ends on one row of exactly *width* cells, a blank beside each; the left one is cut."""
    if right.cell_len:
        right = Text(" ").append_text(right).append(" ")
    row = Text(" ").append_text(left)
    row.truncate(max(0, width - right.cell_len), overflow="ellipsis", pad=True)
    row.append_text(right)
    row.truncate(width)
    row.no_wrap = True
    return row
