"""Why somebody is not in a room, in sentences that say what to do. Not cleaned: rooms put words in."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..core.address import Address
from . import convert
from .muc import MAX_REASON, RoomPresence, Status

NO_ANSWER = "The room did not answer. Check its address, or try again later."
NO_ROOM = "This is the address of no room. Rooms look like name@rooms.example.org."
PASSWORD_WANTED = "The room wants a password."
TOO_DEAR = "Not joined, because of what it would cost. /join asks again."
PASSWORD_WRONG = "The room did not accept the password."

_REFUSALS = {
    # XEP-0045 §10.1.1: also what a new room answers until its owner has set it up.
    "item-not-found": "There is no such room, or it is not ready yet. Check the address, or try again.",
    "forbidden": "You are banned from this room. Ask its owner to let you in again.",
    "registration-required": "Only members may enter this room. Ask its owner to make you one.",
    "not-authorized": PASSWORD_WANTED,
    "not-allowed": "There is no such room and you may not make new ones there. Check the address.",
    "not-acceptable": "The room knows you by another nick. Join with the nick you are registered with there.",
    "jid-malformed": "The room does not take this nick. Join with another one.",
    "service-unavailable": "The room is full, or no rooms are kept at that address. Try again later.",
    "resource-constraint": "The room is too busy now. Try again later.",
    "remote-server-timeout": "The room's server does not answer. Try again later.",
    "policy-violation": "The room's server does not want so many joins at once. Try again later.",
}

TEMPORARY = frozenset(
    {"timeout", "remote-server-timeout", "resource-constraint", "internal-server-error", "policy-violation"}
)
"""Conditions that pass by themselves: the room is tried again."""


def refusal(condition: str, error: ET.Element | None, room: Address, nick: str) -> str:
    """Why the room did not let us in (XEP-0045 §7.2)."""
    if condition == "conflict":
        return f"The nick {nick} is taken in this room. Join with another one: /join {room} {nick}_"
    if condition == "remote-server-not-found":
        return f"There is no server {room.domain}, or it cannot be reached. Check the room's address."
    if condition == "timeout":
        return NO_ANSWER
    if condition == "gone":
        return closed("", _new_place(error))
    known = _REFUSALS.get(condition)
    if known is None:
        return f"The room refused you. {convert.sentence(error)}"
    said = "" if error is None else convert.text_of(error, "text", convert.STANZAS).strip()[:MAX_REASON]
    return f"{known} It said: {said}" if said else known


def closed(reason: str, alternative: Address | None) -> str:
    """A room was destroyed (XEP-0045 §10.9)."""
    why = f"The room was closed for good: {reason}." if reason else "The room was closed for good."
    return f"{why} It goes on in {alternative}: /join {alternative}" if alternative else why


def departure(presence: RoomPresence) -> str:
    """Why an occupant left; empty: of their own will."""
    by = f" by {presence.actor}" if presence.actor else ""
    why = f": {presence.reason}" if presence.reason else ""
    statuses = presence.statuses
    if Status.BANNED in statuses:
        return f"banned{by}{why}"
    if Status.LOST in statuses:
        return f"lost the connection{why}"
    if Status.KICKED in statuses:
        return f"kicked{by}{why}"
    if Status.NO_MEMBER in statuses:
        return f"no member any more{by}{why}"
    if Status.MEMBERS_ONLY_NOW in statuses:
        return f"the room is for members only now{why}"
    if Status.SHUTDOWN in statuses:
        return f"the room's server is shutting down{why}"
    return ""


def removal(presence: RoomPresence) -> str:
    """Why we are not in the room any more, and what to do; empty: we left by ourselves."""
    by = f" by {presence.actor}" if presence.actor else ""
    why = f": {presence.reason}." if presence.reason else "."
    statuses = presence.statuses
    if presence.destroyed:
        return closed(presence.reason, presence.alternative)
    if Status.BANNED in statuses:
        return f"You were banned{by}{why} Ask the room's owner to let you in again."
    if Status.LOST in statuses:
        return "The room lost the connection to you. It is joined again soon."
    if Status.KICKED in statuses:
        return f"You were kicked{by}{why} You can join again."
    if Status.NO_MEMBER in statuses:
        return f"You are no member of this room any more{why} Ask its owner to make you one again."
    if Status.MEMBERS_ONLY_NOW in statuses:
        return f"The room is for members only now{why} Ask its owner to make you one."
    if Status.SHUTDOWN in statuses:
        return "The room's server is shutting down. The room is joined again when it is back."
    return ""


def is_passing(presence: RoomPresence) -> bool:
    """Whether we were removed for a reason that passes by itself."""
    return not presence.destroyed and bool({Status.LOST, Status.SHUTDOWN} & presence.statuses)


def _new_place(error: ET.Element | None) -> Address | None:
    if error is None:
        return None
    text = convert.text_of(error, "gone", convert.STANZAS).strip()
    return convert.address(text.removeprefix("xmpp:").partition("?")[0])
