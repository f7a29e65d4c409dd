"""What a front end finds in the world after events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Account, Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import Chat, ChatKey, ChatKind
from tui_xmpp.core.contact import Contact, Presence, Show
from tui_xmpp.core.events import ChatState
from tui_xmpp.core.message import Delivery, Message
from tui_xmpp.core.room import Bookmark, Occupant, RoomState
from tui_xmpp.core.world import World, restore

ME = Address.parse("me@example.org")
AVA = Address.parse("ava@example.org")
ROOM = Address.parse("dev@rooms.example.org")
CHAT = ChatKey(ME, AVA)
GROUP = ChatKey(ME, ROOM)
NOW = datetime(2026, 11, 22, 9, 41, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return restore(
        World(),
        [
            ev.AccountAdded(Account(ME)),
            ev.RosterReplaced(ME, (Contact(ME, AVA, "Ava"),)),
            ev.ChatChanged(Chat(CHAT, ChatKind.CONTACT, number=1)),
        ],
    )


def message(minutes: int = 0, **changes: object) -> Message:
    base = Message(CHAT, NOW + timedelta(minutes=minutes), AVA, "hello", row=minutes + 1)
    return replace(base, **changes)  # type: ignore[arg-type]


def test_the_resource_with_the_highest_priority_counts_then_the_most_available(world: World) -> None:
    world.apply(ev.PresenceChanged(ME, AVA, Presence("phone", Show.AWAY, priority=5)))
    world.apply(ev.PresenceChanged(ME, AVA, Presence("desk", Show.AVAILABLE, priority=1)))
    best = world.best_presence(ME, AVA)
    assert best and best.resource == "phone"
    world.apply(ev.PresenceChanged(ME, AVA, Presence("desk", Show.DND, priority=5)))
    best = world.best_presence(ME, AVA)
    assert best and best.resource == "desk"


@pytest.mark.parametrize(
    ("groups", "heard"), [(None, True), (("Friends",), True), (("Work",), False), ((), False)]
)
def test_whose_presence_is_received(world: World, groups: tuple[str, ...] | None, heard: bool) -> None:
    world.apply(ev.ContactChanged(Contact(ME, AVA, "Ava", ("Friends",))))
    world.apply(ev.HearingChanged(ME, groups))
    assert not world.hears(ME, AVA), "nothing is received offline"
    world.apply(ev.ConnectionChanged(ME, Connection.ONLINE))
    assert world.hears(ME, AVA) is heard
    assert world.hears(ME, ME), "our own devices are heard always"


def test_leaving_takes_one_resource_away_and_a_bare_leave_takes_all(world: World) -> None:
    world.apply(ev.PresenceChanged(ME, AVA, Presence("phone")))
    world.apply(ev.PresenceChanged(ME, AVA, Presence("desk")))
    world.apply(ev.PresenceChanged(ME, AVA, Presence("desk", Show.OFFLINE)))
    assert world.best_presence(ME, AVA)
    world.apply(ev.PresenceChanged(ME, AVA, Presence("", Show.OFFLINE)))
    assert world.best_presence(ME, AVA) is None


def test_a_new_message_counts_as_unread_and_shows_as_the_newest(world: World) -> None:
    world.apply(ev.MessageKept(message(1, body="first\nsecond line", mention=True)))
    chat = world.chats[CHAT]
    assert (chat.unread, chat.mentions, chat.last_text) == (1, 1, "first")


@pytest.mark.parametrize(
    "changes",
    [{"delivery": Delivery.TAKEN, "outgoing": True}, {"body": ""}],
    ids=["own message", "nothing to read"],
)
def test_what_is_not_news_is_not_unread(world: World, changes: dict[str, object]) -> None:
    world.apply(ev.MessageKept(message(1, **changes)))
    assert world.chats[CHAT].unread == 0


def test_fetched_history_before_the_read_place_is_not_unread_but_after_it_is(world: World) -> None:
    world.apply(ev.ChatChanged(replace(world.chats[CHAT], read_at=NOW, read_row=9)))
    world.apply(ev.MessageKept(message(-5), old=True))
    assert world.chats[CHAT].unread == 0
    world.apply(ev.MessageKept(message(5), old=True))
    assert world.chats[CHAT].unread == 1


def test_an_old_message_does_not_take_the_place_of_the_newest(world: World) -> None:
    world.apply(ev.MessageKept(message(5, body="new")))
    world.apply(ev.MessageKept(message(-5, body="old"), old=True))
    assert world.chats[CHAT].last_text == "new"


def test_the_name_is_the_rosters_then_the_bookmarks_then_the_rooms_then_the_address(world: World) -> None:
    assert world.name_of(CHAT) == "Ava"
    assert world.name_of(ChatKey(ME, Address.parse("zoe@example.org"))) == "zoe@example.org"
    world.apply(ev.RoomChanged(GROUP, RoomState.JOINED, name="Developers"))
    assert world.name_of(GROUP) == "Developers"
    world.apply(ev.BookmarksChanged(ME, (Bookmark(ME, ROOM, "dev room"),)))
    assert world.name_of(GROUP) == "dev room"
    assert world.name_of(ChatKey(ME, ROOM.with_resource("bram"))) == "bram"


def test_occupants_come_rename_and_go_and_none_is_left_when_we_leave(world: World) -> None:
    world.apply(ev.RoomChanged(GROUP, RoomState.JOINED, nick="me"))
    world.apply(ev.OccupantsArrived(GROUP, (Occupant("bram"), Occupant("me"))))
    world.apply(ev.OccupantLeft(GROUP, "bram", new_nick="bram2"))
    assert set(world.rooms[GROUP].occupants) == {"bram2", "me"}
    world.apply(ev.RoomChanged(GROUP, RoomState.LEFT))
    assert not world.rooms[GROUP].occupants


def test_a_lost_link_leaves_no_stale_presence_and_no_stale_typing(world: World) -> None:
    world.apply(ev.PresenceChanged(ME, AVA, Presence("phone")))
    world.apply(ev.TypingChanged(CHAT, str(AVA), ChatState.COMPOSING))
    world.apply(ev.PresencesCleared(ME))
    assert not world.presences
    assert not world.typing


def test_a_question_is_known_until_it_is_settled(world: World) -> None:
    world.apply(ev.PasswordNeeded("q1", ME, "the server refused it"))
    assert "q1" in world.questions
    world.apply(ev.QuestionSettled("q1"))
    assert not world.questions


def test_the_reason_and_the_next_try_are_known(world: World) -> None:
    later = NOW + timedelta(seconds=5)
    world.apply(ev.ConnectionChanged(ME, Connection.WAITING, "connection refused", later))
    state = world.accounts[ME]
    assert (state.connection, state.reason, state.retry_at) == (
        Connection.WAITING,
        "connection refused",
        later,
    )


def test_the_list_of_chats_says_otr_in_words(world: World) -> None:
    world.apply(ev.MessageKept(message(1, body="?OTRv2?")))
    assert "OTR encryption" in world.chats[CHAT].last_text
