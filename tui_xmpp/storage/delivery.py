"""How far an own message has come, as reports of any order tell it."""

from __future__ import annotations

from tui_xmpp.core.message import Delivery

# A refusal counts for more than the server's word and for less than the peer's, whichever comes first.
_ORDER = {
    Delivery.QUEUED: 0,
    Delivery.WRITTEN: 1,
    Delivery.TAKEN: 2,
    Delivery.FAILED: 3,
    Delivery.DELIVERED: 4,
    Delivery.READ: 5,
}


def outranks(new: Delivery, old: Delivery) -> bool:
    """Whether a report of *new* changes a message that stands at *old*."""
    if old is Delivery.INCOMING or new is Delivery.INCOMING:
        return False
    if new is Delivery.QUEUED:
        return old in (Delivery.FAILED, Delivery.WRITTEN)
    return _ORDER[new] > _ORDER[old]
