"""Back in a room before it has answered that we left: what it says of the time before means nothing."""

from __future__ import annotations

import pytest

from tests.session.room_script import ask, join, presence, presences, refusal
from tests.session.wire import ANNA, IN_ROOM, ROOM, Wire
from tui_xmpp.core.commands import JoinRoom, LeaveRoom, SetPresence
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import RoomChanged
from tui_xmpp.core.room import RoomState
from tui_xmpp.session.timing import LinkTiming

IN = presence("anna", 110)
OUT = presence("anna", 110, kind="unavailable")


def state(wire: Wire) -> RoomState:
    return wire.world.rooms[IN_ROOM].state


async def come_back(wire: Wire) -> None:
    """Leave and ask to be let in again."""
    await wire.do(LeaveRoom(IN_ROOM))
    await wire.do(JoinRoom(ANNA, ROOM))
    await wire.settle()


async def hears_late(wire: Wire, *late: str) -> None:
    """What comes of the times before changes nothing; the next word of the room lets us in."""
    for one in late:
        await wire.take(one)
        assert state(wire) is RoomState.JOINING
    await wire.take(IN)
    assert state(wire) is RoomState.JOINED


async def be_away(wire: Wire) -> None:
    """Become unavailable to everybody, and available again."""
    await wire.do(SetPresence(Show.OFFLINE))
    await wire.do(SetPresence(Show.AVAILABLE))
    await wire.settle()


async def test_a_late_word_about_our_going_does_not_end_the_next_join(wire: Wire) -> None:
    await join(wire)
    await be_away(wire)
    await hears_late(wire, OUT)


async def test_a_join_that_was_given_up_is_not_taken_for_the_next_one(wire: Wire) -> None:
    await ask(wire)
    await come_back(wire)
    await hears_late(wire, IN, OUT)


async def test_a_refusal_of_a_join_that_was_given_up_says_nothing_of_the_next_one(wire: Wire) -> None:
    await ask(wire)
    await wire.do(LeaveRoom(IN_ROOM))
    await wire.take(refusal("forbidden"))
    await wire.do(JoinRoom(ANNA, ROOM))
    await wire.settle()
    await wire.take(IN)
    assert state(wire) is RoomState.JOINED


async def test_the_answers_to_two_times_before_are_not_taken_for_this_one(wire: Wire) -> None:
    """As when the link is changed and we write at once, while the room takes its time."""
    await join(wire)
    await come_back(wire)
    await be_away(wire)
    await hears_late(wire, OUT, IN, OUT)


async def test_another_nick_is_not_our_going(wire: Wire) -> None:
    """Asked for just before we left."""
    await join(wire)
    await come_back(wire)
    renamed = presence("anna", 303, 110, kind="unavailable", item="nick='dora'")
    await hears_late(wire, renamed, IN, OUT)


async def test_whom_the_room_has_shown_the_door_it_owes_nothing(wire: Wire) -> None:
    await join(wire)
    await wire.take(presence("anna", 110, 307, kind="unavailable"))
    assert state(wire) is RoomState.FAILED
    await come_back(wire)
    await wire.take(IN)
    assert state(wire) is RoomState.JOINED


async def test_a_room_that_never_said_that_we_left_is_asked_once_more(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join(wire)
    monkeypatch.setattr(LinkTiming, "silence", 0.1)
    asked = len(presences(wire, f"{ROOM}/anna"))
    await come_back(wire)
    await wire.take(IN)
    # One to leave, two to enter.
    await wire.until(lambda: len(presences(wire, f"{ROOM}/anna")) == asked + 3)
    await wire.take(IN)
    assert state(wire) is RoomState.JOINED
    assert not [one for one in wire.happened(RoomChanged) if one.state is RoomState.FAILED]
