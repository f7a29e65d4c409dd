"""Everything that can happen, as the front ends hear it: frozen values, in order."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from .account import Account, Connection
from .address import Address
from .chat import Chat, ChatKey
from .contact import Contact, OwnPresence, Presence, SubscriptionRequest
from .link import LinkProfile
from .message import Gap, Message
from .room import Affiliation, Bookmark, Occupant, Role, RoomState
from .security import ChatSecurity, Device
from .traffic import Rates
from .value import value


@value
class Event:
    """Something that happened."""


# --- accounts -------------------------------------------------------------------------------------


@value
class AccountAdded(Event):
    """An account is configured; the program knows of it now."""

    account: Account


@value
class AccountRemoved(Event):
    """An account is no longer configured."""

    account: Address


@value
class ConnectionChanged(Event):
    """The connection of an account passed into another state."""

    account: Address
    connection: Connection
    reason: str = ""
    """A sentence for the user: the step under way, or what went wrong and what to do."""
    retry_at: datetime | None = None
    """UTC."""
    full_address: Address | None = None
    """With `Connection.ONLINE`: what the server bound."""


@value
class AbilitiesChanged(Event):
    """The server told what it can do."""

    account: Address
    abilities: frozenset[str]


@value
class OwnPresenceChanged(Event):
    """What we announce changed."""

    account: Address
    presence: OwnPresence


@value
class LinkChanged(Event):
    """Another link profile is in use, or a cell of it changed."""

    account: Address
    profile: LinkProfile
    automatic: bool = False
    """Measured, not asked for by the user."""


@value
class HearingChanged(Event):
    """Whose presence the server sends from now on: that of these roster groups; None: everybody's."""

    account: Address
    groups: tuple[str, ...] | None


@value
class LinkSuggested(Event):
    """The link looks like one of another profile; the user may use it."""

    account: Address
    profile: str
    """Empty: what was suggested before is so no longer."""
    reason: str
    """A sentence: what was measured."""


@value
class RatesChanged(Event):
    """How fast the link is, what waits, what was spent; at most once a second, and only when it changed."""

    account: Address
    rates: Rates


# --- roster and presence --------------------------------------------------------------------------


@value
class RosterReplaced(Event):
    """The whole roster as it now is."""

    account: Address
    contacts: tuple[Contact, ...]


@value
class ContactChanged(Event):
    """One roster item was added or changed."""

    contact: Contact


@value
class ContactRemoved(Event):
    """One roster item is gone."""

    account: Address
    address: Address


@value
class PresenceChanged(Event):
    """One resource of a contact announced itself or left (`Show.OFFLINE`)."""

    account: Address
    address: Address
    """Bare."""
    presence: Presence


@value
class PresencesCleared(Event):
    """The link is down: nothing is known of anybody's presence any more."""

    account: Address


@value
class SubscriptionRequested(Event):
    """Somebody asks to see our presence."""

    request: SubscriptionRequest


@value
class SubscriptionSettled(Event):
    """A request was answered, here or on another device, or withdrawn."""

    account: Address
    address: Address


# --- chats and messages ---------------------------------------------------------------------------


@value
class ChatChanged(Event):
    """A chat was opened, closed, renamed, read, pinned, muted, or its draft was kept."""

    chat: Chat


@value
class MessageKept(Event):
    """A message is in the archive now: received, sent, or fetched."""

    message: Message
    old: bool = False
    """Fetched history: no notification."""
    left_out: bool = False
    """Of a stranger whose chat is not put on the list, because too many wait there, or they are blocked."""


@value
class MessageChanged(Event):
    """A kept message changed: delivery, correction, retraction, reactions, archive id."""

    message: Message


@value
class HistoryLoaded(Event):
    """A stretch of the server's archive has been fetched into the local one."""

    chat: ChatKey
    count: int
    """New messages kept."""
    gap: Gap | None = None
    """What is left of the hole; None: it is filled."""
    failure: str = ""
    """A sentence when the fetch failed; the hole stays."""


