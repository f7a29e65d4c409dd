"""P-01, P-06, P-16 through real servers: what claims a sender it may not claim changes nothing."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.attacks.conftest import CROWD
from tests.attacks.victim import after, bodies, full_address, with_peer
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenHostile
from tests.server.person import Person
from tests.server.raw_peer import RawComponent
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import JoinRoom
from tui_xmpp.core.events import BookmarksChanged, ChatChanged
from tui_xmpp.core.message import Message
from tui_xmpp.core.room import RoomState
from tui_xmpp.session.crypto.omemo_names import LISTS, NEW, OLD

pytestmark = pytest.mark.server

HONEST = f"honest@{CROWD}/x"
BOOKMARKS = "urn:xmpp:bookmarks:1"
DIRECTIONS = ("sent", "received")


def carbon(person: Person, direction: str, other: str, sender: str = "") -> str:
    """A carbon of a message that nobody has sent (XEP-0280)."""
    ours, theirs = str(person.address), other
    first, second = (ours, theirs) if direction == "sent" else (theirs, ours)
    by = f" from='{sender}'" if sender else ""
    return (
        f"<message type='chat' to='{full_address(person)}'{by}><{direction} xmlns='urn:xmpp:carbons:2'>"
        f"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='{first}/y' "
        f"to='{second}' type='chat' id='f-{direction}'><body>forged</body></message></forwarded>"
        f"</{direction}></message>"
    )


async def test_p01_carbons_of_a_stranger_and_of_another_own_resource(
    server: ChatServer, accounts: Accounts, hostile: OpenHostile, tmp_path: Path
) -> None:
    (anna_at, mallory_at) = accounts(server, "anna", "mallory", friends=False)
    async with Person(anna_at, server, tmp_path) as anna:
        await anna.online()
        for peer in (await hostile(mallory_at, server), await hostile(anna_at, server, "other")):
            for direction in DIRECTIONS:
                peer.send(carbon(anna, direction, f"bert@{server.domain}"))
            await after(peer, anna)
        assert "forged" not in bodies(anna)
        assert with_peer(anna, f"bert@{server.domain}") not in anna.world.chats


async def test_p01_carbons_in_the_name_of_our_domain(
    prosody: ChatServer, accounts: Accounts, strangers: RawComponent, tmp_path: Path
) -> None:
    (anna_at,) = accounts(prosody, "anna")
    async with Person(anna_at, prosody, tmp_path) as anna:
        await anna.online()
        for sender in (prosody.domain, f"{anna_at.address}/nowhere", HONEST):
            for direction in DIRECTIONS:
                strangers.send(carbon(anna, direction, f"bert@{prosody.domain}", sender))
        await after(strangers, anna, HONEST)
        assert "forged" not in bodies(anna)


def event(to: str, node: str, item: str) -> str:
    return (
        f"<message type='headline' to='{to}'><event xmlns='http://jabber.org/protocol/pubsub#event'>"
        f"<items node='{node}'>{item}</items></event></message>"
    )


def forged(to: str, trap: Address, anna: Person, read: Message) -> str:
    """A bookmark to be joined, one message read, and a device of ours, in both versions of OMEMO."""
    marked = (
        f"<item id='{read.chat.address}'><displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id "
        f"xmlns='urn:xmpp:sid:0' by='{anna.address}' id='{read.archive_id}'/></displayed></item>"
    )
    items = {
        BOOKMARKS: f"<item id='{trap}'><conference xmlns='{BOOKMARKS}' autojoin='true'/></item>",
        "urn:xmpp:mds:displayed:0": marked,
        LISTS[NEW]: f"<item id='current'><devices xmlns='{NEW}'><device id='7'/></devices></item>",
        LISTS[OLD]: f"<item id='current'><list xmlns='{OLD}'><device id='7'/></list></item>",
    }
    return "".join(event(to, node, item) for node, item in items.items())


async def test_p06_events_of_a_stranger_a_contact_another_own_resource_and_an_occupant(
    server: ChatServer, accounts: Accounts, hostile: OpenHostile, tmp_path: Path
) -> None:
    (mallory_at,) = accounts(server, "mallory")
    anna_at, bert_at = accounts(server, "anna", "bert")
    tag = secrets.token_hex(3)
    garden, trap = (Address.parse(f"{name}-{tag}@{server.rooms_domain}") for name in ("garden", "trap"))
    async with Person(anna_at, server, tmp_path, omemo=True) as anna:
        await anna.online()
        bert = await hostile(bert_at, server)
        await after(bert, anna)
        chat = with_peer(anna, bert.address)
        (message,) = anna.archive.page(chat).messages
        key = ChatKey(anna.address, garden)
        await anna.do(JoinRoom(anna.address, garden, "Anna"))
        await anna.until(lambda: anna.world.rooms[key].state is RoomState.JOINED, "to be in")
        mallory = await hostile(mallory_at, server)
        assert await mallory.enter(f"{garden}/Mallory")
        ours = str(full_address(anna))
        mallory.send(forged(f"{garden}/Anna", trap, anna, message))
        # What goes through the room comes when it likes: the room's own line tells that it has.
        mallory.send(f"<message type='groupchat' to='{garden}'><body>behind it</body></message>")
        await anna.until(lambda: "behind it" in bodies(anna), "what was said in the room")
        for peer in (mallory, await hostile(anna_at, server, "other"), bert):
            peer.send(forged(ours, trap, anna, message))
            await after(peer, anna)
        told = [one for event in anna.happened(BookmarksChanged) for one in event.bookmarks]
        assert trap not in [one.address for one in told]
        assert ChatKey(anna.address, trap) not in anna.world.rooms
        assert anna.world.chats[chat].unread == 2, "both of his, since nobody has read them"
        for owner in (anna.address, chat.address, Address.parse(mallory_at.address)):
            assert 7 not in [one.id for one in anna.world.devices.get((anna.address, owner), ())]


async def test_p16_groupchat_of_a_user(
    server: ChatServer, accounts: Accounts, hostile: OpenHostile, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    (mallory_at,) = accounts(server, "mallory")
    async with Person(anna_at, server, tmp_path) as anna:
        await anna.online()
        for account in (mallory_at, bert_at):
            peer = await hostile(account, server)
            peer.send(
                f"<message type='groupchat' to='{full_address(anna)}' id='g'><body>forged</body></message>"
            )
            await after(peer, anna)
        assert "forged" not in bodies(anna)


async def test_p16_groupchat_of_a_room_not_joined(
    prosody: ChatServer, accounts: Accounts, strangers: RawComponent, tmp_path: Path
) -> None:
    (anna_at,) = accounts(prosody, "anna")
    async with Person(anna_at, prosody, tmp_path) as anna:
        await anna.online()
        for sender in (f"hall@{CROWD}/Dora", f"hall@{CROWD}", f"hall@{prosody.rooms_domain}/Dora"):
            strangers.send(
                f"<message type='groupchat' from='{sender}' to='{full_address(anna)}' id='g'>"
                "<body>forged</body><subject>forged too</subject></message>"
            )
        await after(strangers, anna, HONEST)
        assert "forged" not in bodies(anna) and not anna.world.rooms
        assert {str(one.chat.key.address) for one in anna.happened(ChatChanged)} == {f"honest@{CROWD}"}
