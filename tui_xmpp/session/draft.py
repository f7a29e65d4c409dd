"""A message on its way in: what the stages of the inbox and the features have read so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ..core.address import Address
from ..core.attachment import Attachment
from ..core.chat import ChatKey, ChatKind
from ..core.events import ChatState, Event
from ..core.message import MessageType, Reply
from ..core.security import Protection


@dataclass(slots=True)
class Draft:
    """Filled by `unwrap` and by each feature's `read`; the stage `keep` turns it into stored facts."""

    account: Address
    chat: ChatKey
    kind: ChatKind
    sender: Address
    """Contact or own bare address; room/nick for occupants."""
    source: Address
    """The address the message itself came from, with its resource: for receipts."""
    at: datetime
    """UTC: the archive's or the delay's stamp, else now."""
    old: bool = False
    """From an archive page: no notification, no answer of any kind."""
    outgoing: bool = False
    """Ours, sent by another device, or reflected, or fetched."""
    carbon: bool = False
    first: bool = False
    """Nothing was known of this chat before."""
    left_out: bool = False
    """Of a stranger whose chat is not put on the list (`strangers.StrangerLimits`)."""
    type: MessageType = MessageType.CHAT
    id: str = ""
    origin_id: str = ""
    archive_id: str = ""
    nick: str = ""
    real: Address | None = None
    """The occupant's own address, where the room's archive tells it."""
    occupant_id: str = ""
    body: str = ""
    subject: str = ""
    failure: str = ""
    """With type error: what the server said, as a sentence."""
    protection: Protection = Protection.CLEAR
    sealed: str = ""
    """The stanza as it came, where it could not be opened."""
    is_fetching: bool = False
    """What it takes to open it can be fetched."""
    mention: bool = False
    reply: Reply | None = None
    attachment: Attachment | None = None
    """The file that the message is about, as its sender describes it."""
    markable: bool = False
    receipt_wanted: bool = False

    # What the stanza says about other messages; each is applied by the stage `keep`.
    corrects: str = ""
    """Id of the message this one replaces (XEP-0308)."""
    retracts: str = ""
    """Id of the message this one takes back (XEP-0424)."""
    reacts: tuple[str, tuple[str, ...]] | None = None
    """Id and the sender's whole new set of reactions (XEP-0444)."""
    receipt_for: str = ""
    """Id of ours that arrived (XEP-0184)."""
    displayed: str = ""
    """Id up to which the sender has read (XEP-0333)."""
    typing: ChatState | None = None
    dropped: str = ""
    """Why nothing of this stanza is kept or told: set by a guard, or by a feature that needs no more."""
    events: list[Event] = field(default_factory=list)
    """Further events a feature wants told, after the message was kept where there is one."""

    @property
    def is_message(self) -> bool:
        """Whether there is something to store as a message of its own."""
        return bool(self.body or self.subject or self.failure) and not (self.retracts or self.reacts)