class ChatState(Enum):
    """XEP-0085 §4."""

    ACTIVE = "active"
    COMPOSING = "composing"
    PAUSED = "paused"
    INACTIVE = "inactive"
    GONE = "gone"


@value
class TypingChanged(Event):
    """Somebody began or stopped typing."""

    chat: ChatKey
    who: str
    """Nick in a room; the bare address otherwise."""
    state: ChatState


# --- rooms ----------------------------------------------------------------------------------------


@value
class RoomChanged(Event):
    """Where we stand with a room, or something of the room itself changed; None leaves a field as it was."""

    key: ChatKey
    state: RoomState | None = None
    reason: str = ""
    nick: str | None = None
    name: str | None = None
    subject: str | None = None
    subject_by: str = ""
    role: Role | None = None
    affiliation: Affiliation | None = None
    anonymous: bool | None = None
    members_only: bool | None = None
    archive: bool | None = None


@value
class OccupantsArrived(Event):
    """Occupants who were there when we joined, in one batch."""

    key: ChatKey
    occupants: tuple[Occupant, ...]


@value
class OccupantChanged(Event):
    """Somebody joined, or changed presence, role or affiliation."""

    key: ChatKey
    occupant: Occupant
    joined: bool = False


@value
class OccupantLeft(Event):
    """Somebody left, was removed, or took another nick."""

    key: ChatKey
    nick: str
    new_nick: str = ""
    reason: str = ""
    """Why: `kicked by ava: flood`; empty for an ordinary leave."""


@value
class RoomsProgress(Event):
    """How far the queue of joins has come."""

    account: Address
    joined: int
    total: int


@value
class BookmarksChanged(Event):
    """All bookmarks of an account as they now are."""

    account: Address
    bookmarks: tuple[Bookmark, ...]


# --- questions from the engine: each has an id, the answer is a command with that id ---------------


@value
class Question(Event):
    """Something only the user can decide; answered by `commands.Answer(id, …)`."""

    id: str
    account: Address


@value
class PasswordNeeded(Question):
    """No password could be had, or the server refused it. The answer's `text` is the password."""

    reason: str = ""


@value
class PriceAsked(Question):
    """Something would take long or cost much; it is done when the user says yes."""

    what: str
    """What is about to happen, as a sentence begins: `Fetch 200 older messages`."""
    bytes: int
    """About."""
    seconds: float | None
    """About; None while the rate is not known."""


@value
class Invited(Question):
    """Somebody invites us into a room (XEP-0045 §7.8, XEP-0249). Yes joins; nothing is joined before."""

    room: Address
    sender: Address | None
    text: str = ""
    password: str = ""
    known: bool = False
    """The sender is a contact, and their server says so: not a room that only claims it."""
    at: datetime | None = None
    """When it came, UTC."""


@value
class RoomPasswordNeeded(Question):
    """The room wants a password. The answer's `text` is the password."""

    room: Address
    reason: str = ""


@value
class QuestionSettled(Event):
    """A question needs no answer any more."""

    id: str


# --- words for the user ---------------------------------------------------------------------------


class Level(Enum):
    """How loud a notice is."""

    INFO = "info"
    WARN = "warn"
    ERROR = "error"


@value
class Notice(Event):
    """A sentence for the user: what failed and what to do, or what was done."""

    text: str
    level: Level = Level.INFO
    account: Address | None = None
    chat: ChatKey | None = None
    """Where it belongs; None: to the whole program."""


# --- encryption -----------------------------------------------------------------------------------


@value
class SecurityChanged(Event):
    """How a chat is protected has changed."""

    chat: ChatKey
    security: ChatSecurity


@value
class DevicesChanged(Event):
    """What is known of the OMEMO devices of a contact, or of ours."""

    account: Address
    owner: Address
    """Bare address."""
    devices: tuple[Device, ...]
