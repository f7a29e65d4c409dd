"""Invitations: asked, never obeyed."""

from __future__ import annotations

from tests.session.room_script import INFO, OPEN_ROOM, error, info, join, presence
from tests.session.wire import ANNA, BERT, CARL, IN_ROOM, ROOM, Wire
from tui_xmpp.core.commands import Answer, Invite
from tui_xmpp.core.events import Invited, MessageKept, Notice
from tui_xmpp.core.room import RoomState
from tui_xmpp.core.strangers import MOST, Want

USER = "http://jabber.org/protocol/muc#user"


def direct(room: object = ROOM, sender: object = f"{BERT}/x") -> str:
    return (
        f"<message from='{sender}'><body>come</body>"
        f"<x xmlns='jabber:x:conference' jid='{room}' reason='tea' password='tulip'/></message>"
    )


def mediated(by: object = ROOM) -> str:
    return (
        f"<message from='{by}'><x xmlns='{USER}'><invite from='{BERT}/x'><reason>tea</reason></invite>"
        f"</x><x xmlns='jabber:x:conference' jid='{ROOM}'/></message>"
    )


async def test_an_invitation_is_a_question_and_yes_joins(wire: Wire) -> None:
    written = await wire.take(direct())
    (question,) = wire.happened(Invited)
    assert (question.room, question.sender, question.text) == (ROOM, BERT, "tea")
    assert not written and not wire.world.rooms and not wire.happened(MessageKept)
    await wire.do(Answer(question.id, yes=True))
    wire.answer(await wire.request(INFO), info())
    await wire.settle()
    sent = wire.stream.written[-1]
    assert (
        sent.findtext("{http://jabber.org/protocol/muc}x/{http://jabber.org/protocol/muc}password") == "tulip"
    )
    await wire.take(presence("anna", 110))
    assert wire.world.rooms[IN_ROOM].state is RoomState.JOINED and not wire.world.questions


async def test_no_joins_nothing(wire: Wire) -> None:
    await wire.take(direct())
    assert not await wire.do(Answer(wire.happened(Invited)[0].id, yes=False))
    assert not wire.world.questions and not wire.world.rooms


async def test_no_to_an_invitation_that_a_room_passed_on_is_told_to_the_room(wire: Wire) -> None:
    await wire.take(mediated())
    (sent,) = await wire.do(Answer(wire.happened(Invited)[0].id, yes=False))
    decline = sent.find(f"{{{USER}}}x/{{{USER}}}decline")
    assert (sent.get("to"), sent.get("type")) == (str(ROOM), None)
    assert decline is not None and decline.get("to") == f"{BERT}/x"
    assert not wire.world.questions and not wire.world.rooms


async def test_yes_tells_the_room_nothing_but_our_coming(wire: Wire) -> None:
    await wire.take(mediated())
    written = await wire.do(Answer(wire.happened(Invited)[0].id, yes=True))
    assert not [one for one in written if one.tag == "{jabber:client}message"]


def declined(by: object = BERT, room: object = ROOM) -> str:
    return (
        f"<message from='{room}'><x xmlns='{USER}'><decline from='{by}/x'><reason>too late</reason>"
        "</decline></x></message>"
    )


async def test_somebody_we_invited_says_no(wire: Wire) -> None:
    await join(wire)
    await wire.do(Invite(IN_ROOM, BERT))
    wire.events.clear()
    for spoof in (declined(by=CARL), declined(room=f"{ROOM}/eve"), declined(room="eve@evil.example")):
        await wire.take(spoof)
    assert not wire.happened(Notice)
    await wire.take(declined())
    await wire.take(declined())
    (notice,) = wire.happened(Notice)
    assert str(BERT) in notice.text and "too late" in notice.text and notice.chat == IN_ROOM
    assert not wire.happened(MessageKept)


async def test_a_room_passes_an_invitation_on(wire: Wire) -> None:
    await wire.take(mediated())
    (question,) = wire.happened(Invited)
    assert (question.room, question.sender) == (ROOM, BERT.with_resource("x"))


async def test_only_a_room_passes_invitations_on(wire: Wire) -> None:
    wire.befriend(CARL)
    await wire.take(mediated(by=CARL))
    for spoof in ("eve@evil.example/x", f"{ROOM}/eve", "rooms.example.org"):
        await wire.take(f"<message from='{spoof}'><x xmlns='{USER}'><invite from='{BERT}'/></x></message>")
    assert not wire.happened(Invited) and not wire.world.rooms


async def test_a_thousand_invitations_are_a_few_questions(wire: Wire) -> None:
    for number in range(500):
        wire.hear(direct())
        wire.hear(direct(room=f"r{number}@rooms.example.org", sender=f"s{number}@evil.example/x"))
    await wire.settle()
    asked = wire.happened(Invited)
    most = MOST[Want.INVITATION]
    assert len(asked) == most and len({one.room for one in asked}) == most
    assert len(wire.happened(Notice)) == 1
    assert not wire.stream.written and not wire.world.rooms


async def test_somebody_is_invited_directly(wire: Wire) -> None:
    await join(wire)
    (sent,) = await wire.do(Invite(IN_ROOM, BERT, "tea"))
    told = sent.find("{jabber:x:conference}x")
    assert sent.get("to") == str(BERT) and told is not None
    assert (told.get("jid"), told.get("reason")) == (str(ROOM), "tea")


async def test_an_invitation_that_did_not_arrive_is_said(wire: Wire) -> None:
    await join(wire)
    (sent,) = await wire.do(Invite(IN_ROOM, BERT))
    wire.events.clear()
    refused = error("service-unavailable")
    await wire.take(f"<message from='{CARL}' type='error' id='{sent.get('id')}'>{refused}</message>")
    assert not wire.happened(Notice)
    await wire.take(f"<message from='{BERT}' type='error' id='{sent.get('id')}'>{refused}</message>")
    assert f"{BERT} was not invited" in wire.happened(Notice)[0].text


async def test_into_a_room_for_members_the_room_invites(wire: Wire) -> None:
    await join(wire, answer=info((*OPEN_ROOM, "muc_membersonly")))
    (sent,) = await wire.do(Invite(IN_ROOM, BERT, "tea"))
    invite = sent.find(f"{{{USER}}}x/{{{USER}}}invite")
    assert sent.get("to") == str(ROOM) and invite is not None and invite.get("to") == str(BERT)
    assert ANNA != BERT
