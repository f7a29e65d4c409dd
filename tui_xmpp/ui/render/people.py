"""People and chats as rows of a list."""

from __future__ import annotations

from enum import Enum

from rich.text import Text

from tui_xmpp.core.chat import Chat
from tui_xmpp.core.contact import Show
from tui_xmpp.core.room import Occupant
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
    raise NotImplementedError


def presence(look: Look, state: Here) -> Text:
    """Return the glyph, one cell."""
    raise NotImplementedError


def chat_row(
    look: Look, chat: Chat, name: str, width: int, *, state: Here | None = None, current: bool = False
) -> Text:
    """Return one row of the chat list, *width* cells: number, name, counts, glyph (None: a room)."""
    raise NotImplementedError


def contact_row(look: Look, name: str, state: Here, width: int, *, depth: int = 0) -> Text:
    """Return one row of the people list, indented by *depth* levels."""
    raise NotImplementedError


def group_row(look: Look, name: str, width: int, *, folded: bool, depth: int = 0, count: str = "") -> Text:
    """Return the row of a group or heading, with its fold sign at the right."""
    raise NotImplementedError


def occupant_row(look: Look, occupant: Occupant, width: int, *, own: bool = False) -> Text:
    """Return one row of the member list: glyph, nick in its colour, role by letter (`~ & @ +`)."""
    raise NotImplementedError
