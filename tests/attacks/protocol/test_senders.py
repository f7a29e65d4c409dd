"""P-01 to P-20: stanzas that claim what their sender may not claim, on a scripted wire."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from tests.session.wire import ANNA, BERT, CARL, FULL, IN_ROOM, WITH_BERT, Wire
from tui_xmpp.core.chat import Chat, ChatKey, ChatKind
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.contact import Subscription
from tui_xmpp.core.events import (
    BookmarksChanged,
    ChatChanged,
    MessageKept,
    Notice,
    OccupantChanged,
    OccupantLeft,
    RoomChanged,
    SubscriptionRequested,
)
from tui_xmpp.core.message import Delivery, Message
from tui_xmpp.core.room import Occupant, RoomState
from tui_xmpp.core.security import Protection
from tui_xmpp.core.strangers import MOST, Want
from tui_xmpp.session import guard

STRANGER = "mallory@evil.example/x"
INNER = "<message xmlns='jabber:client' from='{0}' to='{1}' type='chat' id='f1'><body>forged</body></message>"


def carbon(sender: str, direction: str, inner_from: str, inner_to: str) -> str:
    inner = INNER.format(inner_from, inner_to)
    return (
        f"<message from='{sender}' to='{FULL}' type='chat'><{direction} xmlns='urn:xmpp:carbons:2'>"
        f"<forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></{direction}></message>"
    )


def result(query_id: str, sender: str, archive_id: str = "x1") -> str:
    inner = INNER.format(f"{BERT}/x", ANNA)
    return (
        f"<message from='{sender}' to='{FULL}'><result xmlns='urn:xmpp:mam:2' queryid='{query_id}' "
        f"id='{archive_id}'><forwarded xmlns='urn:xmpp:forward:0'>"
        f"<delay xmlns='urn:xmpp:delay' stamp='2026-04-01T00:00:00Z'/>{inner}</forwarded></result></message>"
    )


# --- P-01 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", [STRANGER, "example.org", f"{ANNA}/other", f"{BERT}/x"])
@pytest.mark.parametrize("direction", ["sent", "received"])
async def test_p01_carbons_come_from_our_own_bare_address_only(
    wire: Wire, sender: str, direction: str
) -> None:
    await wire.take(carbon(sender, direction, str(ANNA), str(BERT)))
    await wire.take(carbon(sender, direction, str(BERT), str(ANNA)))
    assert not wire.happened(MessageKept) and not wire.messages()


async def test_p01_an_honest_carbon_is_kept(wire: Wire) -> None:
    await wire.take(carbon(str(ANNA), "sent", f"{ANNA}/other", str(BERT)))
    assert [(one.body, one.outgoing) for one in wire.messages()] == [("forged", True)]


async def test_p01_a_sent_carbon_of_somebody_else_is_dropped(wire: Wire) -> None:
    await wire.take(carbon(str(ANNA), "sent", str(CARL), str(BERT)))
    await wire.take(carbon(str(ANNA), "received", str(CARL), str(BERT)))
    assert not wire.happened(MessageKept)


# --- P-03 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", [STRANGER, f"{ANNA}/other", "example.org"])
async def test_p03_roster_pushes_come_from_our_account_only(wire: Wire, sender: str) -> None:
    push = (
        "<iq type='set' id='p1' {}><query xmlns='jabber:iq:roster'>"
        f"<item jid='{CARL}' subscription='both'/></query></iq>"
    )
    answers = await wire.take(push.format(f"from='{sender}'"))
    assert answers[0].get("type") == "error"
    assert not wire.world.contacts
    await wire.take(push.format(""))
    assert wire.world.contacts[ANNA, CARL].subscription is Subscription.BOTH


# --- P-05 -----------------------------------------------------------------------------------------


async def open_query(wire: Wire) -> ET.Element:
    wire.lose()
    await wire.online(answers=False)
    for _ in range(20):
        await wire.settle()
        for iq in wire.requests():
            if iq.find("{urn:xmpp:mam:2}query") is not None:
                return iq
            wire.answer(iq)
    raise AssertionError("nothing was asked of the archive")


async def test_p05_archive_results_count_only_from_the_archive_that_was_asked(wire: Wire) -> None:
    iq = await open_query(wire)
    query_id = iq[0].get("queryid", "")
    fin = "<fin xmlns='urn:xmpp:mam:2' complete='true'/>"
    await wire.take(result(query_id, STRANGER))
    await wire.take(result(query_id, f"{ANNA}/other"))
    await wire.take(result("guess", str(ANNA)))
    wire.answer(iq, fin)
    await wire.settle()
    await wire.take(result(query_id, str(ANNA)))
    assert not wire.happened(MessageKept), "forged, unknown, and after the end"


async def test_p05_an_honest_archive_result_is_kept(wire: Wire) -> None:
    iq = await open_query(wire)
    await wire.take(result(iq[0].get("queryid", ""), str(ANNA)))
    wire.answer(iq, "<fin xmlns='urn:xmpp:mam:2' complete='true'/>")
    await wire.settle()
    (kept,) = wire.happened(MessageKept)
    assert kept.old and kept.message.archive_id == "x1"


async def test_p05_only_whom_we_asked_can_answer(wire: Wire) -> None:
    iq = await open_query(wire)
    fin = "<fin xmlns='urn:xmpp:mam:2' complete='true'/>"
    wire.answer(iq, fin, sender=STRANGER)
    await wire.settle()
    await wire.take(result(iq[0].get("queryid", ""), str(ANNA)))
    wire.answer(iq, fin)
    await wire.settle()
    assert wire.happened(MessageKept), "the stranger ended what only the archive may end"


# --- P-06 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", [STRANGER, f"{BERT}", f"{IN_ROOM.address}/Dora", f"{ANNA}/other"])
async def test_p06_pep_events_of_others_change_nothing_of_ours(wire: Wire, sender: str) -> None:
    wire.enter()
    wire.befriend()
    await wire.take(
        f"<message from='{BERT}/x' type='chat' id='1'><body>a</body>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ANNA}' id='s1'/></message>"
    )
    read = (
        f"<item id='{BERT}'><displayed xmlns='urn:xmpp:mds:displayed:0'>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ANNA}' id='s1'/></displayed></item>"
    )
    event = (
        "<message from='{0}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>"
        "<items node='{1}'>{2}</items></event></message>"
    )
    bookmark = (
        "<item id='evil@rooms.example'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'/></item>"
    )
    written = await wire.take(event.format(sender, "urn:xmpp:bookmarks:1", bookmark))
    await wire.take(event.format(sender, "urn:xmpp:mds:displayed:0", read))
    assert written == [] and not wire.happened(BookmarksChanged)
    assert wire.world.chats[WITH_BERT].unread == 1
    await wire.take(event.format(ANNA, "urn:xmpp:mds:displayed:0", read))
    assert wire.world.chats[WITH_BERT].unread == 0, "our own account may"


async def test_a_stanza_id_counts_only_by_our_account_or_the_room(wire: Wire) -> None:
    await wire.take(
        f"<message from='{BERT}/x' type='chat' id='1'><body>a</body>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' by='{BERT}' id='forged'/></message>"
    )
    assert wire.messages()[0].archive_id == ""


async def test_p06_a_bookmark_does_not_make_a_room_of_a_contact(wire: Wire) -> None:
    wire.befriend()
    await wire.take(
        f"<message from='{ANNA}' to='{FULL}' type='headline'>"
        "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'>"
        f"<item id='{BERT}'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'/></item>"
        "</items></event></message>"
    )
    await wire.take(f"<message from='{BERT}/phone' type='chat' id='m9'><body>still a person</body></message>")
    assert [one.body for one in wire.messages()] == ["still a person"]


# --- P-09, P-10, P-12 -----------------------------------------------------------------------------


async def test_p09_a_correction_by_another_contact_is_a_message_of_its_own(wire: Wire) -> None:
    await wire.take(f"<message from='{BERT}/x' type='chat' id='m1'><body>mine</body></message>")
    await wire.take(
        f"<message from='{CARL}/x' type='chat' id='m2'><body>forged</body>"
        "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/></message>"
    )
    assert [one.body for one in wire.messages()] == ["mine"]
    assert [one.body for one in wire.messages(ChatKey(ANNA, CARL))] == ["forged"]


async def test_p09_a_correction_under_a_nick_that_changed_hands_is_a_message_of_its_own(wire: Wire) -> None:
    wire.enter()
    said = (
        f"<message from='{IN_ROOM.address}/Dora' type='groupchat' id='{{0}}'>"
        "<body>{1}</body>{2}</message>"
    )
    replace_ = "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/>"
    retract = "<retract xmlns='urn:xmpp:message-retract:1' id='m1'/>"
    await wire.take(said.format("m1", "mine", ""))
    await wire.take(said.format("m2", "mine, better", replace_))
    assert [one.body for one in wire.messages(IN_ROOM)] == ["mine, better"]
    wire.account.emit(OccupantLeft(IN_ROOM, "Dora"))
    wire.clock.turn(60)
    wire.account.emit(OccupantChanged(IN_ROOM, Occupant("Dora"), joined=True))
    await wire.take(said.format("m3", "forged", replace_))
    await wire.take(said.format("m4", "", retract))
    assert [one.body for one in wire.messages(IN_ROOM)] == ["mine, better", "forged"]


async def test_p09_nobody_corrects_our_own_messages(wire: Wire) -> None:
    id = (await wire.do(SendMessage(WITH_BERT, "ours")))[0].get("id")
    await wire.take(
        f"<message from='{BERT}/x' type='chat' id='m2'><body>forged</body>"
        f"<replace xmlns='urn:xmpp:message-correct:0' id='{id}'/></message>"
    )
    assert [one.body for one in wire.messages()] == ["ours", "forged"]


async def test_p10_text_in_clear_never_replaces_sealed_text(wire: Wire) -> None:
    wire.account.open_chat(WITH_BERT, ChatKind.CONTACT)
    sealed = Message(WITH_BERT, wire.clock.now(), BERT, "sealed", id="m1", protection=Protection.VERIFIED)
    wire.archive.keep(sealed)
    await wire.take(
        f"<message from='{BERT}/x' type='chat' id='m2'><body>clear</body>"
        "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/></message>"
    )
    assert [one.body for one in wire.messages()] == ["sealed"]
    assert guard.may_correct(replace(sealed, protection=Protection.CLEAR), Protection.CLEAR)


async def test_p12_only_the_writer_takes_a_message_back(wire: Wire) -> None:
    wire.enter()
    await wire.take(f"<message from='{BERT}/x' type='chat' id='m1'><body>mine</body></message>")
    await wire.take(
        f"<message from='{IN_ROOM.address}/Dora' type='groupchat' id='m1'><body>hers</body></message>"
    )
    id = (await wire.do(SendMessage(WITH_BERT, "ours")))[0].get("id")
    retract = "<retract xmlns='urn:xmpp:message-retract:1' id='{}'/>"
    await wire.take(f"<message from='{CARL}/x' type='chat'>{retract.format('m1')}</message>")
    await wire.take(f"<message from='{BERT}/x' type='chat'>{retract.format(id)}</message>")
    await wire.take(
        f"<message from='{IN_ROOM.address}/Mallory' type='groupchat'>{retract.format('m1')}</message>"
    )
    assert [one.body for one in wire.messages()] == ["mine", "ours"]
    assert [one.body for one in wire.messages(IN_ROOM)] == ["hers"]
    await wire.take(f"<message from='{BERT}/y' type='chat'>{retract.format('m1')}</message>")
    assert [one.body for one in wire.messages()] == ["", "ours"]


# --- P-16 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", [f"{BERT}/x", "other@rooms.example.org/Dora", STRANGER, "example.org"])
async def test_p16_groupchat_comes_only_from_rooms_we_are_in(wire: Wire, sender: str) -> None:
    wire.enter()
    wire.befriend()
    await wire.take(f"<message from='{sender}' type='groupchat' id='1'><body>x</body></message>")
    assert not wire.happened(MessageKept) and not wire.happened(ChatChanged)


async def test_p16_groupchat_of_a_room_we_left_is_dropped(wire: Wire) -> None:
    wire.enter()
    wire.account.emit(RoomChanged(IN_ROOM, state=RoomState.LEFT))
    await wire.take(
        f"<message from='{IN_ROOM.address}/Dora' type='groupchat' id='1'><body>x</body></message>"
    )
    assert not wire.happened(MessageKept)


# --- P-19 -----------------------------------------------------------------------------------------


async def test_p19_a_flood_of_requests_is_never_accepted_and_stays_small(wire: Wire) -> None:
    big = "x" * 20_000
    written: list[ET.Element] = []
    for count in range(500):
        written += await wire.take(
            f"<presence from='s{count}@evil.example' type='subscribe'><status>{big}</status></presence>"
        )
    assert written == []
    requests = wire.happened(SubscriptionRequested)
    assert len(requests) == MOST[Want.REQUEST]
    assert max(len(one.request.text) for one in requests) == guard.MAX_REQUEST_TEXT
    assert len(wire.happened(Notice)) == 1
    assert not wire.world.contacts


# --- P-20 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        "<ping xmlns='urn:xmpp:ping'/>",
        "<query xmlns='jabber:iq:version'/>",
        "<time xmlns='urn:xmpp:time'/>",
        "<query xmlns='jabber:iq:last'/>",
        "<query xmlns='http://jabber.org/protocol/disco#info'/>",
        "<query xmlns='http://jabber.org/protocol/disco#items'/>",
        "<open xmlns='http://jabber.org/protocol/ibb' sid='a' block-size='4096'/>",
    ],
)
async def test_p20_a_stranger_learns_nothing(wire: Wire, payload: str) -> None:
    for kind in ("get", "set"):
        (answer,) = await wire.take(f"<iq from='{STRANGER}' type='{kind}' id='q'>{payload}</iq>")
        assert answer.get("type") == "error"
        assert answer.find(".//{urn:ietf:params:xml:ns:xmpp-stanzas}service-unavailable") is not None


# --- what nobody should send ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "stanza",
    [
        "<message from='not an@address@/' type='chat' id='1'><body>x</body></message>",
        "<message type='chat'><received xmlns='urn:xmpp:carbons:2'/></message>",
        f"<message from='{BERT}/x' type='chat'><body/><subject/></message>",
        f"<message from='{BERT}/x' type='chat'><reactions xmlns='urn:xmpp:reactions:0'/></message>",
        f"<message from='{BERT}/x' type='chat'><reply xmlns='urn:xmpp:reply:0'/></message>",
        f"<message from='{BERT}/x' type='chat'><received xmlns='urn:xmpp:receipts'/></message>",
        f"<presence from='{BERT}/x'><priority>many</priority><show>unheard of</show></presence>",
        "<presence from='@@'/>",
        "<iq type='get' id='1'/>",
        "<iq type='unheard' id='1'><query xmlns='a'/></iq>",
        "<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='@@'/></query></iq>",
    ],
)
async def test_malformed_stanzas_are_survived(wire: Wire, stanza: str) -> None:
    await wire.take(stanza)
    await wire.take(f"<message from='{BERT}/x' type='chat' id='2'><body>still here</body></message>")
    assert [one.body for one in wire.messages()] == ["still here"]


async def test_a_contact_cannot_backdate_a_message(wire: Wire) -> None:
    delay = "<delay xmlns='urn:xmpp:delay' from='{}' stamp='2001-01-01T00:00:00Z'/>"
    await wire.take(
        f"<message from='{BERT}/x' type='chat' id='1'><body>a</body>{delay.format(BERT)}</message>"
    )
    assert wire.messages()[0].at == wire.clock.now()
    await wire.take(
        f"<message from='{BERT}/x' type='chat' id='2'><body>b</body>{delay.format('example.org')}</message>"
    )
    assert wire.messages()[0].at.year == 2001


async def test_a_delivery_is_never_claimed_for_the_other_side(wire: Wire) -> None:
    id = (await wire.do(SendMessage(WITH_BERT, "ours")))[0].get("id")
    receipt = f"<received xmlns='urn:xmpp:receipts' id='{id}'/>"
    await wire.take(f"<message from='{CARL}/x' type='chat'>{receipt}</message>")
    assert wire.messages()[0].delivery is Delivery.WRITTEN
    assert isinstance(wire.world.chats[WITH_BERT], Chat)
