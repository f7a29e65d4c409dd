"""OMEMO on real servers: sealed from the first message, read once and by the right ones, never in clear."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenProfanity
from tests.server.omemo import bodies, list_profanity, make_member, make_private, reads, with_keys
from tests.server.person import Person
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import JoinRoom, Refused, SendMessage
from tui_xmpp.core.message import Delivery
from tui_xmpp.core.questions import DevicesOf
from tui_xmpp.core.room import RoomState
from tui_xmpp.core.security import Encrypt, Protection, Trust
from tui_xmpp.core.security_commands import SetEncryption, SetTrust

pytestmark = pytest.mark.server


async def test_two_talk_sealed_from_the_first_message(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(anna_at, server, tmp_path / "anna", omemo=True) as anna,
        Person(bert_at, server, tmp_path / "bert", omemo=True) as bert,
    ):
        await with_keys(anna, bert)
        to_bert, to_anna = anna.chat(bert), bert.chat(anna)
        await anna.do(SendMessage(to_bert, "the first secret"))
        await anna.until(
            lambda: anna.archive.page(to_bert).messages[-1].delivery >= Delivery.TAKEN, "it went"
        )
        assert not anna.archive.page(to_bert).messages[-1].failure
        await reads(bert, to_anna, "the first secret")
        await bert.do(SendMessage(to_anna, "the answer"))
        await reads(anna, to_bert, "the answer")
        for one, key in ((anna, to_bert), (bert, to_anna)):
            assert {one.protection for one in one.archive.page(key).messages} == {Protection.SEALED}
            assert one.world.security[key].sealed


async def test_who_has_no_keys_is_written_to_in_clear_and_who_gets_some_is_not_any_more(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with Person(anna_at, server, tmp_path / "anna", omemo=True) as anna:
        await with_keys(anna)
        async with Person(bert_at, server, tmp_path / "bert") as bert:
            await bert.online()
            await anna.do(SendMessage(anna.chat(bert), "in clear"))
            await reads(bert, bert.chat(anna), "in clear")
        async with Person(bert_at, server, tmp_path / "bert2", omemo=True) as bert:
            await with_keys(bert)
            await anna.until(lambda: anna.world.devices.get((anna.address, bert.address)), "sees his keys")
            await anna.do(SendMessage(anna.chat(bert), "sealed now"))
            await reads(bert, bert.chat(anna), "sealed now")
            sealed = {one.body: one.protection for one in anna.archive.page(anna.chat(bert)).messages}
            assert sealed == {"in clear": Protection.CLEAR, "sealed now": Protection.SEALED}


async def test_what_was_sealed_while_one_was_away_is_read_after_a_restart(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with Person(anna_at, server, tmp_path / "anna", omemo=True) as anna:
        async with Person(bert_at, server, tmp_path / "bert", omemo=True) as bert:
            await with_keys(anna, bert)
            await bert.do(SendMessage(bert.chat(anna), "hello"))
            await reads(anna, anna.chat(bert), "hello")
            key = bert.chat(anna)
        said = [f"while he is away {number}" for number in range(5)]
        for text in said:
            await anna.do(SendMessage(anna.chat(bert), text))
        async with Person(bert_at, server, tmp_path / "bert", omemo=True) as again:
            for text in said:
                await reads(again, key, text)
            # A server's stamps are whole seconds: where "hello" stands among them is not told.
            assert [one for one in bodies(again, key) if one in said] == said
            await again.do(SendMessage(key, "all read"))
            await reads(anna, ChatKey(anna.address, again.address), "all read")


async def test_e03_our_other_device_reads_what_this_one_says_once_it_is_accepted(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(bert_at, server, tmp_path / "bert", omemo=True) as bert,
        Person(anna_at, server, tmp_path / "desk", omemo=True, resource="desk") as desk,
    ):
        await with_keys(bert, desk)
        async with Person(anna_at, server, tmp_path / "phone", omemo=True, resource="phone") as phone:
            await with_keys(phone)
            await desk.until(lambda: len(desk.world.devices.get((desk.address, desk.address), ())) == 2)
            await desk.do(SendMessage(desk.chat(bert), "not for the phone yet"))
            await reads(bert, bert.chat(desk), "not for the phone yet")
            devices = await desk.session.ask(DevicesOf(desk.address, desk.address))
            (other,) = [one for one in devices if not one.this]
            assert other.trust is Trust.UNDECIDED
            await desk.do(SetTrust(desk.address, desk.address, other.fingerprint, Trust.VERIFIED))
            await desk.do(SendMessage(desk.chat(bert), "for the phone too"))
            await phone.until(
                lambda: "for the phone too" in bodies(phone, ChatKey(phone.address, bert.address)), "carbon"
            )
            read = phone.archive.page(ChatKey(phone.address, bert.address)).messages
            protections = {one.body: one.protection for one in read}
            # The phone has not accepted the desk: it says so of what comes from there.
            assert protections["for the phone too"] is Protection.ATTENTION
            assert "not for the phone yet" not in protections


async def test_e03_a_new_device_of_somebody_verified_holds_messages_back(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(anna_at, server, tmp_path / "anna", omemo=True) as anna,
        Person(bert_at, server, tmp_path / "bert", omemo=True, resource="first") as bert,
    ):
        await with_keys(anna, bert)
        (device,) = await anna.session.ask(DevicesOf(anna.address, bert.address))
        await anna.do(SetTrust(anna.address, bert.address, device.fingerprint, Trust.VERIFIED))
        await anna.do(SendMessage(anna.chat(bert), "to the one I know"))
        await reads(bert, bert.chat(anna), "to the one I know")
        async with Person(bert_at, server, tmp_path / "bert2", omemo=True, resource="second") as second:
            await with_keys(second)
            both = await anna.session.ask(DevicesOf(anna.address, bert.address))
            (new,) = [one for one in both if one.id != device.id]
            with pytest.raises(Refused, match="new device"):
                await anna.do(SendMessage(anna.chat(bert), "held back"))
            assert "held back" not in bodies(anna, anna.chat(bert))
            await anna.do(SetTrust(anna.address, bert.address, new.fingerprint, Trust.TRUSTED))
            await anna.do(SendMessage(anna.chat(bert), "to both"))
            await reads(second, second.chat(anna), "to both")


async def test_a_room_is_sealed_for_all_members_those_away_among_them(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at, cara_at = accounts(server, "anna", "bert", "cara")
    room = Address.parse(f"cellar-{anna_at.user}@{server.rooms_domain}")
    async with (
        Person(anna_at, server, tmp_path / "anna", omemo=True) as anna,
        Person(bert_at, server, tmp_path / "bert", omemo=True) as bert,
    ):
        await with_keys(anna, bert)
        async with Person(cara_at, server, tmp_path / "cara", omemo=True) as cara:
            await with_keys(cara)
        key = await make_private(anna, room)
        await make_member(anna, room, bert.address, cara.address)
        await anna.until(lambda: anna.world.rooms[key].members_only, "the room is for members")
        await bert.do(JoinRoom(bert.address, room))
        berts = ChatKey(bert.address, room)
        await bert.until(lambda: bert.world.rooms[berts].state is RoomState.JOINED, "is in")
        await anna.do(SetEncryption(key, Encrypt.ALWAYS))
        await anna.do(SendMessage(key, "for members"))
        await reads(bert, berts, "for members")
        assert bert.world.security[berts].sealed
        await bert.do(SendMessage(berts, "sealed as well"))
        await reads(anna, key, "sealed as well")
        await anna.until(
            lambda: all(one.delivery is not Delivery.QUEUED for one in anna.archive.page(key).messages)
        )
        async with Person(cara_at, server, tmp_path / "cara", omemo=True) as cara:
            await cara.online()
            await cara.do(JoinRoom(cara.address, room))
            for text in ("for members", "sealed as well"):
                await reads(cara, ChatKey(cara.address, room), text)


async def test_an_open_room_says_why_it_cannot_be_sealed(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    (anna_at,) = accounts(server, "anna")
    room = Address.parse(f"market-{anna_at.user}@{server.rooms_domain}")
    async with Person(anna_at, server, tmp_path / "anna", omemo=True) as anna:
        await with_keys(anna)
        key = ChatKey(anna.address, room)
        await anna.do(JoinRoom(anna.address, room))
        await anna.until(lambda: anna.world.rooms[key].state is RoomState.JOINED, "is in")
        with pytest.raises(Refused, match="Anybody can enter"):
            await anna.do(SetEncryption(key, Encrypt.ALWAYS))


async def test_profanity_reads_us_and_we_read_it(
    server: ChatServer, accounts: Accounts, tmp_path: Path, profanity: OpenProfanity
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    berts = profanity(bert_at, server)
    await list_profanity(berts, bert_at, server, tmp_path / "bert")
    async with Person(anna_at, server, tmp_path / "anna", omemo=True) as anna:
        await with_keys(anna)
        bert = Address.parse(bert_at.address)
        key = ChatKey(anna.address, bert)
        await anna.do(SendMessage(key, "can you read this"))
        await anna.until(lambda: anna.archive.page(key).messages[-1].delivery >= Delivery.TAKEN, "it went")
        assert anna.archive.page(key).messages[-1].protection is Protection.SEALED
        berts.say(anna_at.address, "")
        berts.wait_for("can you read this")
        berts.type(f"/omemo start {anna_at.address}")
        berts.wait_for("[OMEMO]")
        berts.type("yes, every word")
        await reads(anna, key, "yes, every word")
        assert anna.archive.page(key).messages[-1].protection is Protection.SEALED
