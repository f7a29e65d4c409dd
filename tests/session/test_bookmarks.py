"""Bookmarks: where they are kept, whose word counts, and which rooms they open."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import pytest_asyncio

from tests.session.room_script import INFO, error
from tests.session.wire import ANNA, BERT, FULL, IN_ROOM, ROOM, Wire
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import LeaveRoom, RemoveBookmark, SetBookmark
from tui_xmpp.core.events import BookmarksChanged
from tui_xmpp.core.room import Bookmark, RoomState

ITEMS = "{http://jabber.org/protocol/pubsub}items"
PUBLISH = "{http://jabber.org/protocol/pubsub}publish"
RETRACT = "{http://jabber.org/protocol/pubsub}retract"
PRIVATE = "{jabber:iq:private}query"
NODE = "urn:xmpp:bookmarks:1"
MEADOW = Address.parse("meadow@rooms.example.org")


def item(room: Address = ROOM, autojoin: str = "true", inside: str = "<nick>Ann</nick>") -> str:
    return (
        f"<item id='{room}'><conference xmlns='{NODE}' name='The Garden' autojoin='{autojoin}'>"
        f"{inside}</conference></item>"
    )


def stored(*items: str) -> str:
    return (
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
        f"<items node='{NODE}'>{''.join(items)}</items></pubsub>"
    )


def event(inside: str, sender: str = f" from='{ANNA}'") -> str:
    return (
        f"<message{sender} to='{FULL}' type='headline'>"
        "<event xmlns='http://jabber.org/protocol/pubsub#event'>"
        f"<items node='{NODE}'>{inside}</items></event></message>"
    )


async def asked(wire: Wire, node: str) -> ET.Element:
    """The request for a node's items."""
    for _ in range(50):
        for iq in wire.requests():
            if (found := iq.find(f".//{ITEMS}")) is not None and found.get("node") == node:
                return iq
            if iq.find(PRIVATE) is None and iq.find(f".//{ITEMS}") is None and iq.find(INFO) is None:
                body = "<fin xmlns='urn:xmpp:mam:2' complete='true'/>"
                wire.answer(iq, body if iq.find("{urn:xmpp:mam:2}query") is not None else "")
        await wire.settle()
    raise AssertionError(node)


def mine(wire: Wire) -> dict[str, Bookmark]:
    return {str(one.address): one for one in wire.world.bookmarks.values()}


@pytest_asyncio.fixture
async def fresh(tmp_path: Path) -> Wire:
    return Wire(tmp_path)


async def test_bookmarks_are_loaded_kept_and_joined(fresh: Wire) -> None:
    await fresh.online(answers=False)
    fresh.answer(await asked(fresh, NODE), stored(item(), item(MEADOW, "0")))
    await fresh.settle()
    kept = mine(fresh)[str(ROOM)]
    assert (kept.name, kept.nick, kept.autojoin) == ("The Garden", "Ann", True)
    assert [key.address for key in fresh.world.rooms] == [ROOM]
    assert (await fresh.request(INFO)) is not None
    assert set(fresh.cache.bookmarks(ANNA)) == set(fresh.world.bookmarks.values())
    await fresh.close()


async def test_a_slow_link_joins_nothing_by_itself(tmp_path: Path) -> None:
    wire = Wire(tmp_path, link="radio")
    await wire.online(answers=False)
    wire.answer(await asked(wire, NODE), stored(item()))
    await wire.settle()
    assert mine(wire) and wire.world.rooms[IN_ROOM].state is RoomState.LEFT
    await wire.close()


async def test_the_bookmarks_of_last_time_open_rooms_before_the_server_answers(fresh: Wire) -> None:
    fresh.cache.put_bookmarks(ANNA, [Bookmark(ANNA, ROOM, autojoin=True)])
    await fresh.online(answers=False)
    await asked(fresh, NODE)
    assert fresh.world.rooms[IN_ROOM].state is RoomState.QUEUED
    await fresh.close()


async def test_another_device_opens_a_room_and_forgets_one(wire: Wire) -> None:
    await wire.take(event(item()))
    assert wire.world.rooms[IN_ROOM].state is RoomState.QUEUED
    await wire.take(event(f"<retract id='{ROOM}'/>"))
    assert not wire.world.bookmarks
    assert not wire.cache.bookmarks(ANNA)


@pytest.mark.parametrize("sender", [f"{BERT}", f"{ROOM}/eve", f"{ANNA}/other"])
async def test_nobody_else_sets_our_bookmarks(wire: Wire, sender: str) -> None:
    wire.befriend()
    before = len(wire.events)
    written = await wire.take(event(item(), sender=f" from='{sender}'"))
    assert not wire.world.bookmarks and not wire.world.rooms
    assert len(wire.events) == before and not written


