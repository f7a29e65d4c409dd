"""A session that goes on in a new process: what was known is known, and the server is asked nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.session.room_script import ask, info, join, presence
from tests.session.test_history import MAM, Server, bodies, live, newest
from tests.session.wire import ANNA, BERT, FULL, IN_ROOM, ROOM, WITH_BERT, Wire, names, text
from tui_xmpp.core.commands import LeaveRoom, SendMessage, SetPresence
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import (
    Notice,
    OccupantChanged,
    OccupantLeft,
    OccupantsArrived,
    PresencesCleared,
    RoomsProgress,
)
from tui_xmpp.core.room import Affiliation, Role, RoomState
from tui_xmpp.session.opening import SignedIn

ENABLED = "<enabled xmlns='urn:xmpp:sm:3' id='s1' resume='true' max='300'/>"
OWNER = "affiliation='owner' role='moderator'"


@pytest_asyncio.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    made = Wire(tmp_path)
    await made.online(enabled=ENABLED)
    yield made
    await made.close()


async def go_on(wire: Wire, link: str = "full") -> Wire:
    """The process is killed; a new one takes the session up."""
    management = wire.account.life.management
    had = management._sent[-1].sequence if management._sent else 0
    again = wire.reborn(link=link)
    again.connect()
    wanted = again.account.life.resumption()
    assert wanted is not None
    again.account.life.established(SignedIn(wanted.bound, resumed=had))
    await again.settle()
    await again.settle()
    return again


async def test_a_room_is_as_it_was_and_nothing_is_asked_or_shown(wire: Wire) -> None:
    await ask(wire, nick="Anna")
    wire.hear(presence("Carl"))
    wire.hear(presence("Anna", 110, 201, item=OWNER))
    wire.hear(f"<message from='{ROOM}/Carl' type='groupchat'><subject>Spring</subject></message>")
    for _ in range(8):
        await wire.settle()
        wire.answer_all()
    again = await go_on(wire)
    room = again.world.rooms[IN_ROOM]
    assert (room.state, room.nick, room.name) == (RoomState.JOINED, "Anna", "The Garden")
    assert (room.role, room.affiliation) == (Role.MODERATOR, Affiliation.OWNER)
    assert (room.subject, room.subject_by) == ("Spring", "Carl")
    assert set(room.occupants) == {"Anna", "Carl"} and room.archive
    assert again.stream.written == []
    assert len(again.happened(OccupantsArrived)) == 1
    for kind in (OccupantChanged, OccupantLeft, Notice, RoomsProgress, PresencesCleared):
        assert not again.happened(kind)
    # What is said goes out, and the next subject is news.
    (sent, *_) = await again.do(SendMessage(IN_ROOM, "hello"))
    assert text(sent) == "hello"
    await again.take(f"<message from='{ROOM}/Carl' type='groupchat'><subject>Autumn</subject></message>")
    assert [one.subject for one in again.messages(IN_ROOM)] == ["", "Autumn"]
    await again.close()


async def test_a_room_that_was_left_stays_left(wire: Wire) -> None:
    await join(wire)
    await wire.do(LeaveRoom(IN_ROOM))
    again = await go_on(wire)
    assert IN_ROOM not in again.world.rooms or again.world.rooms[IN_ROOM].state is not RoomState.JOINED
    await again.close()


async def test_a_room_whose_presences_are_not_known_is_joined_anew(wire: Wire) -> None:
    await join(wire, answer=info())
    wire.custody.drop_presence(ANNA, ROOM)
    again = await go_on(wire)
    assert again.world.rooms[IN_ROOM].state is RoomState.JOINING
    assert [one.get("to") for one in again.stream.written] == [f"{ROOM}/anna"]
    await again.close()


async def test_a_room_left_between_two_sessions_is_none_of_the_second(wire: Wire) -> None:
    await join(wire)
    wire.account.life.end()
    await wire.do(LeaveRoom(IN_ROOM))
    await wire.online(enabled=ENABLED)
    wire.cache.put_bookmarks(ANNA, [])
    again = await go_on(wire)
    assert IN_ROOM not in again.world.rooms
    await again.close()


async def test_our_presence_and_that_of_contacts_goes_on(wire: Wire) -> None:
    wire.befriend()
    wire.cache.put_contact(wire.world.contacts[ANNA, BERT], "v1")
    await wire.take(f"<presence from='{BERT}/phone'/>")
    await wire.do(SetPresence(Show.AWAY, "at lunch"))
    again = wire.reborn()
    again.befriend()
    again.connect()
    wanted = again.account.life.resumption()
    assert wanted is not None
    again.account.life.established(SignedIn(wanted.bound, resumed=0))
    await again.settle()
    own = again.world.accounts[ANNA].presence
    assert (own.show, own.status) == (Show.AWAY, "at lunch")
    assert again.world.best_presence(ANNA, BERT) is not None
    assert not again.happened(PresencesCleared)
    await again.close()


async def test_a_question_about_presence_is_asked_again(wire: Wire) -> None:
    await wire.take(f"<presence from='{BERT}' type='subscribe'><status>me!</status></presence>")
    again = await go_on(wire)
    assert again.world.requests[ANNA, BERT].text == "me!"
    await again.close()


async def test_an_archive_that_was_caught_up_still_is(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    server = Server(wire, 3)
    await wire.online(enabled=ENABLED, answers=False)
    await server.serve_all()
    again = await go_on(wire)
    assert not [one for one in again.stream.written if one.find(MAM) is not None]
    await again.take(live(3))
    assert newest(again) == "a3"
    await again.close()


async def test_catching_up_that_was_cut_off_begins_again(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    await wire.online(enabled=ENABLED, answers=False)
    again = await go_on(wire)
    server = Server(again, 3)
    await server.serve()
    assert bodies(again) == ["m0", "m1", "m2"] and not again.archive.page(WITH_BERT).gaps
    await again.close()


async def test_who_died_before_being_seen_is_seen_when_it_goes_on(tmp_path: Path) -> None:
    """On a server not known yet presence waits for what keeps it off; without presence nothing ever comes."""
    wire = Wire(tmp_path, link="satellite")
    await wire.online(enabled=ENABLED, answers=False)
    for asked in wire.requests():
        if asked.find(MAM) is not None:
            wire.answer(asked, "<fin xmlns='urn:xmpp:mam:2' complete='true'/>")
    await wire.settle()
    assert "presence" not in names(wire.stream.written)
    again = await go_on(wire, link="satellite")
    for _ in range(3):
        again.answer_all()
        await again.settle()
    said = names(again.stream.written)
    assert said.index("active") < said.index("presence")
    assert MAM in {one.tag for stanza in again.stream.written for one in stanza}
    # Seen, it is not said again by the next one.
    await again.take(f"<presence from='{FULL}'/>")
    last = await go_on(again, link="satellite")
    assert "presence" not in names(last.stream.written)
    await last.close()


async def test_a_room_that_was_never_read_is_asked_at_once_and_not_waited_for(wire: Wire) -> None:
    """Its history was told to the earlier process, which died of it."""
    await ask(wire, nick="Anna")
    wire.hear(presence("Anna", 110))
    await wire.settle()
    again = await go_on(wire)
    asked = [one for one in again.stream.written if one.find(MAM) is not None]
    assert [one.get("to") for one in asked] == [str(ROOM)]
    await again.close()
