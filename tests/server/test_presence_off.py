"""Presence that does not come through a thin link, on real servers: messages and rooms do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.link.proxy import Link
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import JoinRoom, OpenChat, Refresh, SendMessage, SetPresence, UseLink
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import PresenceChanged
from tui_xmpp.core.room import RoomState

pytestmark = pytest.mark.server

CHANGES = 30


def seen(one: Person, other: Person) -> Show | None:
    """How *other* looks to *one*."""
    presence = one.world.best_presence(one.address, other.address)
    return None if presence is None else presence.show


def heard(one: Person, other: Person) -> list[PresenceChanged]:
    return [event for event in one.happened(PresenceChanged) if event.address == other.address]


async def test_radio_hears_no_presence_and_every_message(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at, carl_at = accounts(server, "anna", "bert", "carl")
    async with (
        Person(bert_at, server, tmp_path / "bert") as bert,
        Link(server.c2s_port) as link,
        Person(anna_at, server, tmp_path / "anna", changed={"port": link.port, "link": "radio"}) as anna,
    ):
        await bert.online()
        await anna.until(lambda: anna.world.accounts[anna.address].heard_groups == (), "to hear nobody")
        await bert.do(SendMessage(bert.chat(anna), "before"))
        await anna.message(bert, "before")
        down = link.counts.down
        for number in range(CHANGES):
            await bert.do(SetPresence((Show.AWAY, Show.AVAILABLE)[number % 2], f"mood {number}"))
        await bert.do(SendMessage(bert.chat(anna), "after"))
        await anna.message(bert, "after")
        # A message costs some hundreds of bytes, and so does one presence.
        assert link.counts.down - down < 1000
        assert heard(anna, bert) == []
        assert not anna.world.hears(anna.address, bert.address)
        assert seen(bert, anna) is None, "nobody hears of us either"
        await anna.do(SendMessage(anna.chat(bert), "answer"))
        await bert.message(anna, "answer")
        assert seen(bert, anna) is None
        async with Person(carl_at, server, tmp_path / "carl") as carl:
            await carl.online()
            await carl.until(lambda: seen(carl, bert), "Bert is seen")
            assert seen(carl, anna) is None, "nor does who comes later"
            assert heard(anna, carl) == []


@pytest.mark.parametrize("link", ["metered", "satellite"])
async def test_what_another_device_says_is_not_missed(
    link: str, server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(bert_at, server, tmp_path / "bert") as bert,
        Person(anna_at, server, tmp_path / "phone") as phone,
    ):
        await bert.online()
        await phone.online()
        async with Person(anna_at, server, tmp_path / "anna", changed={"link": link}) as anna:
            await anna.online()
            await anna.until(
                lambda: (anna.address, anna.address) in anna.world.presences, "the phone is seen"
            )
            assert heard(anna, bert) == []
            await phone.do(SendMessage(phone.chat(bert), "from the phone"))
            await bert.message(phone, "from the phone")
            if link == "satellite":
                await bert.do(SendMessage(bert.chat(anna), "answer"))
                await anna.message(bert, "answer")
                await anna.do(Refresh(anna.address))
            await anna.until(
                lambda: "from the phone" in said(anna, anna.chat(bert)), "what the phone said is there"
            )


async def test_there_and_back(server: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(bert_at, server, tmp_path / "bert") as bert,
        Person(anna_at, server, tmp_path / "anna") as anna,
    ):
        await bert.online()
        await anna.online()
        await anna.until(lambda: seen(anna, bert) is Show.AVAILABLE, "Bert is seen")
        await bert.until(lambda: seen(bert, anna) is Show.AVAILABLE, "Anna is seen")

        await anna.do(UseLink(anna.address, "radio"))
        await bert.until(lambda: seen(bert, anna) is None, "Anna is seen to leave")
        await bert.do(SetPresence(Show.DND))
        await bert.do(SendMessage(bert.chat(anna), "are you there?"))
        await anna.message(bert, "are you there?")
        assert seen(anna, bert) is Show.AVAILABLE, "what is known is old"

        await anna.do(UseLink(anna.address, "metered"))
        await bert.until(lambda: seen(bert, anna) is Show.AVAILABLE, "Anna is back")
        await anna.do(UseLink(anna.address, "full"))
        await anna.until(lambda: seen(anna, bert) is Show.DND, "Bert is heard again")
        assert seen(bert, anna) is Show.AVAILABLE
        # Of the bare address: she was not there yet when he signed in.
        gone = [one.presence for one in heard(bert, anna) if one.presence.show is Show.OFFLINE]
        leaving = [one for one in gone if one.resource]
        assert len(leaving) == 1, "hearing more is not to be seen"


async def test_a_room_is_read_from_outside_and_entered_by_writing(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    room = Address.parse(f"yard-{anna_at.user}@{server.rooms_domain}")
    async with (
        Person(bert_at, server, tmp_path / "bert") as bert,
        Person(anna_at, server, tmp_path / "anna") as anna,
    ):
        await bert.online()
        await anna.online()
        for one in (bert, anna):
            await one.do(JoinRoom(one.address, room))
            await one.until(
                lambda one=one: one.world.rooms[ChatKey(one.address, room)].state is RoomState.JOINED, "is in"
            )
        key = ChatKey(anna.address, room)
        await anna.do(UseLink(anna.address, "satellite"))
        assert anna.world.rooms[key].state is RoomState.LEFT
        await bert.do(SendMessage(ChatKey(bert.address, room), "while she was out"))
        await bert.until(lambda: sent(bert, ChatKey(bert.address, room)), "the room has told it to all")
        await anna.do(OpenChat(key))
        await anna.until(lambda: "while she was out" in said(anna, key), "the archive is read")
        assert anna.world.rooms[key].state is RoomState.LEFT

        await anna.do(SendMessage(key, "here I am"))
        await bert.until(lambda: "here I am" in said(bert, ChatKey(bert.address, room)), "Bert reads it")
        assert anna.world.rooms[key].state is RoomState.JOINED


def said(one: Person, key: ChatKey) -> list[str]:
    return [message.body for message in one.archive.page(key).messages]


def sent(one: Person, key: ChatKey) -> bool:
    """Whether the room has told the newest message to all, and its archive with them."""
    newest = one.archive.page(key, limit=1).messages
    return bool(newest) and bool(newest[-1].archive_id)
