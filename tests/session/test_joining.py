"""Rooms on a scripted wire: getting in, or not."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree as ET

import pytest

from tests.session.room_script import (
    INFO,
    answer,
    ask,
    error,
    info,
    join,
    presence,
    presences,
    refusal,
)
from tests.session.wire import ANNA, BERT, IN_ROOM, ROOM, Wire
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey, ChatKind
from tui_xmpp.core.commands import (
    Answer,
    JoinRoom,
    Refused,
    SetPresence,
)
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import (
    Notice,
    OccupantChanged,
    OccupantsArrived,
    RoomChanged,
    RoomPasswordNeeded,
    RoomsProgress,
)
from tui_xmpp.core.room import Affiliation, Role, RoomState
from tui_xmpp.session.features import joining
from tui_xmpp.session.timing import LinkTiming

MUC = "{http://jabber.org/protocol/muc}"


def state(wire: Wire, key: ChatKey = IN_ROOM) -> RoomState:
    return wire.world.rooms[key].state


def reason(wire: Wire) -> str:
    return wire.world.rooms[IN_ROOM].reason


async def test_a_room_whose_archive_is_known_is_joined_without_its_history(wire: Wire) -> None:
    wire.archive.set_newest_archive_id(ANNA, "a1", wire.clock.now(), IN_ROOM)
    sent = await ask(wire, nick="Ännchen", password="tulip")
    assert sent.get("to") == f"{ROOM}/Ännchen"
    asked = sent.find(f"{MUC}x")
    assert asked is not None
    history = asked.find(f"{MUC}history")
    assert history is not None and history.attrib == {"maxstanzas": "0"}
    assert asked.findtext(f"{MUC}password") == "tulip"
    assert state(wire) is RoomState.JOINING
    chat = wire.world.chats[IN_ROOM]
    assert chat.open and chat.kind is ChatKind.ROOM


@pytest.mark.parametrize("link", ["full", "mobile"])
async def test_a_room_with_an_archive_is_asked_for_a_little_history_the_first_time(
    wire: Wire, link: str
) -> None:
    wire.account.pacing.use(link)
    history = (await ask(wire)).find(f"{MUC}x/{MUC}history")
    assert history is not None and history.get("maxstanzas") == {"full": "20", "mobile": "0"}[link]


async def test_a_room_without_an_archive_is_asked_for_a_little_history(wire: Wire) -> None:
    sent = await ask(wire, answer=info(features=()))
    history = sent.find(f"{MUC}x/{MUC}history")
    assert history is not None and history.get("maxstanzas") == "20"


async def test_the_name_of_a_room_is_prepared(wire: Wire) -> None:
    await wire.do(JoinRoom(ANNA, Address.parse("GARDEN@Rooms.Example.org/anna")))
    assert (await wire.request(INFO)).get("to") == str(ROOM)


async def test_occupants_come_in_one_batch_and_then_one_by_one(wire: Wire) -> None:
    await ask(wire)
    for number in range(2000):
        wire.hear(presence(f"n{number}"))
    wire.hear(presence("anna", 110, item="affiliation='owner' role='moderator'"))
    await wire.settle()
    arrived = wire.happened(OccupantsArrived)
    assert [len(one.occupants) for one in arrived] == [2001]
    assert not wire.happened(OccupantChanged)
    room = wire.world.rooms[IN_ROOM]
    assert room.state is RoomState.JOINED and len(room.occupants) == 2001
    assert (room.name, room.role, room.affiliation) == ("The Garden", Role.MODERATOR, Affiliation.OWNER)
    assert room.archive and room.anonymous and not room.members_only
    await wire.take(presence("late"))
    assert [(one.occupant.nick, one.joined) for one in wire.happened(OccupantChanged)] == [("late", True)]


async def test_an_occupant_is_read_whole(wire: Wire) -> None:
    await join(wire)
    await wire.take(
        presence(
            "zoe",
            item=f"affiliation='admin' role='moderator' jid='{BERT}/x'",
            extra="<show>dnd</show><status>busy</status>"
            "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='oz'/>",
        )
    )
    zoe = wire.world.rooms[IN_ROOM].occupants["zoe"]
    assert (zoe.role, zoe.affiliation, zoe.show, zoe.status, zoe.address, zoe.occupant_id) == (
        Role.MODERATOR,
        Affiliation.ADMIN,
        Show.DND,
        "busy",
        BERT.with_resource("x"),
        "oz",
    )


async def test_an_occupant_id_is_not_believed_where_the_room_does_not_vouch(wire: Wire) -> None:
    await join(wire, answer=info(features=("urn:xmpp:mam:2",)))
    forged = "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>"
    await wire.take(presence("zoe", extra=forged))
    await wire.take(f"<message from='{ROOM}/zoe' type='groupchat' id='m'><body>x</body>{forged}</message>")
    assert wire.world.rooms[IN_ROOM].occupants["zoe"].occupant_id == ""
    assert wire.messages(IN_ROOM)[-1].occupant_id == ""


async def test_the_room_may_give_us_another_nick(wire: Wire) -> None:
    await ask(wire, nick="anna")
    await wire.take(presence("Anna (guest)", 110, 210))
    assert wire.world.rooms[IN_ROOM].nick == "Anna (guest)"
    assert state(wire) is RoomState.JOINED


async def test_a_new_room_is_opened_to_others_and_the_user_is_told(wire: Wire) -> None:
    await wire.do(JoinRoom(ANNA, ROOM))
    wire.answer(await wire.request(INFO), error("item-not-found"), "error")
    await wire.settle()
    wire.hear(presence("anna", 110, 201, item="affiliation='owner' role='moderator'"))
    form = await wire.request("{http://jabber.org/protocol/muc#owner}query")
    assert form.get("to") == str(ROOM) and form.find(".//{jabber:x:data}x[@type='submit']") is not None
    wire.answer(form)
    await wire.settle()
    assert state(wire) is RoomState.JOINED
    assert any("was made for you" in one.text for one in wire.happened(Notice))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("item-not-found", "no such room"),
        ("forbidden", "banned"),
        ("registration-required", "Only members"),
        ("conflict", f"/join {ROOM} anna_"),
        ("service-unavailable", "full"),
        ("not-allowed", "may not make new ones"),
        ("remote-server-not-found", "rooms.example.org"),
        ("undefined-condition", "refused"),
    ],
)
async def test_a_refusal_says_why_and_what_to_do(wire: Wire, condition: str, words: str) -> None:
    await ask(wire)
    await wire.take(refusal(condition))
    assert state(wire) is RoomState.FAILED
    assert words in reason(wire)


async def test_a_destroyed_room_names_where_it_goes_on(wire: Wire) -> None:
    await ask(wire)
    await wire.take(refusal("gone", extra="xmpp:meadow@rooms.example.org?join"))
    assert "/join meadow@rooms.example.org" in reason(wire)


async def test_a_server_that_is_not_there_is_said_before_the_join(wire: Wire) -> None:
    await wire.do(JoinRoom(ANNA, ROOM))
    wire.answer(await wire.request(INFO), error("remote-server-not-found"), "error")
    await wire.settle()
    assert state(wire) is RoomState.FAILED and "rooms.example.org" in reason(wire)
    assert not presences(wire)


async def test_a_person_is_no_room(wire: Wire) -> None:
    await wire.do(JoinRoom(ANNA, BERT))
    person = info().replace("conference", "account")
    wire.answer(await wire.request(INFO), person)
    await wire.settle()
    assert state(wire, ChatKey(ANNA, BERT)) is RoomState.FAILED
    assert not presences(wire)


async def test_a_room_that_does_not_answer_fails_and_is_tried_again(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LinkTiming, "silence", 0.0)
    monkeypatch.setattr(joining, "retry_after", lambda tries: 0.0)
    await wire.do(JoinRoom(ANNA, ROOM))
    wire.answer(await wire.request(INFO), info())
    await wire.until(lambda: len(presences(wire, f"{ROOM}/anna")) == 2)
    failed = [one for one in wire.happened(RoomChanged) if one.state is RoomState.FAILED]
    assert "did not answer" in failed[0].reason


async def test_a_room_that_goes_on_telling_is_waited_for(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred occupants are 64 kB: 200 seconds at 2,400 bit/s."""
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(LinkTiming, "silence", 0.05)
    monkeypatch.setattr(joining, "retry_after", lambda tries: 1e6)
    wire.stream.heard_at = -1e6
    await ask(wire)
    began, number = loop.time(), 0

    def told_for_long() -> bool:
        nonlocal number
        number += 1
        wire.hear(presence(f"guest {number}"))
        return loop.time() - began > 0.25

    await wire.until(told_for_long)
    assert state(wire) is RoomState.JOINING
    await wire.until(lambda: state(wire) is RoomState.FAILED)
    assert "did not answer" in reason(wire)


