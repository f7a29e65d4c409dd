"""Bookmarks follow what the user does, here and on other devices."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.session.room_script import INFO, error, info, join, presence, presences, refusal
from tests.session.test_bookmarks import MEADOW, NODE, PRIVATE, PUBLISH, RETRACT, asked, event, item, stored
from tests.session.wire import ANNA, BERT, IN_ROOM, ROOM, Wire
from tui_xmpp.core.commands import (
    Answer,
    CloseChat,
    Command,
    JoinRoom,
    LeaveRoom,
    RemoveBookmark,
    SetBookmark,
)
from tui_xmpp.core.events import Invited, Level, Notice, RoomPasswordNeeded
from tui_xmpp.core.room import Bookmark, RoomState
from tui_xmpp.session import freshness


def state(wire: Wire) -> RoomState:
    return wire.world.rooms[IN_ROOM].state


def bookmark(wire: Wire) -> Bookmark | None:
    return wire.world.bookmarks.get((ANNA, ROOM))


def published(wire: Wire) -> list[tuple[str | None, str | None]]:
    """Room and autojoin of each bookmark that is being written and was not answered yet."""
    return [
        (one.get("id"), conference.get("autojoin"))
        for iq in wire.requests()
        for one in iq.iter("{http://jabber.org/protocol/pubsub}item")
        if (conference := one.find(f"{{{NODE}}}conference")) is not None
    ]


async def enter(wire: Wire, command: Command) -> None:
    """Join as the command says, as far as our own presence; nothing else is answered."""
    await wire.do(command)
    await wire.settle()
    for iq in wire.requests():
        if iq.find(INFO) is not None:
            wire.answer(iq, info())
    await wire.settle()
    await wire.take(presence("anna", 110))
    await wire.settle()


async def echo(wire: Wire, autojoin: str) -> None:
    """The server keeps what we wrote, and tells all our devices, this one too."""
    wire.hear(event(item(autojoin=autojoin, inside="<nick>anna</nick>")))
    wire.answer(await wire.request(PUBLISH))
    await wire.settle()


async def test_a_room_joined_by_hand_is_remembered(wire: Wire) -> None:
    await enter(wire, JoinRoom(ANNA, ROOM, password="tulip"))
    assert state(wire) is RoomState.JOINED
    assert published(wire) == [(str(ROOM), "true")]
    await echo(wire, "true")
    kept = bookmark(wire)
    assert kept is not None
    assert (kept.name, kept.nick, kept.password, kept.autojoin) == ("The Garden", "anna", "tulip", True)


async def test_who_is_thrown_out_at_once_is_not_led_back_by_the_new_bookmark(wire: Wire) -> None:
    await enter(wire, JoinRoom(ANNA, ROOM))
    await wire.take(presence("anna", 110, 307, kind="unavailable", item="affiliation='none' role='none'"))
    await echo(wire, "true")
    assert bookmark(wire) is not None and state(wire) is RoomState.FAILED


async def test_an_accepted_invitation_is_remembered(wire: Wire) -> None:
    await wire.take(
        f"<message from='{BERT}/x'><x xmlns='jabber:x:conference' jid='{ROOM}' password='tulip'/></message>"
    )
    await enter(wire, Answer(wire.happened(Invited)[0].id, yes=True))
    assert published(wire) == [(str(ROOM), "true")]


async def test_the_password_that_opened_the_room_is_the_one_remembered(wire: Wire) -> None:
    await wire.do(JoinRoom(ANNA, ROOM, password="rose"))
    wire.answer(await wire.request(INFO), info())
    await wire.settle()
    await wire.take(refusal("not-authorized"))
    assert not published(wire), "a join that fails is nothing to remember"
    await enter(wire, Answer(wire.happened(RoomPasswordNeeded)[0].id, yes=True, text="tulip"))
    password = (await wire.request(PUBLISH)).find(f".//{{{NODE}}}password")
    assert password is not None and password.text == "tulip"


async def test_a_password_that_was_wrong_is_not_remembered(wire: Wire) -> None:
    await wire.do(JoinRoom(ANNA, ROOM, password="rose"))
    wire.answer(await wire.request(INFO), info())
    await wire.settle()
    await wire.take(refusal("not-authorized"))
    await enter(wire, JoinRoom(ANNA, ROOM))
    assert (await wire.request(PUBLISH)).find(f".//{{{NODE}}}password") is None


async def test_autojoin_is_switched_on_where_it_was_off(wire: Wire) -> None:
    await wire.take(
        event(item(autojoin="false", inside="<nick>Ann</nick><extensions><a xmlns='b'/></extensions>"))
    )
    await wire.do(JoinRoom(ANNA, ROOM))
    wire.answer(await wire.request(INFO), info())
    await wire.settle()
    await wire.take(presence("Ann", 110))
    assert published(wire) == [(str(ROOM), "true")]
    assert (await wire.request(PUBLISH)).find(".//{b}a") is not None


async def test_a_room_that_was_joined_by_its_bookmark_is_not_written_again(wire: Wire) -> None:
    await wire.take(event(item()))
    wire.answer(await wire.request(INFO), info())
    await wire.settle()
    await wire.take(presence("Ann", 110))
    assert state(wire) is RoomState.JOINED and not published(wire)


@pytest.mark.parametrize("command", [LeaveRoom(IN_ROOM), CloseChat(IN_ROOM)])
async def test_leaving_switches_autojoin_off_and_keeps_the_bookmark(wire: Wire, command: Command) -> None:
    await join(wire)
    assert bookmark(wire) is not None
    await wire.do(command)
    assert state(wire) is RoomState.LEFT
    assert published(wire) == [(str(ROOM), "false")]
    await echo(wire, "false")
    kept = bookmark(wire)
    assert kept is not None and not kept.autojoin


async def test_a_room_left_while_offline_is_left_for_good(wire: Wire) -> None:
    await join(wire)
    wire.lose()
    await wire.do(LeaveRoom(IN_ROOM))
    assert not wire.happened(Notice)
    await wire.online(answers=False)
    wire.answer(await asked(wire, NODE), stored(item()))
    await wire.settle()
    assert state(wire) is RoomState.LEFT
    assert published(wire) == [(str(ROOM), "false")]


async def test_in_and_out_and_in_again_ends_as_it_is(wire: Wire) -> None:
    await enter(wire, JoinRoom(ANNA, ROOM))
    await wire.do(LeaveRoom(IN_ROOM))
    await wire.take(presence("anna", 110, kind="unavailable"))
    await enter(wire, JoinRoom(ANNA, ROOM))
    await echo(wire, "true")
    assert state(wire) is RoomState.JOINED and not published(wire)


async def test_a_bookmark_that_cannot_be_written_is_said_and_the_room_stays(wire: Wire) -> None:
    await enter(wire, JoinRoom(ANNA, ROOM))
    wire.answer(await wire.request(PUBLISH), error("resource-constraint"), "error")
    await wire.settle()
    assert state(wire) is RoomState.JOINED
    (notice,) = [one for one in wire.happened(Notice) if one.level is Level.WARN]
    assert str(ROOM) in notice.text and notice.chat == IN_ROOM
    assert bookmark(wire) is None and not published(wire), "it is not tried again and again"


@pytest.mark.parametrize("news", [item(autojoin="false"), item(autojoin=""), f"<retract id='{ROOM}'/>"])
async def test_a_room_left_on_another_device_is_left_here(wire: Wire, news: str) -> None:
    await join(wire)
    await wire.take(event(news))
    assert state(wire) is RoomState.LEFT
    assert [one.get("type") for one in presences(wire, f"{ROOM}/anna")] == ["unavailable"]
    assert "Another of your devices" in wire.happened(Notice)[-1].text
    assert not published(wire)


@pytest.mark.parametrize("sender", [f"{BERT}", f"{ROOM}", f"{ANNA}/other"])
async def test_nobody_else_makes_us_leave(wire: Wire, sender: str) -> None:
    wire.befriend()
    await join(wire)
    await wire.take(event(f"<retract id='{ROOM}'/>", sender=f" from='{sender}'"))
    await wire.take(event(item(autojoin="false"), sender=f" from='{sender}'"))
    assert state(wire) is RoomState.JOINED and bookmark(wire) is not None


async def test_what_another_device_left_meanwhile_is_left_a_day_later(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join(wire)
    wire.lose()
    monkeypatch.setattr(freshness, "QUIET_SECONDS", 0.0)
    wire.clock.turn(86_401)
    await wire.online(answers=False)
    wire.answer(await asked(wire, NODE), stored(item(autojoin="false")))
    await wire.settle()
    assert state(wire) is RoomState.LEFT


async def test_what_the_user_does_with_the_bookmark_here_leaves_no_room(wire: Wire) -> None:
    await join(wire)
    wire.account.spawn(wire.account.do(SetBookmark(IN_ROOM, autojoin=False)))
    await wire.request(PUBLISH)
    await echo(wire, "false")
    assert state(wire) is RoomState.JOINED
    wire.account.spawn(wire.account.do(RemoveBookmark(IN_ROOM)))
    removal = await wire.request(RETRACT)
    await wire.take(event(f"<retract id='{ROOM}'/>"))
    wire.answer(removal)
    await wire.settle()
    assert state(wire) is RoomState.JOINED and bookmark(wire) is None


async def test_nothing_is_written_before_it_is_known_what_is_there(tmp_path: Path) -> None:
    """A server that keeps all in one element would lose those we have not seen."""
    wire = Wire(tmp_path)
    await wire.online(answers=False)
    wire.account.spawn(wire.account.do(SetBookmark(IN_ROOM, autojoin=False)))
    for node in (NODE, "storage:bookmarks"):
        assert not published(wire)
        wire.answer(await asked(wire, node), error("service-unavailable"), "error")
        await wire.settle()
    old = (
        "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'>"
        f"<conference jid='{MEADOW}'/></storage></query>"
    )
    wire.answer(await wire.request(PRIVATE), old)
    await wire.settle()
    rooms = [one.get("jid") for one in written(await wire.request(PRIVATE))]
    assert rooms == [str(MEADOW), str(ROOM)]
    await wire.close()


def written(iq: ET.Element) -> list[ET.Element]:
    assert iq.get("type") == "set"
    return list(iq.iter("{storage:bookmarks}conference"))


async def test_a_server_in_trouble_has_not_lost_our_bookmarks(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join(wire)
    wire.lose()
    monkeypatch.setattr(freshness, "QUIET_SECONDS", 0.0)
    wire.clock.turn(86_401)
    await wire.online(answers=False)
    wire.answer(await asked(wire, NODE), error("internal-server-error"), "error")
    await wire.settle()
    for _ in range(5):
        for iq in wire.requests():
            wire.answer(iq, error("internal-server-error"), "error")
        await wire.settle()
    assert bookmark(wire) is not None and wire.cache.bookmarks(ANNA)


async def test_a_slow_link_writes_nothing_by_itself(tmp_path: Path) -> None:
    wire = Wire(tmp_path, link="radio")
    await wire.online()
    await enter(wire, JoinRoom(ANNA, ROOM))
    assert state(wire) is RoomState.JOINED and not published(wire)
    await wire.close()
