"""Rooms: occupants, roles, affiliations and bookmarks (XEP-0045, XEP-0402)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .address import Address
from .chat import ChatKey
from .contact import Show
from .value import value


class Role(Enum):
    """What an occupant may do now (XEP-0045 §5.1)."""

    NONE = "none"
    VISITOR = "visitor"
    PARTICIPANT = "participant"
    MODERATOR = "moderator"


class Affiliation(Enum):
    """What a person is to the room for good (XEP-0045 §5.2)."""

    OUTCAST = "outcast"
    NONE = "none"
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"


class RoomState(Enum):
    """Where we stand with a room."""

    LEFT = "left"
    QUEUED = "queued"
    """Waits for its turn: joins go small rooms first."""
    JOINING = "joining"
    JOINED = "joined"
    FAILED = "failed"
    """`Room.reason` says why and what to do."""


@value
class Occupant:
    """One person in a room, known by nick."""

    nick: str
    role: Role = Role.PARTICIPANT
    affiliation: Affiliation = Affiliation.NONE
    show: Show = Show.AVAILABLE
    status: str = ""
    address: Address | None = None
    """The real address where the room shows it."""
    occupant_id: str = ""
    """XEP-0421."""


@dataclass(slots=True)
class Room:
    """What is known about a room now; changed only by `World.apply`."""

    key: ChatKey
    nick: str = ""
    """Our nick there."""
    state: RoomState = RoomState.LEFT
    reason: str = ""
    name: str = ""
    subject: str = ""
    subject_by: str = ""
    occupants: dict[str, Occupant] = field(default_factory=dict)
    role: Role = Role.NONE
    affiliation: Affiliation = Affiliation.NONE
    anonymous: bool = True
    """Real addresses are hidden from ordinary occupants."""
    members_only: bool = False
    archive: bool = False
    """The room keeps a public archive (XEP-0313)."""


@value
class Bookmark:
    """A room remembered on the server (XEP-0402)."""

    account: Address
    address: Address
    name: str = ""
    nick: str = ""
    password: str = ""
    autojoin: bool = False


@value
class RoomListing:
    """One room of a service's public list (XEP-0045 §6.3)."""

    address: Address
    name: str = ""
    occupants: int | None = None
    description: str = ""
