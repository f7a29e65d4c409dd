"""Messages in and out, and how far they are known to have come."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.session.wire import ANNA, BERT, CARL, IN_ROOM, WITH_BERT, ScriptedStream, Wire, names, text
from tui_xmpp.core.chat import ChatKey, ChatKind
from tui_xmpp.core.commands import (
    MarkRead,
    Refused,
    RetryMessage,
    SendMessage,
)
from tui_xmpp.core.events import ChatChanged, MessageChanged, MessageKept, Notice
from tui_xmpp.core.message import Delivery, MessageType
from tui_xmpp.core.ports import StorageError
from tui_xmpp.session import convert
from tui_xmpp.session.features.history import History
from tui_xmpp.session.features.subscriptions import Subscriptions


async def test_a_message_opens_its_chat_before_it_is_told(wire: Wire) -> None:
    await wire.take(f"<message from='{BERT}/phone' type='chat' id='a1'><body>hello</body></message>")
    kinds = [type(one) for one in wire.events if isinstance(one, ChatChanged | MessageKept)]
    assert kinds[0] is ChatChanged and MessageKept in kinds
    kept = wire.happened(MessageKept)[0].message
    assert (kept.body, kept.sender, kept.chat, kept.delivery) == (
        "hello",
        BERT,
        WITH_BERT,
        Delivery.INCOMING,
    )
    chat = wire.world.chats[WITH_BERT]
    assert (chat.unread, chat.number, chat.open, chat.kind) == (1, 1, True, ChatKind.CONTACT)
    assert [one.key for one in wire.archive.chats()] == [WITH_BERT]


async def test_chats_take_the_lowest_free_number(wire: Wire) -> None:
    await wire.take(f"<message from='{BERT}/x' type='chat' id='1'><body>a</body></message>")
    await wire.take(f"<message from='{CARL}/x' type='chat' id='2'><body>b</body></message>")
    assert [chat.number for chat in wire.world.open_chats()] == [1, 2]


async def test_a_sent_message_is_kept_first_and_then_written(wire: Wire) -> None:
    written = await wire.do(SendMessage(WITH_BERT, "hi there"))
    assert names(written)[:2] == ["message", "body"]
    message = written[0]
    assert message.get("to") == str(BERT) and message.get("type") == "chat" and text(message) == "hi there"
    kept = wire.happened(MessageKept)[0].message
    assert kept.delivery is Delivery.QUEUED and kept.id == message.get("id")
    assert wire.messages()[0].delivery is Delivery.WRITTEN
    assert written[-1].tag == "{urn:xmpp:sm:3}r"


async def test_an_acknowledged_message_was_taken(wire: Wire) -> None:
    await wire.do(SendMessage(WITH_BERT, "one"))
    await wire.do(SendMessage(WITH_BERT, "two"))
    sent = wire.account.life.management._sent[-1].sequence
    await wire.take(f"<a xmlns='urn:xmpp:sm:3' h='{sent - 1}'/>")
    assert [one.delivery for one in wire.messages()] == [Delivery.TAKEN, Delivery.WRITTEN]
    await wire.take(f"<a xmlns='urn:xmpp:sm:3' h='{sent}'/>")
    assert [one.delivery for one in wire.messages()] == [Delivery.TAKEN, Delivery.TAKEN]


async def test_an_impossible_acknowledgement_is_not_believed(wire: Wire) -> None:
    await wire.do(SendMessage(WITH_BERT, "one"))
    await wire.take("<a xmlns='urn:xmpp:sm:3' h='4000000'/>")
    assert wire.messages()[0].delivery is Delivery.WRITTEN


async def test_without_acknowledgements_an_answered_ping_says_that_it_was_taken(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    await wire.online(offered=frozenset())
    await wire.do(SendMessage(WITH_BERT, "one"))
    assert wire.messages()[0].delivery is Delivery.WRITTEN
    wire.answer(await wire.request("{urn:xmpp:ping}ping"))
    await wire.settle()
    assert wire.messages()[0].delivery is Delivery.TAKEN
    await wire.close()


async def test_what_was_typed_offline_goes_out_in_order_with_its_ids_once(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    for body in ("one", "two", "three"):
        await wire.account.do(SendMessage(WITH_BERT, body))
    ids = [one.id for one in wire.messages()]
    assert [one.delivery for one in wire.messages()] == [Delivery.QUEUED] * 3
    await wire.online(answers=False)
    for _ in range(12):
        await wire.settle()
        wire.answer_all()
    sent = [one for one in wire.stream.written if text(one)]
    assert [text(one) for one in sent] == ["one", "two", "three"]
    assert [one.get("id") for one in sent] == ids
    wire.lose()
    await wire.online(answers=False)
    for _ in range(12):
        await wire.settle()
        wire.answer_all()
    again = [one for one in wire.stream.written if text(one)]
    assert [one.get("id") for one in again] == ids, "not acknowledged: again, with the same ids"
    await wire.close()


async def test_an_error_makes_the_message_failed_and_it_can_be_sent_again(wire: Wire) -> None:
    sent = (await wire.do(SendMessage(WITH_BERT, "one")))[0]
    await wire.take(
        f"<message from='{BERT}' type='error' id='{sent.get('id')}'><body>one</body><error type='cancel'>"
        "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    )
    (message,) = wire.messages()
    assert message.delivery is Delivery.FAILED and "cannot take it" in message.failure
    again = await wire.do(RetryMessage(WITH_BERT, message.row))
    assert again[0].get("id") == sent.get("id")
    assert wire.messages()[0].delivery is Delivery.WRITTEN


async def test_a_headline_and_its_subject_are_kept_as_such(wire: Wire) -> None:
    await wire.take(
        "<message from='example.org' type='headline' id='h'><subject>Tonight</subject>"
        "<body>We restart at ten.</body></message>"
    )
    message = wire.happened(MessageKept)[0].message
    assert (message.type, message.subject, message.body) == (
        MessageType.HEADLINE,
        "Tonight",
        "We restart at ten.",
    )


async def test_empty_text_is_refused(wire: Wire) -> None:
    with pytest.raises(Refused):
        await wire.do(SendMessage(WITH_BERT, " \n"))
    assert not wire.messages()


async def test_what_xml_cannot_carry_is_taken_out(wire: Wire) -> None:
    written = await wire.do(SendMessage(WITH_BERT, "a\x00b\x1b[31mc\ud800d"))
    assert text(written[0]) == "ab[31mc\ufffdd"


async def test_receipts_are_given_only_to_those_who_see_us(wire: Wire) -> None:
    asked = "<request xmlns='urn:xmpp:receipts'/>"
    await wire.take(f"<message from='{CARL}/x' type='chat' id='1'><body>a</body>{asked}</message>")
    assert given_now(wire) == []
    wire.befriend()
    await wire.take(f"<message from='{BERT}/x' type='chat' id='2'><body>a</body>{asked}</message>")
    written = given_now(wire)
    received = convert.child(written[0], "urn:xmpp:receipts", "received")
    assert received is not None and received.get("id") == "2" and written[0].get("to") == f"{BERT}/x"


def given_now(wire: Wire) -> list[ET.Element]:
    """What is written once receipts wait no longer for something to ride on."""
    before = len(wire.stream.written)
    wire.account.life.riding.let_go()
    return wire.stream.written[before:]


async def test_on_a_thin_link_a_receipt_is_as_short_as_it_may_be(tmp_path: Path) -> None:
    """It goes to the device that asked, which stands in no need of a type (XEP-0184 §5, example 4)."""
    wire = Wire(tmp_path, link="mobile")
    await wire.online()
    wire.befriend()
    await wire.take(wanting("w1"))
    (receipt,) = given_now(wire)
    assert receipt.attrib == {"to": f"{BERT}/x"} and len(receipt) == 1
    await wire.close()


def wanting(id: str) -> str:
    """A message that asks for a receipt and a marker, and says that its writer is there."""
    return (
        f"<message xmlns='jabber:client' from='{BERT}/x' to='{ANNA}' type='chat' id='{id}'><body>hi</body>"
        "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>"
        "<active xmlns='http://jabber.org/protocol/chatstates'/></message>"
    )


async def test_what_another_device_got_or_the_archive_held_is_answered_by_nobody(wire: Wire) -> None:
    wire.befriend()
    forwarded = (
        "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-05-01T11:00:00Z'/>"
        f"{wanting('w1')}</forwarded>"
    )
    carbon = f"<received xmlns='urn:xmpp:carbons:2'>{forwarded}</received>"
    assert not await wire.take(f"<message from='{ANNA}'>{carbon}</message>")
    page = forwarded.replace("w1", "w2")
    result = ET.fromstring(f"<result xmlns='urn:xmpp:mam:2' id='a2'>{page}</result>")
    assert await wire.account.fetched(ANNA, [result]) == 1
    await wire.settle()
    assert len(wire.messages()) == 2 and not given_now(wire) and not wire.stream.written
    await wire.take(wanting("w3"))
    assert given_now(wire), "the same, said to us now, is answered"


async def test_receipt_and_marker_raise_the_delivery(wire: Wire) -> None:
    ids = [(await wire.do(SendMessage(WITH_BERT, body)))[0].get("id") for body in ("one", "two")]
    await wire.take(
        f"<message from='{BERT}/x' type='chat'><received xmlns='urn:xmpp:receipts' id='{ids[0]}'/></message>"
    )
    assert [one.delivery for one in wire.messages()] == [Delivery.DELIVERED, Delivery.WRITTEN]
    await wire.take(
        f"<message from='{BERT}/x' type='chat'>"
        f"<displayed xmlns='urn:xmpp:chat-markers:0' id='{ids[1]}'/></message>"
    )
    assert [one.delivery for one in wire.messages()] == [Delivery.READ, Delivery.READ]
    assert wire.happened(MessageChanged)


async def test_somebody_else_cannot_say_that_it_was_read(wire: Wire) -> None:
    id = (await wire.do(SendMessage(WITH_BERT, "one")))[0].get("id")
    await wire.take(
        f"<message from='{CARL}/x' type='chat'>"
        f"<displayed xmlns='urn:xmpp:chat-markers:0' id='{id}'/></message>"
    )
    assert wire.messages()[0].delivery is Delivery.WRITTEN


async def test_reading_sends_one_marker_for_the_newest(wire: Wire) -> None:
    wire.befriend()
    for id in ("1", "2"):
        await wire.take(
            f"<message from='{BERT}/x' type='chat' id='{id}'><body>a</body>"
            "<markable xmlns='urn:xmpp:chat-markers:0'/></message>"
        )
    written = await wire.do(MarkRead(WITH_BERT))
    displayed = convert.child(written[0], "urn:xmpp:chat-markers:0", "displayed")
    assert displayed is not None and displayed.get("id") == "2"
    assert wire.world.chats[WITH_BERT].unread == 0
    assert await wire.do(MarkRead(WITH_BERT)) == []


async def test_a_room_message_goes_to_its_room(wire: Wire) -> None:
    wire.enter()
    await wire.take(f"<message from='{IN_ROOM.address}' type='groupchat'><subject/></message>")
    written = await wire.do(SendMessage(IN_ROOM, "hello all"))
    assert written[0].get("type") == "groupchat" and written[0].get("to") == str(IN_ROOM.address)
    await wire.take(
        f"<message from='{IN_ROOM.address}/Anna' type='groupchat' id='{written[0].get('id')}'>"
        f"<body>hello all</body><stanza-id xmlns='urn:xmpp:sid:0' by='{IN_ROOM.address}' id='r1'/></message>"
    )
    (message,) = wire.messages(IN_ROOM)
    assert message.delivery is Delivery.TAKEN and message.archive_id == "r1"


async def test_an_occupant_in_private_has_a_chat_of_their_own(wire: Wire) -> None:
    wire.enter()
    await wire.take(f"<message from='{IN_ROOM.address}/Dora' type='chat' id='1'><body>psst</body></message>")
    key = ChatKey(ANNA, IN_ROOM.address.with_resource("Dora"))
    assert wire.world.chats[key].kind is ChatKind.PRIVATE


async def test_a_fault_at_one_message_costs_no_other_and_nothing_else(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a fault of ours")

    wire.befriend()
    monkeypatch.setattr(History, "kept", fail)
    for number in range(3):
        wire.hear(wanting(f"w{number}"))
    await wire.settle()
    assert [one.message.id for one in wire.happened(MessageKept)] == ["w0", "w1", "w2"]
    assert wire.world.chats[WITH_BERT].unread == 3
    assert names(given_now(wire)).count("received") == 3


async def test_a_fault_at_sign_in_holds_nothing_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a fault of ours")

    wire = Wire(tmp_path)
    await wire.do(SendMessage(WITH_BERT, "typed offline"))
    monkeypatch.setattr(Subscriptions, "on_ready", fail)
    await wire.online(answers=False)
    for _ in range(12):
        wire.answer_all()
        await wire.settle()
    assert "typed offline" in [text(one) for one in wire.stream.written]
    await wire.close()


async def test_a_server_without_copies_for_other_devices_is_no_trouble(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    await wire.online(answers=False)
    refused = (
        "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    )
    wire.answer(await wire.request("{urn:xmpp:carbons:2}enable"), refused, "error")
    await wire.settle()
    assert not wire.happened(Notice)
    await wire.close()


async def test_a_full_disk_acknowledges_nothing_and_cuts_the_link(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(messages: object) -> None:
        raise StorageError("The disk is full; free some space.")

    with monkeypatch.context() as patched:
        patched.setattr(wire.archive, "keep_all", full)
        await wire.take(f"<message from='{BERT}/x' type='chat' id='1'><body>a</body></message>")
    assert wire.happened(Notice)[-1].text == wire.stream.failure == "The disk is full; free some space."
    assert await wire.take("<r xmlns='urn:xmpp:sm:3'/>") == []


async def test_not_a_byte_more_goes_out_and_not_one_less(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    write = ScriptedStream._write

    def noted(stream: ScriptedStream, text: str) -> None:
        texts.append(text)
        write(stream, text)

    monkeypatch.setattr(ScriptedStream, "_write", noted)
    await wire.do(SendMessage(WITH_BERT, "<a /> & b />"))
    message = next(one for one in texts if one.startswith("<message"))
    assert "<body>&lt;a /&gt; &amp; b /&gt;</body>" in message
    assert " />" not in message
    # Two people need no other id than that of the message (XEP-0359 §4).
    assert "origin-id" not in message