async def test_a_room_we_are_in_is_not_joined_again(wire: Wire) -> None:
    wire.enter()
    await wire.take(event(item()))
    assert wire.world.rooms[IN_ROOM].state is RoomState.JOINED


async def test_a_room_that_was_left_is_not_opened_again_by_the_same_bookmark(wire: Wire) -> None:
    await wire.take(event(item()))
    await wire.do(LeaveRoom(IN_ROOM))
    await wire.take(event(item(inside="<nick>Anne</nick>")))
    assert wire.world.rooms[IN_ROOM].state is RoomState.LEFT


async def test_a_bookmark_is_published_for_our_eyes_only(wire: Wire) -> None:
    extension = "<extensions><tag xmlns='urn:other' name='x'/></extensions>"
    await wire.take(event(item(autojoin="0", inside=f"<nick>Ann</nick>{extension}")))
    wire.account.spawn(wire.account.do(SetBookmark(IN_ROOM, autojoin=False)))
    iq = await wire.request(PUBLISH)
    options = {
        one.get("var"): one.findtext("{jabber:x:data}value") for one in iq.iter("{jabber:x:data}field")
    }
    assert options["pubsub#access_model"] == "whitelist" and options["pubsub#persist_items"] == "true"
    conference = iq.find(f".//{{{NODE}}}conference")
    assert conference is not None and conference.get("autojoin") == "false"
    assert conference.find(f"{{{NODE}}}extensions/{{urn:other}}tag") is not None
    wire.answer(iq)
    await wire.settle()
    wire.account.spawn(wire.account.do(RemoveBookmark(IN_ROOM)))
    iq = await wire.request(RETRACT)
    wire.answer(iq)
    await wire.settle()
    assert not wire.world.bookmarks


async def test_a_node_that_stands_open_is_closed_first(wire: Wire) -> None:
    wire.account.spawn(wire.account.do(SetBookmark(IN_ROOM, autojoin=False)))
    wire.answer(await wire.request(PUBLISH), error("conflict"), "error")
    configure = await wire.request("{http://jabber.org/protocol/pubsub#owner}configure")
    values = [one.text for one in configure.iter("{jabber:x:data}value")]
    assert "whitelist" in values
    wire.answer(configure)
    wire.answer(await wire.request(PUBLISH))
    await wire.settle()
    assert str(ROOM) in mine(wire)


async def test_a_server_that_only_knows_the_one_item_keeps_them_there(fresh: Wire) -> None:
    await fresh.online(answers=False)
    fresh.answer(await asked(fresh, NODE), error("item-not-found"), "error")
    old = (
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='storage:bookmarks'>"
        "<item id='current'><storage xmlns='storage:bookmarks'>"
        f"<conference jid='{ROOM}' autojoin='true'><nick>Ann</nick></conference>"
        "</storage></item></items></pubsub>"
    )
    fresh.answer(await asked(fresh, "storage:bookmarks"), old)
    await fresh.settle()
    assert mine(fresh)[str(ROOM)].nick == "Ann"
    fresh.account.spawn(fresh.account.do(SetBookmark(ChatKey(ANNA, MEADOW), autojoin=False)))
    iq = await fresh.request(PUBLISH)
    publish = iq.find(f".//{PUBLISH}")
    assert publish is not None and publish.get("node") == "storage:bookmarks"
    rooms = [one.get("jid") for one in iq.iter("{storage:bookmarks}conference")]
    assert rooms == [str(ROOM), str(MEADOW)]
    await fresh.close()


async def test_an_old_server_keeps_them_in_private_xml(fresh: Wire) -> None:
    await fresh.online(answers=False)
    for node in (NODE, "storage:bookmarks"):
        fresh.answer(await asked(fresh, node), error("service-unavailable"), "error")
        await fresh.settle()
    old = (
        "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'>"
        f"<conference jid='{ROOM}' name='The Garden' autojoin='1'/><url name='x' url='https://example.org'/>"
        "</storage></query>"
    )
    fresh.answer(await fresh.request(PRIVATE), old)
    await fresh.settle()
    assert mine(fresh)[str(ROOM)].autojoin
    fresh.account.spawn(fresh.account.do(SetBookmark(ChatKey(ANNA, MEADOW), autojoin=True)))
    iq = await fresh.request(PRIVATE)
    rooms = [one.get("jid") for one in iq.iter("{storage:bookmarks}conference")]
    assert rooms == [str(ROOM), str(MEADOW)]
    assert iq.find(".//{storage:bookmarks}url") is not None
    fresh.answer(iq)
    await fresh.settle()
    assert len(fresh.happened(BookmarksChanged)[-1].bookmarks) == 2
    await fresh.close()
