"""Traffic: what was spent, on what, and what was left out."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from .address import Address
from .chat import ChatKey
from .value import value


class Category(Enum):
    """What bytes were spent on."""

    LOGIN = "login"
    """Connecting, TLS handshakes, signing in, resuming."""
    PRESENCE = "presence"
    """Of people: ours and theirs, the roster, capabilities and subscriptions."""
    CHAT = "chat"
    """Messages between two people, and their typing."""
    ROOMS = "rooms"
    """Messages and presence of rooms, and what rooms are asked."""
    HISTORY = "history"
    """Archives."""
    ENCRYPTION = "encryption"
    """Device lists and keys."""
    MARKS = "receipts and markers"
    KEEPALIVE = "keep-alive"
    """Questions for acknowledgement and their answers, pings, whitespace."""
    FILES = "files"


@value
class Amount:
    """Bytes both ways."""

    up: int = 0
    down: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.up + other.up, self.down + other.down)

    @property
    def total(self) -> int:
        """Both ways together."""
        return self.up + self.down


@value
class Spent:
    """What one category, in one chat where it belongs to one, has cost in one hour."""

    account: Address
    hour: datetime
    """UTC, on the hour."""
    category: Category
    chat: ChatKey | None
    xml: Amount
    """Before TLS, after compression there where there is one."""
    tls: Amount
    """What TLS and the framing of the transport added: `xml` and `tls` together are what TCP carried."""
    tcp: Amount
    """What TCP and IP added, an estimate: 52 bytes a segment and an acknowledgement for every second one."""
    spared: Amount
    """What was left out because of the profile, an estimate."""


@value
class Report:
    """What this process has spent for an account."""

    spent: tuple[Spent, ...]
    """All of it, by category and chat; in the ledger it is too."""
    minutes: tuple[int, ...]
    """Bytes both ways in each of the last sixty minutes, this one last."""
    cuts: int
    """How often a session has lost its link."""


@value
class Rates:
    """How the link is now."""

    up: float
    """Bytes a second, over the last few seconds."""
    down: float
    round_trip: float | None
    """Seconds; None while nothing was measured."""
    queued: int
    """Stanzas that wait."""
    queue_seconds: float | None
    """Until they have left; None while the rate is not known."""
    today: Amount
    """Since midnight, local time: xml and tls."""