async def test_a_room_is_waited_for_behind_what_else_the_link_brings(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not for ever: ten times as long."""
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(LinkTiming, "silence", 0.03)
    monkeypatch.setattr(joining, "retry_after", lambda tries: 1e6)
    await ask(wire)
    began = loop.time()

    def failed() -> bool:
        wire.stream.heard_at = loop.time()
        return state(wire) is RoomState.FAILED

    await wire.until(failed)
    assert 0.25 < loop.time() - began < 1.0


async def test_another_try_at_the_very_moment_of_a_refusal_is_made(wire: Wire) -> None:
    await ask(wire, nick="Dora")
    # The room's answer and the user's next command come before anything else has its turn.
    stream = ET.fromstring(f"<stream xmlns='jabber:client'>{refusal('conflict', nick='Dora')}</stream>")
    wire.account.inbox.replay(stream[0])
    assert state(wire) is RoomState.FAILED
    await wire.do(JoinRoom(ANNA, ROOM, "Ann"))
    await wire.settle()
    assert presences(wire)[-1].get("to") == f"{ROOM}/Ann" and state(wire) is RoomState.JOINING


async def test_a_refusal_for_good_ends_the_tries(wire: Wire) -> None:
    await ask(wire)
    await wire.take(refusal("resource-constraint"))
    wire.lose()
    await wire.online(answers=False)
    await answer(wire, room=info())
    assert state(wire) is RoomState.JOINING
    await wire.take(refusal("forbidden"))
    wire.lose()
    await wire.online()
    assert state(wire) is RoomState.FAILED and "banned" in reason(wire)


async def test_a_password_is_asked_for_and_used(wire: Wire) -> None:
    await ask(wire)
    await wire.take(refusal("not-authorized"))
    question = wire.happened(RoomPasswordNeeded)[0]
    assert question.room == ROOM and state(wire) is RoomState.FAILED
    await wire.do(Answer(question.id, yes=True, text="tulip"))
    assert not wire.world.questions
    await wire.settle()
    assert presences(wire)[-1].findtext(f"{MUC}x/{MUC}password") == "tulip"
    await wire.take(refusal("not-authorized"))
    assert "did not accept" in reason(wire)
    assert len(wire.happened(RoomPasswordNeeded)) == 2


async def test_a_refused_password_question_joins_nothing(wire: Wire) -> None:
    await ask(wire)
    await wire.take(refusal("not-authorized"))
    wire.stream.written.clear()
    await wire.do(Answer(wire.happened(RoomPasswordNeeded)[0].id, yes=False))
    assert not wire.world.questions and not wire.stream.written


async def test_an_address_without_a_name_is_no_room(wire: Wire) -> None:
    with pytest.raises(Refused, match="name@rooms"):
        await wire.do(JoinRoom(ANNA, Address.parse("rooms.example.org")))
    assert not wire.world.rooms


async def test_small_rooms_come_first_and_few_at_a_time(wire: Wire) -> None:
    sizes = {"big": 900, "small": 3, "middle": 40, "large": 500, "tiny": 1}
    rooms = {name: Address.parse(f"{name}@rooms.example.org") for name in sizes}
    for name, room in rooms.items():
        # The tiny room does not tell its size: what was seen of it counts.
        await join(wire, room=room, answer=info(occupants=None if name == "tiny" else sizes[name]))
    wire.lose()
    wire.events.clear()
    await wire.online(answers=False)
    assert await _entered_rooms(wire) == ["tiny", "small", "middle"]
    assert wire.happened(RoomsProgress) == [RoomsProgress(ANNA, 0, 5)]
    await wire.take(presence("anna", 110, room=rooms["tiny"]))
    assert wire.happened(RoomsProgress)[-1] == RoomsProgress(ANNA, 1, 5)
    assert await _entered_rooms(wire) == ["tiny", "small", "middle", "large"]


async def test_rooms_wait_while_we_are_unavailable_and_are_joined_again(wire: Wire) -> None:
    await join(wire)
    await wire.do(SetPresence(Show.OFFLINE))
    assert state(wire) is RoomState.QUEUED
    # What the room says of our going, and a join asked for now, are no way in.
    await wire.take(presence("anna", 110, kind="unavailable"))
    await wire.do(JoinRoom(ANNA, ROOM))
    assert state(wire) is RoomState.QUEUED and not wire.requests()
    wire.stream.written.clear()

    await wire.do(SetPresence(Show.AWAY))
    await wire.settle()
    assert [one.get("to") for one in presences(wire)] == [None, f"{ROOM}/anna"]
    await wire.take(presence("anna", 110))
    assert state(wire) is RoomState.JOINED


async def test_a_join_that_was_under_way_when_we_became_unavailable_is_made_once(wire: Wire) -> None:
    await wire.do(JoinRoom(ANNA, ROOM))
    first = await wire.request(INFO)
    await wire.do(SetPresence(Show.OFFLINE))
    await wire.do(SetPresence(Show.AVAILABLE))
    wire.answer(first, info())
    await wire.settle()
    for iq in wire.requests():
        wire.answer(iq, info())
    await wire.settle()
    assert len(presences(wire, f"{ROOM}/anna")) == 1


async def test_signed_in_unseen_no_room_is_joined(wire: Wire) -> None:
    await join(wire)
    await wire.do(SetPresence(Show.OFFLINE))
    wire.lose()
    await wire.online(answers=False)
    await answer(wire, room=info())
    assert state(wire) is RoomState.QUEUED and not presences(wire, f"{ROOM}/anna")


async def _entered_rooms(wire: Wire) -> list[str]:
    """The rooms that were asked to let us in, none of them what it is, once the server has answered all."""
    await answer(wire, room=None)
    assert not [one for one in wire.requests() if one.find(INFO) is not None]
    entered = [one.get("to", "") for one in presences(wire) if one.find(f"{MUC}x") is not None]
    return [one.partition("@")[0] for one in entered]
