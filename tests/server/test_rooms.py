"""Our sessions in rooms of real servers."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import pytest_asyncio

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey, ChatKind
from tui_xmpp.core.commands import (
    Answer,
    ChangeNick,
    Connect,
    Disconnect,
    Invite,
    JoinRoom,
    LeaveRoom,
    RemoveBookmark,
    SendMessage,
    SetBookmark,
    SetPresence,
    SetSubject,
)
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import (
    Invited,
    MessageKept,
    Notice,
    OccupantLeft,
    OccupantsArrived,
    RoomChanged,
    RoomPasswordNeeded,
)
from tui_xmpp.core.message import Delivery, Message
from tui_xmpp.core.questions import PublicRooms, RoomServices
from tui_xmpp.core.room import Room, RoomState
from tui_xmpp.session import convert, muc
from tui_xmpp.session.account import AccountSession
from tui_xmpp.session.features.self_ping import SelfPing

pytestmark = pytest.mark.server

ADMIN = "http://jabber.org/protocol/muc#admin"


@dataclass(frozen=True, slots=True)
class InRoom:
    """Somebody's view of one room."""

    person: Person
    key: ChatKey

    @classmethod
    def of(cls, person: Person, address: Address) -> InRoom:
        return cls(person, ChatKey(person.address, address))

    @property
    def room(self) -> Room:
        return self.person.world.rooms[self.key]

    def is_in(self, state: RoomState) -> bool:
        return self.key in self.person.world.rooms and self.room.state is state

    @property
    def account(self) -> AccountSession:
        return self.person.session._accounts[self.person.address].account

    async def reach(self, state: RoomState) -> None:
        await self.person.until(lambda: self.is_in(state), f"the room to be {state.value}")

    async def join(self, nick: str, password: str = "") -> None:
        await self.ask(nick, password)
        await self.reach(RoomState.JOINED)

    async def make(self, nick: str) -> None:
        """Join a room that does not exist; nobody else gets in before it is set up."""
        await self.join(nick)
        await self.person.until(
            lambda: any("made for you" in one.text for one in self.person.happened(Notice)), "the new room"
        )

    async def ask(self, nick: str, password: str = "") -> None:
        await self.person.do(JoinRoom(self.person.address, self.key.address, nick, password))

    async def say(self, body: str) -> None:
        await self.person.do(SendMessage(self.key, body))

    def messages(self) -> tuple[Message, ...]:
        return self.person.archive.page(self.key).messages

    async def hear(self, body: str) -> Message:
        await self.person.until(lambda: body in [one.body for one in self.messages()], f"{body!r}")
        return next(one for one in self.messages() if one.body == body)

    async def sees(self, *nicks: str) -> None:
        await self.person.until(lambda: set(self.room.occupants) == set(nicks), f"{nicks} in the room")

    async def request(self, payload: ET.Element) -> None:
        """What only an owner asks, and our program has no command for."""
        await self.account.request("set", payload, to=self.key.address)

    async def judge(self, **item: str) -> None:
        """Give an occupant another role, or somebody another affiliation."""
        query = convert.element(ADMIN, "query")
        entry = convert.add(query, ADMIN, "item", **item)
        convert.add(entry, ADMIN, "reason", "too loud")
        await self.request(query)

    async def configure(self, **fields: str) -> None:
        query = convert.element(muc.OWNER, "query")
        query.append(convert.form("http://jabber.org/protocol/muc#roomconfig", **fields))
        await self.request(query)


@pytest.fixture
def address(server: ChatServer) -> Address:
    """A room nobody has made."""
    return Address.parse(f"garden-{secrets.token_hex(3)}@{server.rooms_domain}")


@pytest_asyncio.fixture
async def pair(
    server: ChatServer, accounts: Accounts, address: Address, tmp_path: Path
) -> AsyncIterator[tuple[InRoom, InRoom]]:
    """Anna, who will own the room, and Bert."""
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(anna_at, server, tmp_path / "anna") as anna,
        Person(bert_at, server, tmp_path / "bert") as bert,
    ):
        await anna.online()
        await bert.online()
        yield InRoom.of(anna, address), InRoom.of(bert, address)


