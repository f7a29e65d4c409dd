"""People and chats as rows of a list."""

from __future__ import annotations

from enum import Enum

from rich.style import Style
from rich.text import Text

from tui_xmpp.core.chat import Chat, ChatKind, Notify
from tui_xmpp.core.contact import Show
from tui_xmpp.core.room import Affiliation, Occupant, Role
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.render.look import Look


class Here(Enum):
    """What the presence glyph says: ● ◐ ✕ ○ ?"""

    HERE = "here"
    AWAY = "away"
    BUSY = "busy"
    OFFLINE = "offline"
    UNKNOWN = "unknown"
    """Presence is not being received on this link profile; never shown as offline."""


def here(show: Show | None, *, received: bool = True) -> Here:
    """Return what the glyph says; *show* None: offline; *received* False: unknown."""
    if not received:
        return Here.UNKNOWN
    return _HERE[show] if show is not None else Here.OFFLINE


def presence(look: Look, state: Here) -> Text:
    """Return the glyph, one cell."""
    return Text(look.sign(state.value), style=look.style(_TOKENS[state]))


def chat_row(
    look: Look, chat: Chat, name: str, width: int, *, state: Here | None = None, current: bool = False
) -> Text:
    """Return one row of the chat list, *width* cells: number, name, counts, glyph (None: a room)."""
    weight = Style(bold=bool(chat.unread) or current)
    quiet = chat.notify is Notify.NONE
    style = look.style("dim" if quiet and not chat.unread else "text") + weight
    number = str(chat.number) if chat.number else ""
    shown = clean_line(name, 80)
    if chat.kind is ChatKind.ROOM and not shown.startswith("#"):
        shown = f"#{shown}"
    left = Text(f"{'>' if current else ' '}{number:>2} ", style=look.style("accent" if current else "dim"))
    left.append(shown, style)
    right = Text()
    if chat.draft:
        right.append(" draft", look.style("warn"))
    if chat.pinned:
        right.append(f" {look.sign('pinned')}", look.style("dim"))
    if quiet:
        right.append(f" {look.sign('muted')}", look.style("dim"))
    if chat.mentions:
        right.append(f" @{_few(chat.mentions)}", look.style("mention") + _BOLD)
    if chat.unread:
        new = " new" if look.linear else ""
        right.append(f" {_few(chat.unread)}{new}", look.style("dim" if quiet else "accent") + weight)
    right.append(" ")
    right.append_text(presence(look, state) if state is not None else Text(" "))
    row = _row(left, right, width)
    if current:
        row.stylize(look.style("selection"))
    return row


def contact_row(look: Look, name: str, state: Here, width: int, *, depth: int = 0) -> Text:
    """Return one row of the people list, indented by *depth* levels."""
    style = look.style("dim" if state in (Here.OFFLINE, Here.UNKNOWN) else "text")
    left = Text(f" {'  ' * depth}{clean_line(name, 80)}", style=style)
    return _row(left, Text(" ").append_text(presence(look, state)), width)


def group_row(look: Look, name: str, width: int, *, folded: bool, depth: int = 0, count: str = "") -> Text:
    """Return the row of a group or heading, with its fold sign at the right."""
    left = Text(f" {'  ' * depth}{clean_line(name, 80)}", style=look.style("dim") + Style(bold=depth == 0))
    sign = look.sign("closed" if folded else "unfolded")
    return _row(left, Text(f" {count} {sign}" if count else f" {sign}", style=look.style("dim")), width)


def occupant_row(look: Look, occupant: Occupant, width: int, *, own: bool = False) -> Text:
    """Return one row of the member list: glyph, nick in its colour, role by letter (`~ & @ -`)."""
    left = (
        Text(" ")
        .append_text(presence(look, here(occupant.show)))
        .append(f" {_rank(occupant)}", look.style("accent"))
    )
    left.append(
        clean_line(occupant.nick, 80), look.nick_style(clean_line(occupant.nick, 40).strip(), own=own)
    )
    return _row(left, Text(), width)


_BOLD = Style(bold=True)
_HERE = {
    Show.CHAT: Here.HERE,
    Show.AVAILABLE: Here.HERE,
    Show.AWAY: Here.AWAY,
    Show.XA: Here.AWAY,
    Show.DND: Here.BUSY,
    Show.OFFLINE: Here.OFFLINE,
}
_TOKENS = {
    Here.HERE: "ok",
    Here.AWAY: "warn",
    Here.BUSY: "error",
    Here.OFFLINE: "dim",
    Here.UNKNOWN: "dim",
}


def _rank(occupant: Occupant) -> str:
    if occupant.affiliation is Affiliation.OWNER:
        return "~"
    if occupant.affiliation is Affiliation.ADMIN:
        return "&"
    return {Role.MODERATOR: "@", Role.PARTICIPANT: " ", Role.VISITOR: "-"}.get(occupant.role, " ")


def _few(count: int) -> str:
    return str(count) if count < 1000 else "999+"


def _row(left: Text, right: Text, width: int) -> Text:
    """Put two ends on one row of exactly *width* cells; the left one is cut."""
    room = max(0, width - right.cell_len)
    left.truncate(room, overflow="ellipsis", pad=True)
    row = left.append_text(right)
    row.truncate(width)
    row.no_wrap = True
    return row
