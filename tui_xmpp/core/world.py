"""The world: what is known now; `apply` is the only thing that changes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from . import events as ev
from .account import AccountState, Connection
from .address import Address
from .attachment import Transfer
from .chat import Chat, ChatKey
from .contact import Contact, Presence, Show, SubscriptionRequest
from .events import ChatState, Event
from .file_events import TransferEnded, TransferProgress
from .link import PROFILES
from .message import Delivery, Message, Place
from .openpgp import PassphraseWanted
from .otr import explained
from .room import Bookmark, Occupant, Role, Room, RoomState
from .security import ChatSecurity, Device
from .strangers import Strangers, StrangersChanged

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Key = tuple[Address, Address]
"""Account and bare address."""


@dataclass(slots=True)
class World:
    """Accounts, people, presence, chats and rooms as they are now. Messages live in the archive."""

    accounts: dict[Address, AccountState] = field(default_factory=dict)
    contacts: dict[Key, Contact] = field(default_factory=dict)
    presences: dict[Key, dict[str, Presence]] = field(default_factory=dict)
    """By resource."""
    requests: dict[Key, SubscriptionRequest] = field(default_factory=dict)
    strangers: dict[Address, Strangers] = field(default_factory=dict)
    """By account."""
    chats: dict[ChatKey, Chat] = field(default_factory=dict)
    rooms: dict[ChatKey, Room] = field(default_factory=dict)
    bookmarks: dict[Key, Bookmark] = field(default_factory=dict)
    typing: dict[ChatKey, dict[str, ChatState]] = field(default_factory=dict)
    questions: dict[str, ev.Question] = field(default_factory=dict)
    security: dict[ChatKey, ChatSecurity] = field(default_factory=dict)
    devices: dict[Key, tuple[Device, ...]] = field(default_factory=dict)
    """OMEMO devices by owner."""
    transfers: dict[str, Transfer] = field(default_factory=dict)
    """Files under way, by id."""

    def apply(self, event: Event) -> None:
        """Take in one event; events that say nothing about the present change nothing."""
        change = _CHANGES.get(type(event))
        if change is not None:
            change(self, event)

    def best_presence(self, account: Address, address: Address) -> Presence | None:
        """The resource that counts: highest priority, then most available; None: offline or unknown."""
        known = self.presences.get((account, address))
        if not known:
            return None
        return max(known.values(), key=lambda one: (one.priority, _RANK[one.show]))

    def hears(self, account: Address, address: Address) -> bool:
        """Whether the presence of somebody is received now; else it is unknown, and what is known is old."""
        state = self.accounts.get(account)
        if state is None or state.connection is not Connection.ONLINE:
            return False
        if state.heard_groups is None or address == account:
            return True
        contact = self.contacts.get((account, address))
        return contact is not None and bool(set(contact.groups).intersection(state.heard_groups))

    def name_of(self, chat: ChatKey) -> str:
        """What to call a chat: the roster's name, a nick, a bookmark's or room's name, else the address.

        As received: clean it before showing it.
        """
        contact = self.contacts.get((chat.account, chat.address))
        if contact and contact.name:
            return contact.name
        if chat.address.resource:
            return chat.address.resource
        bookmark = self.bookmarks.get((chat.account, chat.address))
        if bookmark and bookmark.name:
            return bookmark.name
        room = self.rooms.get(chat)
        if room is not None:
            return room.name or chat.address.local or str(chat.address)
        known = self.chats.get(chat)
        return (known.name if known else "") or str(chat.address)

    def open_chats(self) -> list[Chat]:
        """The chats on the list, by number."""
        return sorted((chat for chat in self.chats.values() if chat.open), key=lambda one: one.number)


_RANK = {Show.OFFLINE: 0, Show.XA: 1, Show.AWAY: 2, Show.DND: 3, Show.AVAILABLE: 4, Show.CHAT: 5}


def _account_added(world: World, event: ev.AccountAdded) -> None:
    known = world.accounts.get(event.account.address)
    if known is None:
        world.accounts[event.account.address] = AccountState(
            event.account, link=PROFILES.get(event.account.link, PROFILES["full"])
        )
    else:
        known.account = event.account


def _account_removed(world: World, event: ev.AccountRemoved) -> None:
    world.accounts.pop(event.account, None)


def _connection(world: World, event: ev.ConnectionChanged) -> None:
    state = world.accounts.get(event.account)
    if state is None:
        return
    state.connection, state.reason, state.retry_at = event.connection, event.reason, event.retry_at
    if event.connection is Connection.ONLINE:
        state.full_address = event.full_address or state.full_address


def _abilities(world: World, event: ev.AbilitiesChanged) -> None:
    state = world.accounts.get(event.account)
    if state is not None:
        state.abilities = event.abilities


def _link(world: World, event: ev.LinkChanged) -> None:
    state = world.accounts.get(event.account)
    if state is not None:
        state.link, state.link_is_automatic, state.suggested = event.profile, event.automatic, ""


def _hearing(world: World, event: ev.HearingChanged) -> None:
    state = world.accounts.get(event.account)
    if state is not None:
        state.heard_groups = event.groups


def _link_suggested(world: World, event: ev.LinkSuggested) -> None:
    state = world.accounts.get(event.account)
    if state is not None:
        state.suggested = event.profile


def _rates(world: World, event: ev.RatesChanged) -> None:
    state = world.accounts.get(event.account)
    if state is not None:
        state.rates = event.rates


def _own_presence(world: World, event: ev.OwnPresenceChanged) -> None:
    state = world.accounts.get(event.account)
    if state is not None:
        state.presence = event.presence


def _roster(world: World, event: ev.RosterReplaced) -> None:
    for key in [key for key in world.contacts if key[0] == event.account]:
        del world.contacts[key]
    for contact in event.contacts:
        world.contacts[contact.account, contact.address] = contact


def _contact(world: World, event: ev.ContactChanged) -> None:
    world.contacts[event.contact.account, event.contact.address] = event.contact


def _contact_gone(world: World, event: ev.ContactRemoved) -> None:
    world.contacts.pop((event.account, event.address), None)
    world.presences.pop((event.account, event.address), None)


def _presence(world: World, event: ev.PresenceChanged) -> None:
    key = (event.account, event.address)
    if event.presence.show is not Show.OFFLINE:
        world.presences.setdefault(key, {})[event.presence.resource] = event.presence
        return
    known = world.presences.get(key)
    if known is not None:
        # An unavailable presence from the bare address is about every resource (RFC 6121 §4.5.4).
        if event.presence.resource:
            known.pop(event.presence.resource, None)
        else:
            known.clear()
        if not known:
            del world.presences[key]


def _presences_cleared(world: World, event: ev.PresencesCleared) -> None:
    for key in [key for key in world.presences if key[0] == event.account]:
        del world.presences[key]
    for chat in [chat for chat in world.typing if chat.account == event.account]:
        del world.typing[chat]


def _requested(world: World, event: ev.SubscriptionRequested) -> None:
    world.requests[event.request.account, event.request.address] = event.request


def _settled(world: World, event: ev.SubscriptionSettled) -> None:
    world.requests.pop((event.account, event.address), None)


def _strangers(world: World, event: StrangersChanged) -> None:
    world.strangers[event.account] = event.strangers


def _chat(world: World, event: ev.ChatChanged) -> None:
    world.chats[event.chat.key] = event.chat


def _kept(world: World, event: ev.MessageKept) -> None:
    message = event.message
    chat = world.chats.get(message.chat)
    if chat is None:
        return
    now = counted(chat, message)
    # Who is left out is counted, for the day their chat is opened, and does not come on the list.
    world.chats[message.chat] = replace(now, open=chat.open) if event.left_out else now


def _typing(world: World, event: ev.TypingChanged) -> None:
    if event.state in (ChatState.COMPOSING, ChatState.PAUSED):
        world.typing.setdefault(event.chat, {})[event.who] = event.state
        return
    known = world.typing.get(event.chat)
    if known is not None:
        known.pop(event.who, None)
        if not known:
            del world.typing[event.chat]


def _room(world: World, event: ev.RoomChanged) -> None:
    room = world.rooms.setdefault(event.key, Room(event.key))
    for name in ("nick", "name", "subject", "role", "affiliation", "anonymous", "members_only", "archive"):
        value: Any = getattr(event, name)
        if value is not None:
            setattr(room, name, value)
    if event.subject is not None:
        room.subject_by = event.subject_by
    if event.state is not None:
        room.state, room.reason = event.state, event.reason
        if event.state is not RoomState.JOINED:
            room.occupants.clear()
            room.role = Role.NONE


def _occupants(world: World, event: ev.OccupantsArrived) -> None:
    room = world.rooms.setdefault(event.key, Room(event.key))
    room.occupants.update((occupant.nick, occupant) for occupant in event.occupants)


def _occupant(world: World, event: ev.OccupantChanged) -> None:
    world.rooms.setdefault(event.key, Room(event.key)).occupants[event.occupant.nick] = event.occupant


def _occupant_left(world: World, event: ev.OccupantLeft) -> None:
    room = world.rooms.get(event.key)
    if room is None:
        return
    occupant: Occupant | None = room.occupants.pop(event.nick, None)
    if occupant is not None and event.new_nick:
        room.occupants[event.new_nick] = replace(occupant, nick=event.new_nick)


def _bookmarks(world: World, event: ev.BookmarksChanged) -> None:
    for key in [key for key in world.bookmarks if key[0] == event.account]:
        del world.bookmarks[key]
    for bookmark in event.bookmarks:
        world.bookmarks[bookmark.account, bookmark.address] = bookmark


def _question(world: World, event: ev.Question) -> None:
    world.questions[event.id] = event


def _question_settled(world: World, event: ev.QuestionSettled) -> None:
    world.questions.pop(event.id, None)


def _security(world: World, event: ev.SecurityChanged) -> None:
    world.security[event.chat] = event.security


def _devices(world: World, event: ev.DevicesChanged) -> None:
    world.devices[event.account, event.owner] = event.devices


def _transfer(world: World, event: TransferProgress) -> None:
    world.transfers[event.transfer.id] = event.transfer


def _transfer_ended(world: World, event: TransferEnded) -> None:
    world.transfers.pop(event.transfer.id, None)


def counted(chat: Chat, message: Message) -> Chat:
    """The chat after one more message was kept: newest text, unread and mention counts."""
    new = message.delivery is Delivery.INCOMING and message.place > Place(
        chat.read_at or _EPOCH, chat.read_row
    )
    if not message.body and not message.subject:
        new = False
    newest = chat.last_at is None or message.at >= chat.last_at
    return replace(
        chat,
        last_at=message.at if newest else chat.last_at,
        last_text=(explained(message) or message.body).partition("\n")[0][:200] if newest else chat.last_text,
        unread=chat.unread + new,
        mentions=chat.mentions + (new and message.mention),
        open=chat.open or new,
    )


def restore(world: World, past: Iterable[Event]) -> World:
    """Apply what was remembered, for the first paint; returns the same world."""
    for event in past:
        world.apply(event)
    return world


_CHANGES: dict[type[Event], Callable[[World, Any], None]] = {
    ev.AccountAdded: _account_added,
    ev.AccountRemoved: _account_removed,
    ev.ConnectionChanged: _connection,
    ev.AbilitiesChanged: _abilities,
    ev.LinkChanged: _link,
    ev.HearingChanged: _hearing,
    ev.LinkSuggested: _link_suggested,
    ev.SecurityChanged: _security,
    ev.DevicesChanged: _devices,
    TransferProgress: _transfer,
    TransferEnded: _transfer_ended,
    ev.RatesChanged: _rates,
    ev.OwnPresenceChanged: _own_presence,
    ev.RosterReplaced: _roster,
    ev.ContactChanged: _contact,
    ev.ContactRemoved: _contact_gone,
    ev.PresenceChanged: _presence,
    ev.PresencesCleared: _presences_cleared,
    ev.SubscriptionRequested: _requested,
    ev.SubscriptionSettled: _settled,
    StrangersChanged: _strangers,
    ev.ChatChanged: _chat,
    ev.MessageKept: _kept,
    ev.TypingChanged: _typing,
    ev.RoomChanged: _room,
    ev.OccupantsArrived: _occupants,
    ev.OccupantChanged: _occupant,
    ev.OccupantLeft: _occupant_left,
    ev.BookmarksChanged: _bookmarks,
    ev.PasswordNeeded: _question,
    ev.PriceAsked: _question,
    PassphraseWanted: _question,
    ev.Invited: _question,
    ev.RoomPasswordNeeded: _question,
    ev.QuestionSettled: _question_settled,
}
