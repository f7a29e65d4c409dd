"""The fields of the status line and the line above a chat, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from tui_xmpp.core.account import Connection
from tui_xmpp.core.contact import Show
from tui_xmpp.ui.render.look import Look


@dataclass(frozen=True, slots=True)
class Activity:
    """One chat with something new."""

    number: int
    name: str
    unread: int = 0
    mentions: int = 0
    direct: bool = False
    """One person, not a room."""
    draft: bool = False


@dataclass(frozen=True, slots=True)
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
    """Seconds."""
    queued: int = 0
    """Stanzas waiting."""
    queue_seconds: float | None = None
    today: int | None = None
    """Bytes since midnight, both ways."""


def status_fields(look: Look, status: Status) -> dict[str, Text]:
    """Return the fields by name: account, activity, link, rates, round_trip, queue, today."""
    raise NotImplementedError


def status_line(look: Look, status: Status, width: int) -> Text:
    """Return the line, *width* cells; the least important fields go first when it is too narrow."""
    raise NotImplementedError


def chat_title(look: Look, name: str, about: str, security: str, width: int) -> Text:
    """Return the line above a chat: name and topic or status text at the left, protection at the right."""
    raise NotImplementedError


def typing_line(look: Look, names: Sequence[str], width: int) -> Text:
    """Return who is typing; empty text when nobody is."""
    raise NotImplementedError
