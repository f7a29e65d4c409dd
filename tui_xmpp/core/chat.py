"""A chat: one contact, one room, or one occupant of a room, as the list of chats shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from .address import Address
from .value import value


class ChatKind(Enum):
    """Who is on the other side."""

    CONTACT = "contact"
    ROOM = "room"
    PRIVATE = "private"
    """One occupant of a room (XEP-0045 §7.5); the address is room/nick."""


class Notify(Enum):
    """When a chat may ask for attention."""

    ALL = "all"
    MENTIONS = "mentions"
    NONE = "none"


@dataclass(frozen=True, slots=True, order=True)
class ChatKey:
    """Names a chat everywhere."""

    account: Address
    """Our bare address."""
    address: Address
    """Bare address of the contact or room; room/nick for a private chat with an occupant."""


@value
class Chat:
    """What is remembered about a chat between starts."""

    key: ChatKey
    kind: ChatKind
    name: str = ""
    """A name the server or a bookmark gave; the roster's name goes before it."""
    last_at: datetime | None = None
    """Time of the newest message, UTC."""
    last_text: str = ""
    """First line of the newest message."""
    unread: int = 0
    mentions: int = 0
    read_at: datetime | None = None
    """Everything up to here was read, UTC."""
    read_row: int = 0
    notify: Notify = Notify.ALL
    pinned: bool = False
    draft: str = ""
    open: bool = True
    """Shown in the list of chats."""
    number: int = 0
    """The switch key (Alt+number); stable while the chat is open; 0: none."""
