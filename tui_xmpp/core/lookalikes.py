"""Warnings about addresses and nicks that look like those of somebody else."""

from __future__ import annotations

from .address import Address
from .chat import ChatKey
from .confusable import difference, lookalike
from .text import clean_line
from .world import World


def of_address(world: World, account: Address, address: Address) -> str:
    """Return a sentence where *address* looks like that of a contact or like our own; else nothing.

    Whoever is on the roster themselves was looked at when they were added.
    """
    if (account, address.bare) in world.contacts or address.bare == account:
        return ""
    text = str(address.bare)
    found = lookalike(text, (str(account), *(str(one) for own, one in world.contacts if own == account)))
    return f"{clean_line(text)} is not {clean_line(found)}: {difference(text, found)}." if found else ""


def of_nick(world: World, room: ChatKey, nick: str) -> str:
    """Return a sentence where *nick* looks like ours or that of another occupant; else nothing."""
    known = world.rooms.get(room)
    if known is None:
        return ""
    found = lookalike(nick, (known.nick, *known.occupants))
    return f"{clean_line(nick)} is not {clean_line(found)}: {difference(nick, found)}." if found else ""
