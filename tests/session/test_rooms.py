"""Rooms on a scripted wire: being inside, getting out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.session.room_script import (
    answer,
    error,
    info,
    join,
    presence,
    presences,
    refusal,
)
from tests.session.wire import ANNA, CARL, IN_ROOM, ROOM, Wire, text
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey, ChatKind
from tui_xmpp.core.commands import (
    ChangeNick,
    CloseChat,
    LeaveRoom,
    SendMessage,
    SetPresence,
    SetSubject,
)
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import (
    MessageKept,
    Notice,
    OccupantLeft,
)
from tui_xmpp.core.message import Delivery
from tui_xmpp.core.room import RoomState
from tui_xmpp.core.settings import Attention, Encryption, Settings
from tui_xmpp.session.features.self_ping import SelfPing

WITH_ZOE = ChatKey(ANNA, Address.parse(f"{ROOM}/zoe"))


def state(wire: Wire, key: ChatKey = IN_ROOM) -> RoomState:
    return wire.world.rooms[key].state


def reason(wire: Wire) -> str:
    return wire.world.rooms[IN_ROOM].reason


# --- inside ---------------------------------------------------------------------------------------


async def test_presence_of_a_room_we_are_not_in_is_dropped(wire: Wire) -> None:
    wire.befriend(CARL)
    wire.events.clear()
    await wire.take(presence("eve"))
    assert not wire.events and not wire.world.rooms


async def test_a_crowd_with_long_stories_does_not_fill_the_memory(wire: Wire) -> None:
    await join(wire)
    long = "x" * 100_000
    extra = f"<status>{long}</status><occupant-id xmlns='urn:xmpp:occupant-id:0' id='{long}'/>"
    await wire.take(presence("zoe", extra=extra))
    zoe = wire.world.rooms[IN_ROOM].occupants["zoe"]
    assert len(zoe.status) == 1000 and zoe.occupant_id == ""
    await wire.take(presence("zoe", 307, kind="unavailable", inside=f"<reason>{long}</reason>"))
    assert len(wire.happened(OccupantLeft)[-1].reason) < 1000


async def test_a_message_of_a_room_we_are_not_in_is_dropped(wire: Wire) -> None:
    await wire.take(f"<message from='{ROOM}/eve' type='groupchat' id='1'><body>hi</body></message>")
    await wire.take(
        f"<message from='{ROOM}/eve' type='chat' id='2'><body>hi</body>"
        "<x xmlns='http://jabber.org/protocol/muc#user'/></message>"
    )
    assert not wire.happened(MessageKept)


async def test_a_message_has_nick_and_occupant_id(wire: Wire) -> None:
    await join(wire, "zoe")
    await wire.take(
        f"<message from='{ROOM}/zoe' type='groupchat' id='1'><body>hi</body>"
        "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='oz'/>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' id='a1' by='{ROOM}'/></message>"
    )
    kept = wire.messages(IN_ROOM)[-1]
    assert (kept.nick, kept.occupant_id, kept.archive_id) == ("zoe", "oz", "a1")


@pytest.mark.parametrize(
    ("body", "expected"),
    [("Anna: look", True), ("the tulips bloom", True), ("annabel", False), ("nobody", False)],
)
async def test_a_mention_is_the_whole_nick_or_a_word_of_the_user(
    tmp_path: Path, body: str, expected: bool
) -> None:
    wire = Wire(
        tmp_path, settings=Settings(notify=Attention(words=("tulips",)), encryption=Encryption(omemo=False))
    )
    await wire.online()
    await join(wire, "zoe")
    await wire.take(f"<message from='{ROOM}/zoe' type='groupchat' id='1'><body>{body}</body></message>")
    assert wire.messages(IN_ROOM)[-1].mention is expected
    assert wire.world.chats[IN_ROOM].mentions == expected
    await wire.close()


async def test_our_own_message_comes_back_once_and_is_taken(wire: Wire) -> None:
    await join(wire)
    sent = (await wire.do(SendMessage(IN_ROOM, "hello all")))[0]
    assert sent.get("type") == "groupchat" and text(sent) == "hello all"
    await wire.take(
        f"<message from='{ROOM}/anna' type='groupchat' id='{sent.get('id')}'><body>hello all</body>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' id='a9' by='{ROOM}'/></message>"
    )
    (kept,) = wire.messages(IN_ROOM)
    assert (kept.delivery, kept.archive_id, kept.outgoing) == (Delivery.TAKEN, "a9", True)
    assert wire.world.chats[IN_ROOM].unread == 0


async def test_the_subject_as_it_stands_is_no_message_but_its_change_is(wire: Wire) -> None:
    await join(wire, "zoe")
    room = wire.world.rooms[IN_ROOM]
    assert room.subject == "Spring" and not wire.messages(IN_ROOM)
    await wire.take(f"<message from='{ROOM}/zoe' type='groupchat' id='s'><subject>Summer</subject></message>")
    assert (room.subject, room.subject_by) == ("Summer", "zoe")
    assert [one.subject for one in wire.messages(IN_ROOM)] == ["Summer"]
    await wire.take(
        f"<message from='{ROOM}/zoe' type='groupchat' id='t'>"
        "<subject>Not one</subject><body>text</body></message>"
    )
    assert room.subject == "Summer"


async def test_a_subject_is_set(wire: Wire) -> None:
    await join(wire)
    sent = (await wire.do(SetSubject(IN_ROOM, "Autumn")))[0]
    assert (sent.get("to"), sent.get("type")) == (str(ROOM), "groupchat")
    assert sent.findtext("{jabber:client}subject") == "Autumn" and sent.find("{jabber:client}body") is None


async def test_a_refused_subject_is_said(wire: Wire) -> None:
    await join(wire)
    (sent,) = await wire.do(SetSubject(IN_ROOM, "Autumn"))
    await wire.take(
        f"<message from='{ROOM}' type='error' id='{sent.get('id')}'>{error('forbidden')}</message>"
    )
    (notice,) = wire.happened(Notice)
    assert "subject was not changed" in notice.text and notice.chat == IN_ROOM
    assert wire.world.rooms[IN_ROOM].subject == "Spring" and not wire.messages(IN_ROOM)


async def test_a_room_that_forgot_us_is_joined_again_when_it_refuses_a_message(wire: Wire) -> None:
    await join(wire)
    sent = (await wire.do(SendMessage(IN_ROOM, "hello")))[0]
    await wire.take(
        f"<message from='{ROOM}' type='error' id='{sent.get('id')}'>{error('not-acceptable')}</message>"
    )
    assert wire.messages(IN_ROOM)[0].delivery is Delivery.FAILED
    assert state(wire) is RoomState.JOINING


async def test_a_private_message_has_its_own_chat(wire: Wire) -> None:
    await join(wire, "zoe")
    await wire.take(
        f"<message from='{ROOM}/zoe' type='chat' id='1'><body>psst</body>"
        "<x xmlns='http://jabber.org/protocol/muc#user'/></message>"
    )
    kept = wire.messages(WITH_ZOE)[-1]
    assert (kept.body, kept.nick) == ("psst", "zoe")
    assert wire.world.chats[WITH_ZOE].kind is ChatKind.PRIVATE
    sent = (await wire.do(SendMessage(WITH_ZOE, "what?")))[0]
    assert (sent.get("to"), sent.get("type")) == (f"{ROOM}/zoe", "chat")
    assert sent.find("{http://jabber.org/protocol/muc#user}x") is not None


async def test_a_change_of_nick_is_asked_for_and_followed(wire: Wire) -> None:
    await join(wire, "zoe")
    (sent,) = await wire.do(ChangeNick(IN_ROOM, "anne"))
    assert sent.get("to") == f"{ROOM}/anne"
    await wire.take(presence("anna", 303, 110, kind="unavailable", item="nick='anne' role='participant'"))
    await wire.take(presence("anne", 110))
    room = wire.world.rooms[IN_ROOM]
    assert room.nick == "anne" and set(room.occupants) == {"anne", "zoe"}
    assert room.state is RoomState.JOINED
    await wire.take(presence("zoe", 303, kind="unavailable", item="nick='zoë' role='participant'"))
    assert wire.happened(OccupantLeft)[-1].new_nick == "zoë"
    assert "zoë" in room.occupants


async def test_a_taken_nick_is_said_and_changes_nothing(wire: Wire) -> None:
    await join(wire, "zoe")
    await wire.do(ChangeNick(IN_ROOM, "zoe"))
    await wire.take(refusal("conflict", nick="zoe"))
    assert "taken" in wire.happened(Notice)[-1].text
    room = wire.world.rooms[IN_ROOM]
    assert (room.nick, room.state) == ("anna", RoomState.JOINED)


async def test_rooms_hear_of_our_presence(wire: Wire) -> None:
    await join(wire)
    await wire.do(SetPresence(Show.AWAY, "lunch", account=ANNA))
    (sent,) = presences(wire, f"{ROOM}/anna")
    assert (
        sent.findtext("{jabber:client}show") == "away" and sent.findtext("{jabber:client}status") == "lunch"
    )


@pytest.mark.parametrize(
    ("code", "inside", "words"),
    [
        (307, "<actor nick='ava'/><reason>flood</reason>", "kicked by ava: flood"),
        (301, "<reason>spam</reason>", "banned: spam"),
        (321, "", "no member any more"),
        (322, "", "members only"),
        (332, "", "shutting down"),
    ],
)
async def test_it_is_said_why_somebody_went(wire: Wire, code: int, inside: str, words: str) -> None:
    await join(wire, "zoe")
    await wire.take(presence("zoe", code, kind="unavailable", item="role='none'", inside=inside))
    assert words in wire.happened(OccupantLeft)[-1].reason
    assert "zoe" not in wire.world.rooms[IN_ROOM].occupants
    await wire.take(presence("anna", code, 110, kind="unavailable", item="role='none'", inside=inside))
    assert state(wire) is RoomState.FAILED and reason(wire)
    assert not wire.world.rooms[IN_ROOM].occupants


async def test_a_room_that_is_destroyed_under_us(wire: Wire) -> None:
    await join(wire)
    await wire.take(
        f"<presence from='{ROOM}/anna' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'>"
        "<item affiliation='none' role='none'/>"
        "<destroy jid='meadow@rooms.example.org'><reason>moved</reason></destroy>"
        "<status code='110'/></x></presence>"
    )
    assert "moved" in reason(wire) and "/join meadow@rooms.example.org" in reason(wire)


# --- getting out, and back ------------------------------------------------------------------------


@pytest.mark.parametrize("command", [LeaveRoom(IN_ROOM, "bye"), CloseChat(IN_ROOM)])
async def test_leaving(wire: Wire, command: LeaveRoom | CloseChat) -> None:
    await join(wire, "zoe")
    await wire.do(command)
    (sent,) = presences(wire, f"{ROOM}/anna")
    assert sent.get("type") == "unavailable"
    assert state(wire) is RoomState.LEFT
    await wire.take(presence("zoe"))
    assert not wire.world.rooms[IN_ROOM].occupants
    wire.lose()
    await wire.online()
    assert state(wire) is RoomState.LEFT


async def test_after_a_new_sign_in_the_room_is_joined_again_and_what_waited_is_sent(wire: Wire) -> None:
    await join(wire, "zoe")
    wire.lose()
    assert state(wire) is RoomState.QUEUED and not wire.world.rooms[IN_ROOM].occupants
    await wire.do(SendMessage(IN_ROOM, "still here?"))
    await wire.online(answers=False)
    await answer(wire, room=info())
    bodies = [one for one in wire.stream.written if one.tag == "{jabber:client}message"]
    assert state(wire) is RoomState.JOINING and not bodies
    await wire.take(presence("anna", 110))
    await answer(wire, room=None)
    bodies = [one for one in wire.stream.written if one.tag == "{jabber:client}message"]
    assert [text(one) for one in bodies] == ["still here?"]


async def _silence(wire: Wire) -> str | None:
    feature = next(one for one in wire.account.features if isinstance(one, SelfPing))
    wire.account.spawn(feature.check())
    await wire.settle()
    pings = [one for one in wire.requests() if one.find("{urn:xmpp:ping}ping") is not None]
    return pings[0].get("to") if pings else None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("not-acceptable", RoomState.JOINING),
        ("service-unavailable", RoomState.JOINED),
        ("", RoomState.JOINED),
    ],
)
async def test_a_silent_room_is_pinged_and_joined_again_if_it_forgot_us(
    wire: Wire, condition: str, expected: RoomState
) -> None:
    await join(wire)
    assert await _silence(wire) is None
    wire.clock.turn(901)
    assert await _silence(wire) == f"{ROOM}/anna"
    ping = await wire.request("{urn:xmpp:ping}ping")
    wire.answer(ping, error(condition) if condition else "", "error" if condition else "result")
    await wire.settle()
    assert state(wire) is expected
