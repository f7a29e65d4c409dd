"""P-19, P-20, P-21 through real servers: strangers are never obeyed, never flood us and learn nothing."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pytest

from tests.attacks.conftest import CROWD
from tests.attacks.victim import after, bodies, full_address, with_peer
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenHostile
from tests.server.person import Person
from tests.server.raw_peer import RawComponent, attribute
from tui_xmpp.core import asking
from tui_xmpp.core.events import Invited, Notice, SubscriptionRequested
from tui_xmpp.core.strangers import MOST, RefuseAll, Want
from tui_xmpp.session import guard

pytestmark = pytest.mark.server

HONEST = f"honest@{CROWD}/x"
REQUESTS = 120
LONG = 400_000
"""Bytes of a status; the server takes no stanza of a megabyte."""
INVITATIONS = 1000
USER = "http://jabber.org/protocol/muc#user"


async def test_p19_over_a_hundred_requests_are_a_few_questions_and_none_is_granted(
    prosody: ChatServer, accounts: Accounts, strangers: RawComponent, tmp_path: Path
) -> None:
    (anna_at,) = accounts(prosody, "anna")
    request = "<presence type='subscribe' from='{}' to='{}'><status>{}</status></presence>"
    async with Person(anna_at, prosody, tmp_path / "first") as anna:
        await anna.online()
        for number in range(REQUESTS):
            strangers.send(request.format(f"s{number}@{CROWD}", anna.address, "x" * 2000))
        strangers.send(request.format(f"long@{CROWD}", anna.address, "x" * LONG))
        await after(strangers, anna, HONEST)
        check_requests(anna)
    # Another device, which the server brings them all again (RFC 6121 §3.1.3).
    async with Person(anna_at, prosody, tmp_path / "second") as second:
        await second.online()
        await after(strangers, second, HONEST)
        check_requests(second)
    assert not [one for one in strangers.presences if b"subscribed" in one]


def check_requests(anna: Person) -> None:
    requests = anna.happened(SubscriptionRequested)
    assert len(requests) == len(anna.world.requests) == MOST[Want.REQUEST]
    assert max(len(one.request.text) for one in requests) == guard.MAX_REQUEST_TEXT
    assert len([one for one in anna.happened(Notice) if "ask to see your presence" in one.text]) == 1
    assert not anna.world.contacts


QUESTIONS = (
    ("get", "<query xmlns='jabber:iq:version'/>"),
    ("get", "<time xmlns='urn:xmpp:time'/>"),
    ("get", "<ping xmlns='urn:xmpp:ping'/>"),
    ("get", "<query xmlns='jabber:iq:last'/>"),
    ("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
    ("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>"),
    (
        "get",
        "<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>",
    ),
    ("set", "<command xmlns='http://jabber.org/protocol/commands' node='ping' action='execute'/>"),
    ("set", "<open xmlns='http://jabber.org/protocol/ibb' sid='a' block-size='4096'/>"),
    ("set", "<data xmlns='http://jabber.org/protocol/ibb' sid='a' seq='0'>AAAA</data>"),
    (
        "set",
        "<query xmlns='http://jabber.org/protocol/bytestreams' sid='a'>"
        "<streamhost jid='p@example.org' host='127.0.0.1' port='9'/></query>",
    ),
    ("set", "<query xmlns='jabber:iq:roster'><item jid='trap@example.org' subscription='both'/></query>"),
)


async def test_p20_a_stranger_is_answered_as_if_nobody_were_there(
    server: ChatServer, accounts: Accounts, hostile: OpenHostile, tmp_path: Path
) -> None:
    anna_at, mallory_at = accounts(server, "anna", "mallory", friends=False)
    async with Person(anna_at, server, tmp_path) as anna:
        await anna.online()
        mallory = await hostile(mallory_at, server)
        here = str(full_address(anna))
        nowhere = f"{anna.address}/{secrets.token_hex(4)}"
        for kind, payload in QUESTIONS:
            answer = await mallory.answer(kind, payload, here)
            of_nobody = await mallory.answer(kind, payload, nowhere)
            assert meaning(answer) == meaning(of_nobody) == [b"cancel", b"service-unavailable"]
        await after(mallory, anna)
        assert not anna.world.contacts
        assert mallory.presences == mallory.asked == []


def meaning(answer: bytes) -> list[bytes]:
    """The type of an error and its condition (RFC 6120 §8.3.2): texts differ from server to server."""
    type = attribute(b"type", answer[answer.index(b"<error") :])
    return [type, *re.findall(rb"<([a-z-]+)[^>]*urn:ietf:params:xml:ns:xmpp-stanzas", answer)[:1]]


async def test_p21_a_thousand_invitations_are_a_few_questions_and_nothing_is_joined(
    prosody: ChatServer, accounts: Accounts, strangers: RawComponent, hostile: OpenHostile, tmp_path: Path
) -> None:
    (anna_at,) = accounts(prosody, "anna")
    tag = secrets.token_hex(3)
    async with Person(anna_at, prosody, tmp_path) as anna:
        await anna.online()
        for number in range(INVITATIONS):
            room = f"trap-{tag}-{number}@{prosody.rooms_domain}"
            strangers.send(
                f"<message from='s{number}@{CROWD}/x' to='{full_address(anna)}'>"
                f"<x xmlns='jabber:x:conference' jid='{room}' reason='come'/></message>"
            )
        await after(strangers, anna, HONEST)
        asked = anna.happened(Invited)
        assert len(asked) == len({one.room for one in asked}) == MOST[Want.INVITATION]
        assert len([one for one in anna.happened(Notice) if "invite you than are shown" in one.text]) == 1
        assert not anna.world.rooms
        listed = await strangers_see(hostile, accounts, prosody)
        assert f"trap-{tag}".encode() not in listed


async def strangers_see(hostile: OpenHostile, accounts: Accounts, server: ChatServer) -> bytes:
    """The rooms that there are."""
    (account,) = accounts(server, "carl")
    peer = await hostile(account, server)
    return await peer.ask(
        "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", server.rooms_domain
    )


async def test_p21_only_rooms_pass_invitations_on(
    prosody: ChatServer, accounts: Accounts, strangers: RawComponent, hostile: OpenHostile, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(prosody, "anna", "bert")
    (mallory_at,) = accounts(prosody, "mallory")
    room = f"garden-{secrets.token_hex(3)}@{prosody.rooms_domain}"
    spoof = (
        f"<message{{}} to='{{}}'><x xmlns='{USER}'><invite from='{bert_at.address}'><reason>come</reason>"
        f"</invite></x><x xmlns='jabber:x:conference' jid=''/></message>"
    )
    async with Person(anna_at, prosody, tmp_path) as anna:
        await anna.online()
        ours = full_address(anna)
        for account in (mallory_at, bert_at):
            peer = await hostile(account, prosody)
            peer.send(spoof.format("", ours))
            await after(peer, anna)
        for sender in (bert_at.address, f"{room}/Dora", prosody.rooms_domain, CROWD):
            strangers.send(spoof.format(f" from='{sender}'", ours))
        await after(strangers, anna, HONEST)
        assert not anna.happened(Invited) and not anna.world.rooms
        strangers.send(spoof.format(f" from='{room}'", ours))
        await anna.until(lambda: anna.happened(Invited), "the question of a room")
        assert str(anna.happened(Invited)[0].room) == room
        assert not anna.world.rooms and with_peer(anna, room) not in anna.world.chats


async def test_p19_all_who_asked_are_refused_at_once_and_the_server_brings_none_again(
    prosody: ChatServer, accounts: Accounts, strangers: RawComponent, tmp_path: Path
) -> None:
    (anna_at,) = accounts(prosody, "anna")
    async with Person(anna_at, prosody, tmp_path / "first") as anna:
        await anna.online()
        for number in range(REQUESTS):
            strangers.send(f"<presence type='subscribe' from='s{number}@{CROWD}' to='{anna.address}'/>")
        await after(strangers, anna, HONEST)
        await anna.do(RefuseAll(anna.address, Want.REQUEST))
        await anna.until(lambda: len(refused(strangers)) == REQUESTS, "a refusal for each")
        assert not anna.world.requests
    async with Person(anna_at, prosody, tmp_path / "second") as second:
        await second.online()
        await after(strangers, second, HONEST)
        assert not second.happened(SubscriptionRequested)


def refused(strangers: RawComponent) -> list[bytes]:
    return [one for one in strangers.presences if b"unsubscribed" in one]


async def test_a_thousand_strangers_write_and_the_chats_of_contacts_stay_in_view(
    prosody: ChatServer, accounts: Accounts, strangers: RawComponent, hostile: OpenHostile, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(prosody, "anna", "bert")
    async with Person(anna_at, prosody, tmp_path) as anna:
        await anna.online()
        for number in range(1000):
            strangers.send(
                f"<message type='chat' from='w{number}@{CROWD}/x' to='{full_address(anna)}' id='w{number}'>"
                f"<body>buy {number}</body></message>"
            )
        await after(strangers, anna, "w0@" + CROWD + "/x")
        await after(await hostile(bert_at, prosody), anna)
        shown = [one.key for one in anna.world.open_chats()]
        assert len(shown) == MOST[Want.CHAT] + 1 and with_peer(anna, bert_at.address) in shown
        assert asking.left_out(anna.world, Want.CHAT) == 1000 - MOST[Want.CHAT]
        assert {f"buy {number}" for number in range(1000)} <= set(bodies(anna)), "nothing is lost"
