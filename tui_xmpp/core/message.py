"""A message as the archive keeps it, and the places messages have in a chat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum

from .address import Address
from .attachment import Attachment
from .chat import ChatKey
from .security import Protection
from .value import value


class MessageType(Enum):
    """The `type` attribute (RFC 6121 §5.2.2)."""

    NORMAL = "normal"
    CHAT = "chat"
    GROUPCHAT = "groupchat"
    HEADLINE = "headline"
    ERROR = "error"


class Delivery(IntEnum):
    """How far an own message is known to have come; never ahead of the truth."""

    INCOMING = 0
    """Not ours."""
    QUEUED = 1
    """Safe on disk, not yet written to the stream."""
    WRITTEN = 2
    """Written to the stream, not acknowledged."""
    TAKEN = 3
    """The server has it (XEP-0198 ack, or seen in its archive, or reflected by the room)."""
    DELIVERED = 4
    """A device of the peer has it (XEP-0184)."""
    READ = 5
    """The peer displayed it (XEP-0333)."""
    FAILED = 6
    """Refused; `Message.failure` says why."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a message stands in its chat: pages are cut between places."""

    at: datetime
    """UTC."""
    row: int
    """The archive's own number: settles equal times."""


@value
class Reply:
    """What a message answers (XEP-0461)."""

    id: str
    """The answered message's id as XEP-0461 names it."""
    sender: Address | None = None
    nick: str = ""
    text: str = ""
    """The first line of the answered message, when it is known."""
    row: int = 0
    """The answered message's row in our archive; 0 when we do not have it."""


@value
class Reaction:
    """One person's reactions to one message (XEP-0444); a new set replaces the old one."""

    sender: Address
    nick: str
    emojis: tuple[str, ...]
    own: bool = False


@value
class Message:
    """One message of one chat. Strings are as received: clean them before showing them."""

    chat: ChatKey
    at: datetime
    """When it was sent as far as the server knows, UTC."""
    sender: Address
    """Contact or own bare address; in rooms the occupant's address (room/nick)."""
    body: str
    row: int = 0
    """The archive's number; 0: not kept yet."""
    id: str = ""
    """The `id` attribute."""
    origin_id: str = ""
    """XEP-0359."""
    archive_id: str = ""
    """The id in the server's or the room's archive (XEP-0359 stanza-id, XEP-0313)."""
    nick: str = ""
    """The name to show where the address is not one: an occupant's nick."""
    occupant_id: str = ""
    """XEP-0421, when the room vouches for it."""
    outgoing: bool = False
    """Sent by this account, from this or another of its devices."""
    type: MessageType = MessageType.CHAT
    subject: str = ""
    delivery: Delivery = Delivery.INCOMING
    failure: str = ""
    protection: Protection = Protection.CLEAR
    unopened: bool = False
    """It came sealed and could not be opened: the body is our own sentence that says why.

    Known of what is read from the archive only.
    """
    mention: bool = False
    edited: bool = False
    """A correction replaced the body (XEP-0308)."""
    retracted: str = ""
    """Who took it back (XEP-0424); empty: nobody. The body is empty then."""
    reply: Reply | None = None
    reactions: tuple[Reaction, ...] = ()
    markable: bool = False
    """The sender asked for displayed markers (XEP-0333)."""

    attachment: Attachment | None = None
    """What was said of the file that it is about; None: nothing beside the body."""

    @property
    def place(self) -> Place:
        """Its place in the chat."""
        return Place(self.at, self.row)


@value
class Gap:
    """A hole: messages of this chat that only the server's archive may have."""

    number: int
    """The archive's own number of this gap."""
    chat: ChatKey
    after: datetime | None
    """The newest message known before the hole; None: the hole reaches back to the beginning."""
    after_id: str
    """Its archive id; empty when unknown."""
    before: datetime | None
    """The oldest message known after the hole; None: up to now."""
    before_id: str


@value
class Page:
    """A run of messages of one chat, oldest first."""

    messages: tuple[Message, ...]
    gaps: tuple[Gap, ...]
    """Gaps that lie inside or touch this run."""
    at_start: bool
    """No older message in the local archive."""
    at_end: bool
    """No newer message in the local archive."""


@value
class Hit:
    """One result of a search."""

    message: Message
    marks: tuple[tuple[int, int], ...]
    """Where the words stand in the body: start and end offsets in characters."""