async def test_two_meet_and_talk(pair: tuple[InRoom, InRoom]) -> None:
    anna, bert = pair
    await anna.make("Anna")
    await anna.person.until(lambda: anna.room.archive, "the room's archive")
    await bert.join("Bert")
    await anna.sees("Anna", "Bert")
    await bert.person.until(lambda: bert.person.happened(OccupantsArrived), "the occupants")
    assert [{one.nick for one in event.occupants} for event in bert.person.happened(OccupantsArrived)] == [
        {"Anna", "Bert"}
    ]
    assert bert.room.archive

    await anna.say("hello Bert")
    arrived = await bert.hear("hello Bert")
    assert (arrived.nick, arrived.mention, arrived.delivery) == ("Anna", True, Delivery.INCOMING)
    await anna.person.until(
        lambda: [(one.body, one.delivery) for one in anna.messages()] == [("hello Bert", Delivery.TAKEN)],
        "the reflection",
    )
    assert anna.messages()[0].archive_id == arrived.archive_id != ""

    await anna.person.do(SetSubject(anna.key, "Spring"))
    await bert.person.until(lambda: bert.room.subject == "Spring", "the subject")
    assert bert.room.subject_by == "Anna"

    await bert.person.do(SetPresence(Show.AWAY, "tea", account=bert.person.address))
    await anna.person.until(lambda: anna.room.occupants["Bert"].show is Show.AWAY, "Bert away")

    await bert.person.do(ChangeNick(bert.key, "Bertie"))
    await anna.sees("Anna", "Bertie")
    await bert.person.until(lambda: bert.room.nick == "Bertie", "the new nick")
    await bert.person.do(ChangeNick(bert.key, "Anna"))
    await bert.person.until(
        lambda: any("taken" in one.text for one in bert.person.happened(Notice)), "a taken nick"
    )
    assert bert.room.nick == "Bertie" and bert.room.state is RoomState.JOINED

    private = ChatKey(anna.person.address, anna.key.address.with_resource("Bertie"))
    await anna.person.do(SendMessage(private, "psst"))
    other_side = ChatKey(bert.person.address, bert.key.address.with_resource("Anna"))
    await bert.person.until(lambda: bert.person.archive.page(other_side).messages, "a private message")
    assert bert.person.archive.page(other_side).messages[0].body == "psst"
    assert bert.person.world.chats[other_side].kind is ChatKind.PRIVATE
    assert "psst" not in [one.body for one in bert.messages()]

    await bert.person.do(LeaveRoom(bert.key, "good night"))
    await anna.sees("Anna")
    assert bert.room.state is RoomState.LEFT


async def test_what_was_said_meanwhile_is_there_after_coming_back(pair: tuple[InRoom, InRoom]) -> None:
    anna, bert = pair
    await anna.make("Anna")
    await anna.person.until(lambda: anna.room.archive, "the room's archive")
    await bert.join("Bert")
    await anna.say("one")
    await bert.hear("one")
    await bert.person.do(Disconnect(bert.person.address))
    await anna.sees("Anna")
    await anna.say("two")
    await anna.person.until(lambda: anna.messages()[-1].delivery is Delivery.TAKEN, "two to be taken")
    await bert.say("from offline")
    await bert.person.do(Connect(bert.person.address))
    await bert.hear("two")
    await anna.hear("from offline")
    await bert.person.until(
        lambda: (
            [one.body for one in bert.messages()].count("from offline") == 1
            and bert.messages()[-1].delivery is Delivery.TAKEN
        ),
        "the waiting message to be taken once",
    )
    assert sorted(one.body for one in bert.messages()) == ["from offline", "one", "two"]
    assert [one.body for one in anna.messages()] == ["one", "two", "from offline"]


async def test_a_room_that_forgot_us_is_joined_again_and_one_that_did_not_is_left_alone(
    pair: tuple[InRoom, InRoom],
) -> None:
    anna, bert = pair
    await anna.make("Anna")
    await _ping_as_if_silent(anna)
    await _ping_as_if_silent(bert)
    # As after a restart of the room's server: we believe that we are in, and it has never heard of us.
    bert.account.emit(RoomChanged(bert.key, RoomState.JOINED, nick="Bert"))
    await _ping_as_if_silent(bert)
    await anna.sees("Anna", "Bert")
    await bert.reach(RoomState.JOINED)
    assert [one.state for one in anna.person.happened(RoomChanged) if one.state] == [
        RoomState.QUEUED,
        RoomState.JOINING,
        RoomState.JOINED,
    ]


