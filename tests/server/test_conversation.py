"""Two of our sessions talk to each other on real servers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tui_xmpp.core.account import Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import (
    AddAccount,
    AddContact,
    Answer,
    ApproveSubscription,
    Connect,
    CorrectMessage,
    Disconnect,
    FillGap,
    MarkRead,
    React,
    RemoveContact,
    RenameContact,
    RetractMessage,
    SendMessage,
    SetGroups,
    SetPresence,
    SetTyping,
)
from tui_xmpp.core.contact import Show, Subscription
from tui_xmpp.core.events import ChatState, ConnectionChanged, HistoryLoaded, PasswordNeeded, TypingChanged
from tui_xmpp.core.message import Delivery

pytestmark = pytest.mark.server


async def test_a_message_is_taken_delivered_and_read(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(anna_at, server, tmp_path / "anna") as anna,
        Person(bert_at, server, tmp_path / "bert") as bert,
    ):
        await anna.online()
        await bert.online()
        await anna.until(lambda: anna.world.best_presence(anna.address, bert.address), "bert's presence")
        await bert.until(lambda: bert.world.best_presence(bert.address, anna.address), "anna's presence")

        await anna.do(SetTyping(anna.chat(bert), True))
        await bert.until(lambda: bert.world.typing.get(bert.chat(anna)), "anna to type")
        assert bert.happened(TypingChanged)[0].state is ChatState.COMPOSING

        await anna.do(SendMessage(anna.chat(bert), "hello bert"))
        arrived = await bert.message(anna, "hello bert")
        assert arrived.delivery is Delivery.INCOMING
        assert not bert.world.typing
        await anna.until(lambda: anna.messages(bert)[-1].delivery is Delivery.DELIVERED, "delivered")
        assert bert.world.chats[bert.chat(anna)].unread == 1

        await bert.do(MarkRead(bert.chat(anna)))
        await anna.until(lambda: anna.messages(bert)[-1].delivery is Delivery.READ, "read")
        assert bert.world.chats[bert.chat(anna)].unread == 0

        sent = anna.messages(bert)[-1]
        await anna.do(CorrectMessage(anna.chat(bert), sent.row, "hello, Bert"))
        assert (await bert.message(anna, "hello, Bert")).edited

        await bert.do(React(bert.chat(anna), arrived.row, ("👍",)))
        await anna.until(lambda: anna.messages(bert)[-1].reactions, "a reaction")
        assert anna.messages(bert)[-1].reactions[0].emojis == ("👍",)

        await bert.do(SendMessage(bert.chat(anna), "indeed", reply_to=arrived.row))
        answer = await anna.message(bert, "indeed")
        assert answer.reply is not None and answer.reply.row == sent.row

        await anna.do(RetractMessage(anna.chat(bert), sent.row))
        await bert.until(lambda: bert.messages(anna)[0].retracted, "the retraction")
        assert bert.messages(anna)[0].body == ""


async def test_strangers_become_contacts_only_by_a_key_press(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert", friends=False)
    async with (
        Person(anna_at, server, tmp_path / "anna") as anna,
        Person(bert_at, server, tmp_path / "bert") as bert,
    ):
        await anna.online()
        await bert.online()
        key = (anna.address, bert.address)
        await anna.do(AddContact(anna.address, bert.address, "Bert", ("Work",), "It is me"))
        await anna.until(lambda: key in anna.world.contacts and anna.world.contacts[key].ask, "the item")
        await bert.until(lambda: bert.world.requests, "the request")
        assert next(iter(bert.world.requests.values())).address == anna.address
        assert anna.world.contacts[key].subscription is Subscription.NONE

        await bert.do(ApproveSubscription(bert.address, anna.address))
        await anna.until(lambda: anna.world.contacts[key].subscription is Subscription.TO, "to be approved")
        await anna.until(lambda: anna.world.best_presence(*key), "bert's presence")
        assert not bert.world.requests

        await bert.do(SetPresence(Show.DND, "busy", account=bert.address))
        await anna.until(
            lambda: (one := anna.world.best_presence(*key)) and (one.show, one.status) == (Show.DND, "busy"),
            "bert to be busy",
        )
        await anna.do(RenameContact(*key, "Herbert"))
        await anna.do(SetGroups(*key, ("Friends", "Work")))
        await anna.until(lambda: set(anna.world.contacts[key].groups) == {"Friends", "Work"}, "the groups")
        assert anna.world.contacts[key].name == "Herbert"
        await bert.do(Disconnect(bert.address))
        await anna.until(lambda: anna.world.best_presence(*key) is None, "bert to leave")
        await anna.do(RemoveContact(*key))
        await anna.until(lambda: key not in anna.world.contacts, "the item to be gone")


async def test_other_devices_hear_of_everything(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(anna_at, server, tmp_path / "one", resource="one") as one,
        Person(anna_at, server, tmp_path / "two", resource="two") as two,
        Person(bert_at, server, tmp_path / "bert") as bert,
    ):
        for person in (one, two, bert):
            await person.online()
        await one.until(lambda: len(one.world.presences.get((one.address, one.address), {})) == 2, "both")
        await one.do(SendMessage(one.chat(bert), "from the first"))
        copy = await two.message(bert, "from the first")
        assert copy.outgoing and copy.delivery >= Delivery.TAKEN
        await bert.message(one, "from the first")
        await bert.do(SendMessage(bert.chat(one), "back to both"))
        await one.message(bert, "back to both")
        await two.message(bert, "back to both")
        await one.do(MarkRead(one.chat(bert)))
        await two.until(lambda: two.world.chats[two.chat(bert)].unread == 0, "read on the other device")


async def test_what_was_read_on_one_device_is_read_on_the_other_without_a_word_to_the_writer(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    # Strangers get no displayed marker, so that only the read state itself (XEP-0490) can tell it.
    anna_at, bert_at = accounts(server, "anna", "bert", friends=False)
    async with (
        Person(anna_at, server, tmp_path / "one", resource="one") as one,
        Person(anna_at, server, tmp_path / "two", resource="two") as two,
        Person(bert_at, server, tmp_path / "bert") as bert,
    ):
        for person in (one, two, bert):
            await person.online()
        await one.until(lambda: len(one.world.presences.get((one.address, one.address), {})) == 2, "both")
        await bert.do(SendMessage(bert.chat(one), "to both"))
        for device in (one, two):
            arrived = await device.message(bert, "to both")
            assert arrived.delivery is Delivery.INCOMING
            assert device.world.chats[device.chat(bert)].unread == 1
        await two.do(MarkRead(two.chat(bert)))
        await one.until(lambda: one.world.chats[one.chat(bert)].unread == 0, "read on the other device")
        await bert.until(lambda: bert.messages(one)[-1].delivery >= Delivery.TAKEN, "taken")
        assert bert.messages(one)[-1].delivery is Delivery.TAKEN, "a stranger hears of no reading"

        await two.do(SendMessage(two.chat(bert), "from the second"))
        copy = await one.message(bert, "from the second")
        assert (copy.outgoing, copy.delivery) == (True, Delivery.TAKEN)
        assert one.world.chats[one.chat(bert)].unread == 0


async def test_what_was_missed_and_what_was_typed_offline(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with Person(bert_at, server, tmp_path / "bert") as bert:
        await bert.online()
        async with Person(anna_at, server, tmp_path / "anna") as anna:
            await anna.online()
            await bert.do(SendMessage(bert.chat(anna), "before"))
            await anna.message(bert, "before")
            await anna.do(Disconnect(anna.address))
            for count in range(60):
                await bert.do(SendMessage(bert.chat(anna), f"missed {count}"))
            await bert.until(
                lambda: all(m.delivery >= Delivery.TAKEN for m in bert.messages(anna)), "all taken"
            )
            await anna.do(SendMessage(anna.chat(bert), "typed offline"))
            assert (await anna.message(bert, "typed offline")).delivery is Delivery.QUEUED
        # A restart: the same disk, a new program.
        async with Person(anna_at, server, tmp_path / "anna") as anna:
            assert [m.body for m in anna.messages(bert)] == ["before", "typed offline"]
            assert (anna.address, bert.address) in anna.world.contacts
            assert anna.chat(bert) in anna.world.chats
            await anna.online()
            await anna.message(bert, "missed 59")
            bodies = [m.body for m in anna.archive.page(anna.chat(bert)).messages]
            assert bodies == ["before", *(f"missed {n}" for n in range(60)), "typed offline"]
            await bert.message(anna, "typed offline")
            await anna.until(lambda: anna.messages(bert)[-1].delivery >= Delivery.TAKEN, "taken")
            assert anna.world.chats[anna.chat(bert)].unread >= 60


async def test_a_new_device_fetches_the_past_page_by_page(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with Person(bert_at, server, tmp_path / "bert") as bert:
        await bert.online()
        key = ChatKey(bert.address, Address.parse(anna_at.address))
        for count in range(120):
            await bert.do(SendMessage(key, f"m{count}"))
        await bert.until(
            lambda: all(m.delivery >= Delivery.TAKEN for m in bert.archive.page(key, limit=200).messages),
            "all taken",
        )
        async with Person(anna_at, server, tmp_path / "anna") as anna:
            await anna.online()
            await anna.message(bert, "m119")
            chat = anna.chat(bert)
            for _ in range(5):
                gaps = anna.archive.page(chat, limit=200).gaps
                if not gaps:
                    break
                loaded = len(anna.happened(HistoryLoaded))
                await anna.do(FillGap(chat, gaps[0].number))
                await anna.until(lambda seen=loaded: len(anna.happened(HistoryLoaded)) > seen, "history")
            bodies = [m.body for m in anna.archive.page(chat, limit=200).messages]
            assert bodies == [f"m{n}" for n in range(120)]


async def test_a_wrong_password_is_asked_for_and_the_right_one_is_kept(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    (anna_at,) = accounts(server, "anna")
    async with Person(anna_at, server, tmp_path / "anna", password="", configured=False) as anna:
        await anna.do(AddAccount(anna.config, "wrong", remember=True))
        await anna.until(lambda: anna.happened(PasswordNeeded), "the question")
        refused = [one for one in anna.happened(ConnectionChanged) if one.connection is Connection.REFUSED]
        assert refused and refused[-1].reason
        assert not anna.configuration.added and not anna.vault.kept
        question = anna.happened(PasswordNeeded)[-1]
        assert question.reason
        await anna.do(Answer(question.id, True, anna_at.password, remember=True))
        await anna.online()
        await anna.until(lambda: anna.vault.kept, "the password to be kept")
        assert anna.configuration.added == [anna.config]
        await anna.do(Disconnect(anna.address))
        assert anna.world.accounts[anna.address].connection is Connection.OFFLINE
        await anna.do(Connect(anna.address))
        await anna.online()


async def test_what_was_typed_while_the_server_was_away_arrives_once_and_in_order(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(anna_at, server, tmp_path / "anna") as anna,
        Person(bert_at, server, tmp_path / "bert") as bert,
    ):
        await anna.online()
        await bert.online()
        await anna.do(SendMessage(anna.chat(bert), "0"))
        await bert.message(anna, "0")
        await asyncio.to_thread(server.stop)
        waiting = anna.world.accounts[anna.address]
        await anna.until(lambda: waiting.connection is not Connection.ONLINE, "to notice")
        assert waiting.reason
        for count in range(1, 6):
            await anna.do(SendMessage(anna.chat(bert), str(count)))
        await asyncio.to_thread(server.start)
        for person in (anna, bert):
            await person.do(Connect(person.address))
            await person.online()
        await bert.message(anna, "5")
        await anna.until(
            lambda: all(m.delivery >= Delivery.TAKEN for m in anna.messages(bert)), "all to be taken"
        )
        assert [m.body for m in bert.messages(anna)] == [str(count) for count in range(6)]
