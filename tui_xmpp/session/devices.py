"""Our other devices, as far as their presence shows them (RFC 6121 §4.2.2)."""

from __future__ import annotations

from ..core.contact import Show
from ..core.events import PresenceChanged
from .feature import Context


def others(context: Context) -> bool:
    """Whether another device of ours is signed in."""
    known = context.world.presences.get((context.own, context.own), {})
    return any(_is_another(context, resource) for resource in known)


def is_other(context: Context, event: PresenceChanged) -> bool:
    """Whether an event says that another device of ours is there."""
    own, presence = context.own, event.presence
    return (
        event.account == own == event.address
        and presence.show is not Show.OFFLINE
        and _is_another(context, presence.resource)
    )


def _is_another(context: Context, resource: str) -> bool:
    return bool(resource) and context.full is not None and resource != context.full.resource