async def _ping_as_if_silent(someone: InRoom) -> None:
    feature = next(one for one in someone.account.features if isinstance(one, SelfPing))
    feature._heard = dict.fromkeys(feature._heard, float("-inf"))
    await feature.check()


async def test_doors_that_are_shut(pair: tuple[InRoom, InRoom]) -> None:
    anna, bert = pair
    await anna.make("Anna")
    await bert.ask("Anna")
    await bert.reach(RoomState.FAILED)
    assert "taken" in bert.room.reason
    await bert.join("Bert")

    await anna.judge(nick="Bert", role="none")
    await bert.reach(RoomState.FAILED)
    assert "kicked" in bert.room.reason and "too loud" in bert.room.reason
    await anna.person.until(lambda: anna.person.happened(OccupantLeft), "Bert to be gone")
    assert "kicked" in anna.person.happened(OccupantLeft)[-1].reason

    await anna.judge(jid=str(bert.person.address), affiliation="outcast")
    await bert.ask("Bert")
    await bert.person.until(lambda: "banned" in bert.room.reason, "the ban")
    await anna.judge(jid=str(bert.person.address), affiliation="none")

    await anna.configure(muc__roomconfig_passwordprotectedroom="1", muc__roomconfig_roomsecret="tulip")
    await bert.ask("Bert", password="rose")
    await bert.person.until(lambda: bert.person.happened(RoomPasswordNeeded), "a question")
    question = bert.person.happened(RoomPasswordNeeded)[-1]
    assert "did not accept" in question.reason
    await bert.person.do(Answer(question.id, yes=True, text="tulip"))
    await bert.reach(RoomState.JOINED)
    assert not bert.person.world.questions


async def test_an_invitation_into_a_room_for_members(pair: tuple[InRoom, InRoom]) -> None:
    anna, bert = pair
    await anna.make("Anna")
    await anna.configure(muc__roomconfig_membersonly="1", muc__roomconfig_allowinvites="1")
    await anna.person.until(lambda: anna.room.members_only, "a room for members")
    await bert.ask("Bert")
    await bert.reach(RoomState.FAILED)
    assert "Only members" in bert.room.reason

    await anna.person.do(Invite(anna.key, bert.person.address, "tea"))
    await bert.person.until(lambda: bert.person.happened(Invited), "an invitation")
    question = bert.person.happened(Invited)[0]
    assert (question.room, question.text) == (anna.key.address, "tea")
    # A room that hides real addresses says which occupant it was.
    assert question.sender is not None
    assert question.sender.bare == anna.person.address or question.sender.resource == "Anna"
    assert not bert.is_in(RoomState.JOINED)
    await bert.person.do(Answer(question.id, yes=True))
    await bert.reach(RoomState.JOINED)


async def test_no_to_an_invitation_reaches_who_invited(pair: tuple[InRoom, InRoom]) -> None:
    anna, bert = pair
    await anna.make("Anna")
    await anna.configure(
        muc__roomconfig_membersonly="1", muc__roomconfig_allowinvites="1", muc__roomconfig_whois="anyone"
    )
    await anna.person.until(lambda: anna.room.members_only, "a room for members")
    await anna.person.do(Invite(anna.key, bert.person.address))
    await bert.person.until(lambda: bert.person.happened(Invited), "an invitation")
    await bert.person.do(Answer(bert.person.happened(Invited)[0].id, yes=False))
    await anna.person.until(
        lambda: any("does not come" in one.text for one in anna.person.happened(Notice)), "the no"
    )
    assert bert.key not in bert.person.world.rooms


async def test_an_invitation_into_an_open_room(pair: tuple[InRoom, InRoom]) -> None:
    anna, bert = pair
    await anna.make("Anna")
    await anna.person.do(Invite(anna.key, bert.person.address, "tea"))
    await bert.person.until(lambda: bert.person.happened(Invited), "an invitation")
    assert bert.key not in bert.person.world.rooms
    assert not bert.person.happened(MessageKept)
    await bert.person.do(Answer(bert.person.happened(Invited)[0].id, yes=True))
    await bert.reach(RoomState.JOINED)


