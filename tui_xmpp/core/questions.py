"""The few things only server or session can answer now; a question's class names the type of its answer."""

from __future__ import annotations

from typing import Generic, TypeVar

from .address import Address
from .chat import ChatKey
from .room import RoomListing
from .security import Device, Preflight
from .traffic import Report
from .value import value

A = TypeVar("A")


class Unanswered(Exception):
    """The server refused, is out of reach, or took too long; the text is a sentence for the user."""


@value
class Question(Generic[A]):
    """Asked by `Engine.ask`; the answer has type A."""

    account: Address


@value
class RoomServices(Question[tuple[Address, ...]]):
    """Which room services the account's server offers (XEP-0030, XEP-0045 §6.1)."""


@value
class SpentHere(Question[Report]):
    """What this process has spent; all that was counted is in the ledger when it is answered."""


@value
class PublicRooms(Question[tuple[RoomListing, ...]]):
    """The public rooms of a service (XEP-0045 §6.3)."""

    service: Address


@value
class DevicesOf(Question[tuple[Device, ...]]):
    """The OMEMO devices of a contact or of ours; what is not known of them yet is fetched (XEP-0384 §5.3)."""

    owner: Address
    """Bare address."""


@value
class CanSeal(Question[Preflight]):
    """Whether what is said in a chat can be sealed, and what stands in the way."""

    chat: ChatKey
