"""Who of the strangers asks for what: requests, invitations and first messages, the newest first."""

from __future__ import annotations

from datetime import UTC, datetime

from .address import Address
from .chat import ChatKey
from .events import Invited
from .strangers import Strangers, Want
from .value import value
from .world import World

_NOTHING = Strangers()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@value
class Asking:
    """One stranger and what they want; it stays equal to itself while more is said."""

    want: Want
    account: Address
    address: Address
    """Who asks; of an invitation the room."""
    id: str = ""
    """Of the question that an invitation is."""


def waiting(world: World) -> list[Asking]:
    """Return everything of strangers that waits for the user in all accounts, the newest first."""
    found = [*_requests(world), *_invitations(world)]
    for account, strangers in world.strangers.items():
        for address in strangers.chats:
            chat = world.chats.get(ChatKey(account, address))
            if chat is not None and chat.open:
                found.append((chat.last_at, Asking(Want.CHAT, account, address)))
    # What came last stands last where nobody knows when.
    found = [(at or _EPOCH, one) for at, one in reversed(found)]
    found.sort(key=lambda item: item[0] or _EPOCH, reverse=True)
    return [one for _, one in found]


def questions(world: World) -> list[Asking]:
    """Return the requests and invitations of strangers, the oldest first."""
    return [one for _, one in (*_requests(world), *_invitations(world))]


def of(world: World, account: Address) -> Strangers:
    """Return what is known of the strangers of an account beside what waits."""
    return world.strangers.get(account, _NOTHING)


def left_out(world: World, want: Want) -> int:
    """Return how many were left out in all accounts since the start."""
    return sum(one.left_out.get(want, 0) for one in world.strangers.values())


def accounts(world: World, want: Want) -> list[Address]:
    """Return the accounts of which strangers want something that waits or was left out."""
    found = {one.account: None for one in waiting(world) if one.want is want}
    found |= {account: None for account, one in world.strangers.items() if one.left_out.get(want)}
    return list(found)


def sender(world: World, asking: Asking) -> Address | None:
    """Return who asks; None: the room does not say who invites."""
    question = world.questions.get(asking.id)
    return question.sender if isinstance(question, Invited) else asking.address


def said(world: World, asking: Asking) -> tuple[str, str]:
    """Return the nick they offer and what they say, as received: clean both before showing them."""
    if asking.want is Want.CHAT:
        chat = world.chats.get(ChatKey(asking.account, asking.address))
        return "", chat.last_text if chat else ""
    if asking.want is Want.INVITATION:
        question = world.questions.get(asking.id)
        return "", question.text if isinstance(question, Invited) else ""
    request = world.requests.get((asking.account, asking.address))
    return (request.nick, request.text) if request else ("", "")


def since(world: World, asking: Asking) -> datetime | None:
    """Return when it came, UTC; None: nobody knows."""
    if asking.want is Want.CHAT:
        chat = world.chats.get(ChatKey(asking.account, asking.address))
        return chat.last_at if chat else None
    if asking.want is Want.INVITATION:
        question = world.questions.get(asking.id)
        return question.at if isinstance(question, Invited) else None
    request = world.requests.get((asking.account, asking.address))
    return request.at if request else None


def _requests(world: World) -> list[tuple[datetime | None, Asking]]:
    return [
        (request.at, Asking(Want.REQUEST, account, address))
        for (account, address), request in world.requests.items()
        if (account, address) not in world.contacts
    ]


def _invitations(world: World) -> list[tuple[datetime | None, Asking]]:
    return [
        (question.at, Asking(Want.INVITATION, question.account, question.room, id))
        for id, question in world.questions.items()
        if isinstance(question, Invited) and not question.known
    ]