async def test_there_is_no_such_server(server: ChatServer, pair: tuple[InRoom, InRoom]) -> None:
    _, bert = pair
    nowhere = InRoom.of(bert.person, Address.parse(f"garden@nowhere.{server.domain}"))
    await nowhere.ask("Bert")
    await nowhere.reach(RoomState.FAILED)
    # A server that talks to no others says so instead.
    assert (
        f"no server nowhere.{server.domain}" in nowhere.room.reason
        or "Check the address" in nowhere.room.reason
    )


async def test_bookmarks_are_the_same_on_two_devices(
    server: ChatServer, accounts: Accounts, address: Address, tmp_path: Path
) -> None:
    (account,) = accounts(server, "anna")
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(Person(account, server, tmp_path / "desk", resource="desk"))
        await desk.online()
        at_desk = InRoom.of(desk, address)
        await at_desk.make("Anna")
        # Prosody asks each device what it wants to be told of, and loses the answer of one where two who want
        # the same come together.
        phone = await stack.enter_async_context(Person(account, server, tmp_path / "phone", resource="phone"))
        await phone.online()
        on_phone = InRoom.of(phone, address)
        await desk.do(SetBookmark(at_desk.key, autojoin=True))
        await phone.until(lambda: phone.world.bookmarks, "the bookmark")
        assert next(iter(phone.world.bookmarks.values())).nick == "Anna"
        await on_phone.reach(RoomState.JOINED)
        assert on_phone.room.nick == "Anna"
        async with Person(account, server, tmp_path / "new", resource="new") as new:
            await new.online()
            await InRoom.of(new, address).reach(RoomState.JOINED)
        await phone.do(RemoveBookmark(on_phone.key))
        await desk.until(lambda: not desk.world.bookmarks, "the bookmark to be gone")
        await at_desk.reach(RoomState.LEFT)
        assert on_phone.is_in(RoomState.JOINED), "who removed it is still there"


async def test_rooms_are_entered_and_left_on_all_devices(
    server: ChatServer, accounts: Accounts, address: Address, tmp_path: Path
) -> None:
    (account,) = accounts(server, "anna")
    async with (
        Person(account, server, tmp_path / "desk", resource="desk") as desk,
        Person(account, server, tmp_path / "phone", resource="phone") as phone,
    ):
        await desk.online()
        await phone.online()
        at_desk, on_phone = InRoom.of(desk, address), InRoom.of(phone, address)
        await at_desk.make("Anna")
        await on_phone.reach(RoomState.JOINED)
        await phone.do(LeaveRoom(on_phone.key))
        await at_desk.reach(RoomState.LEFT)
        for device in (desk, phone):
            await device.until(
                lambda seen=device: [one.autojoin for one in seen.world.bookmarks.values()] == [False],
                "the bookmark without autojoin",
            )
        await on_phone.join("Anna")
        await at_desk.reach(RoomState.JOINED)
        assert on_phone.is_in(RoomState.JOINED)


async def test_who_becomes_unavailable_is_out_of_the_room_until_they_are_back(
    pair: tuple[InRoom, InRoom],
) -> None:
    anna, bert = pair
    await anna.make("Anna")
    await bert.join("Bert")
    await anna.sees("Anna", "Bert")
    await bert.person.do(SetPresence(Show.OFFLINE, account=bert.person.address))
    await anna.sees("Anna")
    assert bert.is_in(RoomState.QUEUED)
    await bert.person.do(SetPresence(Show.AVAILABLE, account=bert.person.address))
    await bert.reach(RoomState.JOINED)
    await anna.sees("Anna", "Bert")
    await anna.say("welcome back")
    await bert.hear("welcome back")


async def test_services_and_their_rooms(server: ChatServer, pair: tuple[InRoom, InRoom]) -> None:
    anna, _ = pair
    await anna.make("Anna")
    own = anna.person.address
    services = await anna.person.session.ask(RoomServices(own))
    assert services == (Address.parse(server.rooms_domain),)
    await anna.configure(muc__roomconfig_publicroom="1", muc__roomconfig_roomname="Garden")
    rooms = await anna.person.session.ask(PublicRooms(own, services[0]))
    found = {one.address: one for one in rooms}
    assert found[anna.key.address].occupants == 1
    assert found[anna.key.address].name == "Garden"
