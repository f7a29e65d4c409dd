"""P-19, P-21: floods of requests, invitations and first messages bury nobody, and are counted."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

import pytest

from tests.session.wire import ANNA, BERT, CARL, FULL, IN_ROOM, WITH_BERT, Wire
from tui_xmpp.core import asking
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import Answer, CloseChat, OpenChat, Refused, RefuseSubscription, SendMessage
from tui_xmpp.core.contact import Contact, Subscription
from tui_xmpp.core.events import Invited, MessageKept, Notice, RosterReplaced, SubscriptionRequested
from tui_xmpp.core.message import Delivery
from tui_xmpp.core.strangers import MOST, AcceptChat, Block, RefuseAll, Strangers, Unblock, Want

EVIL = Address.parse("evil.example")
REQUESTS, INVITATIONS, CHATS = (MOST[one] for one in (Want.REQUEST, Want.INVITATION, Want.CHAT))


def stranger(number: int, server: str = "evil.example") -> Address:
    return Address.parse(f"s{number}@{server}")


def request(sender: object, status: str = "") -> str:
    return f"<presence from='{sender}' type='subscribe'><status>{status}</status></presence>"


def invitation(room: object, sender: object) -> str:
    return f"<message from='{sender}'><x xmlns='jabber:x:conference' jid='{room}'/></message>"


def passed_on(room: object, claimed: object) -> str:
    inner = f"<invite from='{claimed}'/>"
    return f"<message from='{room}'><x xmlns='http://jabber.org/protocol/muc#user'>{inner}</x></message>"


def said(sender: object, body: str = "buy", id: str = "m") -> str:
    return f"<message from='{sender}/x' type='chat' id='{id}'><body>{body}</body></message>"


async def flood(wire: Wire, stanzas: Iterable[str]) -> None:
    for stanza in stanzas:
        wire.hear(stanza)
    await wire.settle()


def told(wire: Wire) -> Strangers:
    return asking.of(wire.world, ANNA)


def shown(wire: Wire) -> list[str]:
    """The addresses on the list of chats."""
    return [str(one.key.address) for one in wire.world.open_chats()]


# --- P-19: requests -------------------------------------------------------------------------------


async def test_p19_ten_thousand_requests_are_few_questions_and_a_number(wire: Wire) -> None:
    await flood(wire, (request(stranger(number)) for number in range(10_000)))
    assert len(wire.world.requests) == REQUESTS
    assert told(wire).left_out[Want.REQUEST] == 10_000 - REQUESTS
    assert len(wire.happened(Notice)) == 1 and not wire.stream.written and not wire.world.contacts
    assert len(asking.waiting(wire.world)) == REQUESTS


async def test_p19_a_status_of_a_megabyte_is_cut(wire: Wire) -> None:
    await flood(wire, (request(stranger(number), "x" * 1_000_000) for number in range(5)))
    assert max(len(one.request.text) for one in wire.happened(SubscriptionRequested)) <= 1000


async def test_p19_who_asks_again_and_again_is_counted_once(wire: Wire) -> None:
    await flood(wire, (request(stranger(number)) for number in range(REQUESTS)))
    await flood(wire, (request(stranger(REQUESTS)) for _ in range(20)))
    assert told(wire).left_out[Want.REQUEST] == 1


async def test_p19_a_contact_can_ask_while_strangers_flood(wire: Wire) -> None:
    wire.account.emit(RosterReplaced(ANNA, (Contact(ANNA, CARL, subscription=Subscription.TO),)))
    await flood(wire, (request(stranger(number)) for number in range(500)))
    await wire.take(request(CARL))
    assert (ANNA, CARL) in wire.world.requests


async def test_p19_all_are_refused_at_once_those_left_out_too(wire: Wire) -> None:
    wire.befriend(CARL, subscription=Subscription.TO)
    await wire.take(request(CARL))
    await flood(wire, (request(stranger(number)) for number in range(3000)))
    await wire.do(RefuseAll(ANNA, Want.REQUEST))
    assert list(wire.world.requests) == [(ANNA, CARL)], "a contact is asked about alone"
    assert told(wire).left_out[Want.REQUEST] == 0

    def refused() -> set[str]:
        return {one.get("to", "") for one in wire.stream.written if one.get("type") == "unsubscribed"}

    await wire.until(lambda: len(refused()) == 3000 or _acknowledge(wire))
    assert len(refused()) == 3000 and str(CARL) not in refused()


def _acknowledge(wire: Wire) -> bool:
    """The server says that it has all so far: the background may go on."""
    written = sum(one.tag.startswith("{jabber:client}") for one in wire.stream.written)
    wire.hear(f"<a xmlns='urn:xmpp:sm:3' h='{written}'/>")
    return False


async def test_offline_nothing_is_refused_in_silence(wire: Wire) -> None:
    await wire.take(request(stranger(1)))
    wire.lose()
    with pytest.raises(Refused):
        await wire.account.do(RefuseAll(ANNA, Want.REQUEST))
    assert wire.world.requests


async def test_a_request_that_is_answered_makes_room(wire: Wire) -> None:
    await flood(wire, (request(stranger(number)) for number in range(REQUESTS)))
    await wire.do(RefuseSubscription(ANNA, stranger(0)))
    await wire.take(request(stranger(REQUESTS)))
    assert (ANNA, stranger(REQUESTS)) in wire.world.requests


# --- P-21: invitations ----------------------------------------------------------------------------


async def test_p21_a_thousand_invitations_are_counted(wire: Wire) -> None:
    rooms = [f"r{number}@rooms.evil.example" for number in range(1000)]
    await flood(wire, (invitation(room, f"{stranger(1)}/x") for room in rooms))
    assert len(wire.happened(Invited)) == INVITATIONS
    assert told(wire).left_out[Want.INVITATION] == 1000 - INVITATIONS
    assert not wire.stream.written and not wire.world.rooms


async def test_p21_a_contact_can_invite_while_strangers_flood(wire: Wire) -> None:
    wire.befriend()
    rooms = [f"r{number}@rooms.evil.example" for number in range(100)]
    await flood(wire, (passed_on(room, f"{BERT}/x") for room in rooms))
    assert not any(one.known for one in wire.happened(Invited)), "a room claims what it likes"
    await wire.take(invitation("garden@rooms.example.org", f"{BERT}/x"))
    assert wire.happened(Invited)[-1].known
    assert wire.world.questions[wire.happened(Invited)[-1].id]


async def test_p21_refusing_all_leaves_those_of_contacts(wire: Wire) -> None:
    wire.befriend()
    await wire.take(invitation("garden@rooms.example.org", f"{BERT}/x"))
    await wire.take(passed_on("r1@rooms.evil.example", f"{stranger(1)}/x"))
    await wire.take(invitation("r2@rooms.evil.example", f"{stranger(2)}/x"))
    written = await wire.do(RefuseAll(ANNA, Want.INVITATION))
    assert [one.get("to") for one in written] == ["r1@rooms.evil.example"], "only what can be declined"
    (left,) = wire.world.questions.values()
    assert isinstance(left, Invited) and left.known
    assert not await wire.do(Answer("unheard of", False))


# --- first messages -------------------------------------------------------------------------------


async def test_first_messages_of_a_thousand_strangers_leave_the_list_usable(wire: Wire) -> None:
    wire.befriend()
    await wire.take(said(BERT, "hello"))
    await flood(wire, (said(stranger(number)) for number in range(1000)))
    assert str(BERT) in shown(wire) and len(shown(wire)) == CHATS + 1
    assert told(wire).left_out[Want.CHAT] == 1000 - CHATS and len(told(wire).chats) == CHATS
    kept = wire.happened(MessageKept)
    assert len(kept) == 1001 and sum(one.left_out for one in kept) == 1000 - CHATS
    assert len(wire.happened(Notice)) == 1
    await wire.take(said(BERT, "still there?", "m2"))
    assert [one.body for one in wire.messages(WITH_BERT)] == ["hello", "still there?"]


async def test_what_is_left_out_is_in_the_archive_and_shown_when_its_chat_is_opened(wire: Wire) -> None:
    await flood(wire, (said(stranger(number), f"body {number}") for number in range(CHATS + 1)))
    key = ChatKey(ANNA, stranger(CHATS))
    assert [one.body for one in wire.messages(key)] == [f"body {CHATS}"]
    assert not wire.world.chats[key].open and not {one.key: one for one in wire.archive.chats()}[key].open
    await wire.do(OpenChat(key))
    assert wire.world.chats[key].open and wire.world.chats[key].unread == 1


async def test_a_settled_chat_makes_room_for_the_next(wire: Wire) -> None:
    await flood(wire, (said(stranger(number)) for number in range(CHATS)))
    await wire.do(AcceptChat(ANNA, stranger(0)))
    await wire.take(said("new1@evil.example"))
    await wire.do(SendMessage(ChatKey(ANNA, stranger(1)), "who are you?"))
    await wire.take(said("new2@evil.example"))
    await wire.do(CloseChat(ChatKey(ANNA, stranger(2))))
    await wire.take(said("new3@evil.example"))
    wire.befriend(stranger(3))
    await wire.take(said("new4@evil.example"))
    assert {f"new{number}@evil.example" for number in range(1, 5)} <= set(shown(wire))
    assert len(told(wire).chats) == CHATS and not told(wire).left_out.get(Want.CHAT)
    assert str(stranger(0)) in shown(wire) and str(stranger(2)) not in shown(wire)


async def test_more_of_a_stranger_who_is_on_the_list_is_never_left_out(wire: Wire) -> None:
    await flood(wire, (said(stranger(number)) for number in range(CHATS)))
    await flood(wire, (said(stranger(0), f"more {number}", f"n{number}") for number in range(20)))
    assert wire.world.chats[ChatKey(ANNA, stranger(0))].unread == 21
    assert not told(wire).left_out


async def test_who_we_write_to_first_is_no_stranger_who_waits(wire: Wire) -> None:
    await wire.do(OpenChat(ChatKey(ANNA, CARL)))
    await wire.take(said(CARL))
    assert not told(wire).chats


async def test_a_message_of_ours_from_another_device_is_an_answer(wire: Wire) -> None:
    await wire.take(said(CARL))
    assert told(wire).chats == (CARL,)
    inner = f"<message xmlns='jabber:client' from='{ANNA}/x' to='{CARL}'><body>hi</body></message>"
    await wire.take(
        f"<message from='{ANNA}' to='{FULL}'><sent xmlns='urn:xmpp:carbons:2'>"
        f"<forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></sent></message>"
    )
    assert not told(wire).chats


async def test_occupants_who_whisper_under_many_nicks_are_limited_too(wire: Wire) -> None:
    wire.enter()
    await flood(wire, (said(BERT, "hello"), *(whispered(number) for number in range(200))))
    assert len(told(wire).chats) == CHATS and told(wire).left_out[Want.CHAT] == 201 - CHATS
    await wire.do(Block(ANNA, Address("", IN_ROOM.address.domain)))
    assert shown(wire) == [str(BERT)]
    await wire.take(
        f"<message from='{IN_ROOM.address}/Dora' type='groupchat' id='g'><body>in the room</body></message>"
    )
    assert [one.body for one in wire.messages(IN_ROOM)] == ["in the room"], "the room itself goes on"


def whispered(number: int) -> str:
    sender = f"{IN_ROOM.address}/nick{number}"
    return f"<message from='{sender}' type='chat' id='w{number}'><body>psst</body></message>"


async def test_our_own_server_is_no_stranger(wire: Wire) -> None:
    await wire.take("<message from='example.org' type='headline' id='h'><body>maintenance</body></message>")
    assert "example.org" in shown(wire) and not told(wire).chats


async def test_all_chats_of_strangers_are_refused_at_once(wire: Wire) -> None:
    wire.befriend()
    await wire.take(said(BERT))
    await flood(wire, (said(stranger(number)) for number in range(10)))
    assert not await wire.do(RefuseAll(ANNA, Want.CHAT))
    assert shown(wire) == [str(BERT)] and not told(wire).chats
    assert len(wire.messages(ChatKey(ANNA, stranger(3)))) == 1


async def test_which_chats_wait_is_known_after_a_restart(wire: Wire) -> None:
    await wire.take(said(CARL))
    await wire.take(said(stranger(1)))
    await wire.do(AcceptChat(ANNA, stranger(1)))
    again = wire.reborn()
    for chat in again.archive.chats():
        again.world.chats[chat.key] = chat
    try:
        await again.online()
        assert asking.of(again.world, ANNA).chats == (CARL,)
    finally:
        await again.close()


async def test_a_page_of_the_archive_floods_no_more_than_what_comes_live(wire: Wire) -> None:
    results = [
        f"<result xmlns='urn:xmpp:mam:2' queryid='q' id='a{number}'><forwarded xmlns='urn:xmpp:forward:0'>"
        "<delay xmlns='urn:xmpp:delay' stamp='2026-04-01T00:00:00Z'/>"
        f"<message xmlns='jabber:client' from='{stranger(number)}/x' to='{ANNA}' type='chat' id='m'>"
        "<body>buy</body></message></forwarded></result>"
        for number in range(200)
    ]
    await wire.account.fetched(ANNA, [ET.fromstring(one) for one in results])
    assert len(told(wire).chats) == CHATS and len(shown(wire)) == CHATS
    assert len(wire.messages(ChatKey(ANNA, stranger(150)))) == 1


# --- blocking for now -----------------------------------------------------------------------------


async def test_a_blocked_server_is_dropped_and_stays_away_and_hears_nothing(wire: Wire) -> None:
    wire.befriend(Address.parse("friend@evil.example"))
    wire.befriend()
    await wire.take(request(stranger(1)))
    await wire.take(request(CARL))
    await wire.take(invitation("r1@rooms.example.org", f"{stranger(2)}/x"))
    await wire.take(said(stranger(3)))
    assert not await wire.do(Block(ANNA, EVIL)), "nobody is answered"
    assert [str(one.address) for one in asking.waiting(wire.world)] == [str(CARL)]
    assert str(stranger(3)) not in shown(wire)
    before = len(wire.happened(Notice))
    await flood(wire, (one for one in (request(stranger(4)), said(stranger(3), id="m2"), said(stranger(5)))))
    await wire.take(invitation("r2@evil.example", f"{BERT.with_resource('x')}"))
    await wire.take(passed_on("r3@evil.example", f"{BERT}/x"))
    await wire.take(said("friend@evil.example", "it is me"))
    assert [str(one.address) for one in asking.waiting(wire.world)] == [str(CARL)]
    assert shown(wire) == ["friend@evil.example"]
    assert len(wire.happened(Notice)) == before and told(wire).blocked == (EVIL,)
    assert len(wire.messages(ChatKey(ANNA, stranger(3)))) == 2, "kept all the same"
    assert any(one.known for one in wire.happened(Invited)), "a contact may invite to where it likes"


async def test_one_address_is_blocked_and_let_in_again(wire: Wire) -> None:
    await wire.take(said(stranger(1)))
    await wire.do(Block(ANNA, stranger(1)))
    await wire.take(said(stranger(1), id="m2"))
    await wire.take(said(stranger(2)))
    assert shown(wire) == [str(stranger(2))] and told(wire).left_out[Want.CHAT] == 1
    await wire.do(Unblock(ANNA, stranger(1)))
    await wire.take(said(stranger(1), id="m3"))
    assert set(shown(wire)) == {str(stranger(1)), str(stranger(2))} and not told(wire).blocked


async def test_a_chat_that_was_answered_goes_on_where_its_server_is_blocked(wire: Wire) -> None:
    await wire.take(said(stranger(1)))
    await wire.do(SendMessage(ChatKey(ANNA, stranger(1)), "hello"))
    await wire.do(Block(ANNA, EVIL))
    await wire.take(said(stranger(1), "more", "m2"))
    assert shown(wire) == [str(stranger(1))]
    last = wire.messages(ChatKey(ANNA, stranger(1)))[-1]
    assert (last.body, last.delivery) == ("more", Delivery.INCOMING)
