"""People: roster items, subscription states and presence (RFC 6121 §2-4)."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from .address import Address
from .value import value


class Subscription(Enum):
    """Who sees whose presence (RFC 6121 §2.1.2.5)."""

    NONE = "none"
    TO = "to"
    """We see the contact."""
    FROM = "from"
    """The contact sees us."""
    BOTH = "both"
    REMOVE = "remove"


class Show(Enum):
    """Availability (RFC 6121 §4.7.2.1); `AVAILABLE` is the absence of `<show/>`."""

    CHAT = "chat"
    AVAILABLE = "available"
    AWAY = "away"
    XA = "xa"
    DND = "dnd"
    OFFLINE = "offline"


@value
class Contact:
    """One roster item of one account."""

    account: Address
    address: Address
    name: str = ""
    groups: tuple[str, ...] = ()
    subscription: Subscription = Subscription.NONE
    ask: bool = False
    """Our request to see them is still unanswered."""
    approved: bool = False
    """Pre-approved (RFC 6121 §3.4)."""

    @property
    def label(self) -> str:
        """The name given by the user, else the address."""
        return self.name or str(self.address)


@value
class Presence:
    """What one resource of a contact, or one occupant, last announced."""

    resource: str
    show: Show = Show.AVAILABLE
    status: str = ""
    priority: int = 0
    since: datetime | None = None
    """When it was announced, UTC, where known (XEP-0203, XEP-0319)."""


@value
class OwnPresence:
    """What we announce."""

    show: Show = Show.AVAILABLE
    status: str = ""
    priority: int = 0


@value
class SubscriptionRequest:
    """Somebody asks to see our presence (RFC 6121 §3.1); answered only by a key press."""

    account: Address
    address: Address
    nick: str = ""
    """The nick they offer (XEP-0172); never to be trusted as a name."""
    text: str = ""
    at: datetime | None = None
    """When it came, UTC; None: before this was noted."""
