from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import pytest

from tests.cli.scripted_engine import NOON, ScriptedEngine, message
from tui_xmpp.cli import demo_cast as cast
from tui_xmpp.cli.demo_bots import ROOM, USER, Bots, Pace
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.contact import Presence, Show, SubscriptionRequest
from tui_xmpp.core.message import MessageType

AT_ONCE = Pace(read=0, type=0, presence=3600, room=3600, guest=0)


def bot(user: str) -> Address:
    return Address.parse(cast.address(user))


ALL = [bot(one.user) for one in cast.CONTACTS] + [bot(guest) for guest in cast.GUESTS]


@pytest.fixture
async def engine() -> AsyncIterator[ScriptedEngine]:
    engine = ScriptedEngine(*ALL, online=False)
    running = asyncio.ensure_future(Bots(engine, AT_ONCE).run())
    await until(lambda: bool(engine.subscribers))
    yield engine
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def until(done: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if done():
            return
        await asyncio.sleep(0)
    raise AssertionError("It did not happen.")


def arrive(engine: ScriptedEngine, *users: str) -> None:
    for user in users:
        engine.emit(ev.ConnectionChanged(bot(user), Connection.ONLINE))


def write_to(engine: ScriptedEngine, user: str, body: str = "hello there") -> ChatKey:
    chat = ChatKey(bot(user), USER)
    engine.emit(ev.MessageKept(message(body, chat=chat, sender=USER, row=7, at=NOON)))
    return chat


def see_user(engine: ScriptedEngine, by: str) -> None:
    engine.emit(ev.PresenceChanged(bot(by), USER, Presence("tui")))


async def test_ava_says_back_what_she_hears(engine: ScriptedEngine) -> None:
    chat = write_to(engine, "ava", "one\ntwo")
    await until(lambda: bool(engine.done(cmd.SendMessage)))
    assert engine.commands == [cmd.MarkRead(chat, 7), cmd.SendMessage(chat, "one\ntwo")]


async def test_bram_reads_types_and_then_answers(engine: ScriptedEngine) -> None:
    chat = write_to(engine, "bram")
    await until(lambda: bool(engine.done(cmd.SendMessage)))
    assert [type(one) for one in engine.commands] == [cmd.MarkRead, cmd.SetTyping, cmd.SendMessage]
    assert engine.done(cmd.SetTyping) == [cmd.SetTyping(chat, True)]


async def test_nobody_answers_own_or_old_messages_or_other_bots(engine: ScriptedEngine) -> None:
    chat = ChatKey(bot("ava"), USER)
    room = ChatKey(bot("ava"), ROOM)
    engine.emit(
        ev.MessageKept(message("own", chat=chat, outgoing=True)),
        ev.MessageKept(message("old", chat=chat), old=True),
        ev.MessageKept(message("room", chat=room, type=MessageType.GROUPCHAT)),
        ev.MessageKept(message("bot", chat=ChatKey(bot("ava"), bot("bram")))),
        ev.MessageKept(message("error", chat=chat, type=MessageType.ERROR)),
    )
    last = write_to(engine, "ava", "now")
    await until(lambda: bool(engine.done(cmd.SendMessage)))
    assert engine.done(cmd.SendMessage) == [cmd.SendMessage(last, "now")]


async def test_the_contacts_take_their_places_when_they_arrive(engine: ScriptedEngine) -> None:
    arrive(engine, "ava", "chiara", "dmitri")
    arrive(engine, "ava", "chiara", "dmitri")
    await until(lambda: len(engine.done(cmd.JoinRoom)) == 3 and len(engine.done(cmd.SetPresence)) == 2)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(engine.commands) == 5
    shows = {one.account.local: one.show for one in engine.done(cmd.SetPresence)}
    assert shows == {"dmitri": Show.AWAY, "chiara": Show.AVAILABLE}
    assert {(one.room, one.nick) for one in engine.done(cmd.JoinRoom)} == {
        (ROOM, nick) for nick in ("ava", "chiara", "dmitri")
    }


async def test_guests_come_only_when_the_user_is_there_and_once(engine: ScriptedEngine) -> None:
    arrive(engine, "ava")
    await until(lambda: bool(engine.done(cmd.JoinRoom)))
    assert not engine.done(cmd.Connect)
    see_user(engine, "ava")
    see_user(engine, "bram")
    await until(lambda: len(engine.done(cmd.Connect)) == 1 + len(cast.GUESTS))
    assert {one.account.local for one in engine.done(cmd.Connect)} == {cast.STRANGER, *cast.GUESTS}


async def test_each_greets_once(engine: ScriptedEngine) -> None:
    see_user(engine, "ava")
    see_user(engine, "ava")
    see_user(engine, "chiara")
    write_to(engine, "ava", "last")
    await until(lambda: len(engine.done(cmd.SendMessage)) == 2)
    assert [one.body for one in engine.done(cmd.SendMessage)] == [cast.CONTACTS[0].greeting, "last"]


async def test_elif_asks_to_be_added_and_stays_out_of_the_room(engine: ScriptedEngine) -> None:
    arrive(engine, cast.STRANGER)
    await until(lambda: bool(engine.commands))
    (asking,) = engine.commands
    assert asking == cmd.AddContact(bot(cast.STRANGER), USER, name="Alice", text=cast.REQUEST)


async def test_a_request_of_the_user_is_approved(engine: ScriptedEngine) -> None:
    engine.emit(ev.SubscriptionRequested(SubscriptionRequest(bot("elif"), USER)))
    await until(lambda: bool(engine.commands))
    assert engine.commands == [cmd.ApproveSubscription(bot("elif"), USER)]


def test_twenty_are_in_the_room() -> None:
    contacts = [one for one in cast.CONTACTS if one.user != cast.STRANGER]
    assert 1 + len(contacts) + len(cast.GUESTS) == 20
    assert {one.group for one in contacts} == {"Family", "Work"}


def test_the_past_is_in_order_and_over() -> None:
    for past, length in (
        (list(cast.private_history(NOON)), cast.HISTORY_LENGTH),
        (list(cast.room_history(NOON)), cast.ROOM_HISTORY_LENGTH),
    ):
        moments = [one[0] for one in past]
        assert len(moments) == length
        assert moments == sorted(moments)
        assert moments[-1] < NOON


def test_no_screenful_of_the_past_says_anything_twice() -> None:
    for said in (
        [text for _, _, text in cast.private_history(NOON)],
        [text for _, _, text in cast.room_history(NOON)],
    ):
        for at in range(len(said) - 40):
            screenful = said[at : at + 40]
            assert len(set(screenful)) == 40, screenful


def test_nobody_in_the_room_answers_themselves() -> None:
    past = list(cast.room_history(NOON))
    pairs = [(one[1], one[2]) for one in past]
    again = [b for a, b in pairwise(pairs) if a[0] == b[0]]
    assert len(again) < len(pairs) // 8


def test_the_chat_with_ava_shows_what_chats_are_made_of() -> None:
    assert any(one.answers is not None for one in cast.TALK)
    assert any(one.reaction for one in cast.TALK)
    assert any(one.corrected for one in cast.TALK)
