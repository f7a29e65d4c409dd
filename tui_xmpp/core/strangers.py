"""Strangers: what they may ask for at once, what of it was left out, and what a user can do about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from .address import Address
from .commands import Command
from .events import Event
from .value import value


class Want(Enum):
    """What somebody who is not on the roster can want."""

    REQUEST = "request"
    """To see our presence (RFC 6121 §3.1)."""
    INVITATION = "invitation"
    """That we enter a room (XEP-0045 §7.8, XEP-0249)."""
    CHAT = "chat"
    """To talk: they have written first, and were neither answered nor accepted."""


MOST: Mapping[Want, int] = {Want.REQUEST: 100, Want.INVITATION: 20, Want.CHAT: 50}
"""How many of each may wait for the user in one account; what comes then is left out, and counted."""
MOST_REMEMBERED = 10_000
"""Addresses of each that are remembered as left out: nobody counts twice, and all can be refused at once."""


@value
class Strangers:
    """What is known of the strangers of one account, beside the requests and invitations that wait."""

    chats: tuple[Address, ...] = ()
    """Addresses of the chats that strangers began, oldest first."""
    left_out: Mapping[Want, int] = field(default_factory=dict)
    """How many of each were left out since the program started."""
    blocked: tuple[Address, ...] = ()
    """Nothing of these is shown until the program ends: addresses, or servers (no localpart)."""


def covers(blocked: Address, address: Address) -> bool:
    """Return whether what is blocked is *address*, its bare address or its server."""
    return blocked in (address, address.bare, Address("", address.domain))


@value
class StrangersChanged(Event):
    """Something was left out, a chat of a stranger came or was settled, or somebody was blocked or let in."""

    account: Address
    strangers: Strangers


@value
class AcceptChat(Command):
    """Keep a chat that a stranger began: it counts no more as one of those that wait."""

    account: Address
    address: Address


@value
class Block(Command):
    """Show nothing of a stranger, or of the strangers of a server, until the program ends.

    What waits goes unanswered. Contacts, and chats that were answered or accepted, are as before.
    """

    account: Address
    address: Address
    """A server has no localpart."""


@value
class Unblock(Command):
    """Show again what comes from now on."""

    account: Address
    address: Address


@value
class RefuseAll(Command):
    """Refuse all strangers who want the same; requests that were left out are refused too."""

    account: Address
    want: Want
