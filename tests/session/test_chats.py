"""The list of chats, typing, and what was read where."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.session.wire import ANNA, BERT, CARL, IN_ROOM, WITH_BERT, Wire
from tui_xmpp.core.chat import ChatKey, Notify
from tui_xmpp.core.commands import (
    CloseChat,
    MarkRead,
    MarkUnread,
    OpenChat,
    Refused,
    SaveDraft,
    SendMessage,
    SetNotify,
    SetPinned,
    SetTyping,
)
from tui_xmpp.core.events import ChatState, TypingChanged
from tui_xmpp.core.settings import Encryption, Privacy, Settings
from tui_xmpp.session.features import chat_states

STATES = "{http://jabber.org/protocol/chatstates}"
WITH_CARL = ChatKey(ANNA, CARL)


async def hear(wire: Wire, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        wire.clock.turn(1)
        await wire.take(
            f"<message from='{BERT}/x' type='chat' id='m{number}'><body>b{number}</body>"
            f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ANNA}' id='s{number}'/></message>"
        )


async def test_numbers_are_stable_and_given_again(wire: Wire) -> None:
    await wire.do(OpenChat(WITH_BERT))
    await wire.do(OpenChat(WITH_CARL))
    await wire.do(CloseChat(WITH_BERT))
    assert wire.world.chats[WITH_CARL].number == 2
    await wire.do(OpenChat(IN_ROOM))
    assert wire.world.chats[IN_ROOM].number == 1


async def test_what_is_set_survives_a_restart(wire: Wire, tmp_path: Path) -> None:
    await wire.do(OpenChat(WITH_BERT))
    await wire.do(SaveDraft(WITH_BERT, "half a tho"))
    await wire.do(SetNotify(WITH_BERT, Notify.NONE))
    await wire.do(SetPinned(WITH_BERT, True))
    (chat,) = wire.archive.chats()
    assert (chat.draft, chat.notify, chat.pinned, chat.open, chat.number) == (
        "half a tho",
        Notify.NONE,
        True,
        True,
        1,
    )


async def test_a_closed_chat_comes_back_with_a_message(wire: Wire) -> None:
    await wire.do(OpenChat(WITH_BERT))
    await wire.do(CloseChat(WITH_BERT))
    await hear(wire, 1)
    assert wire.world.chats[WITH_BERT].open and wire.world.chats[WITH_BERT].number == 1


async def test_reading_and_unreading(wire: Wire) -> None:
    await hear(wire, 5)
    rows = [one.row for one in wire.messages()]
    await wire.do(MarkRead(WITH_BERT, rows[2]))
    assert wire.world.chats[WITH_BERT].unread == 2
    await wire.do(MarkRead(WITH_BERT, rows[0]))
    assert wire.world.chats[WITH_BERT].unread == 2, "the place only moves forward"
    await wire.do(MarkUnread(WITH_BERT, rows[1]))
    assert wire.world.chats[WITH_BERT].unread == 4
    await wire.do(MarkUnread(WITH_BERT, rows[0]))
    assert wire.world.chats[WITH_BERT].unread == 5
    await wire.do(MarkRead(WITH_BERT))
    assert wire.archive.chats()[0].unread == 0


async def test_unknown_chats_are_refused(wire: Wire) -> None:
    with pytest.raises(Refused):
        await wire.do(SaveDraft(WITH_BERT, "x"))
    with pytest.raises(Refused):
        await wire.do(OpenChat(ChatKey(ANNA, BERT.with_resource("phone"))))


async def test_what_was_read_here_is_published(wire: Wire) -> None:
    await hear(wire, 3)
    await wire.do(MarkRead(WITH_BERT))
    iq = await wire.request("{http://jabber.org/protocol/pubsub}publish")
    item = iq.find(".//{http://jabber.org/protocol/pubsub}item")
    said = iq.find(".//{urn:xmpp:sid:0}stanza-id")
    assert item is not None and item.get("id") == str(BERT)
    assert said is not None and (said.get("by"), said.get("id")) == (str(ANNA), "s2")
    fields = {one.get("var"): "".join(one.itertext()) for one in iq.iter("{jabber:x:data}field")}
    assert fields["pubsub#access_model"] == "whitelist" and fields["pubsub#max_items"] == "max"


async def test_what_was_read_elsewhere_is_read_here(wire: Wire) -> None:
    await hear(wire, 3)
    await wire.take(
        f"<message from='{ANNA}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>"
        f"<items node='urn:xmpp:mds:displayed:0'><item id='{BERT}'><displayed "
        f"xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='{ANNA}' id='s1'/>"
        "</displayed></item></items></event></message>"
    )
    assert wire.world.chats[WITH_BERT].unread == 1


async def test_what_was_read_elsewhere_before_it_came_here_is_read_when_it_comes(wire: Wire) -> None:
    await hear(wire, 1)
    await wire.take(
        f"<message from='{ANNA}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>"
        f"<items node='urn:xmpp:mds:displayed:0'><item id='{BERT}'><displayed "
        f"xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='{ANNA}' id='s2'/>"
        "</displayed></item></items></event></message>"
    )
    assert wire.world.chats[WITH_BERT].unread == 1
    await hear(wire, 3, first=1)
    assert wire.world.chats[WITH_BERT].unread == 1


async def test_what_was_read_elsewhere_in_a_room_that_is_not_joined_yet(wire: Wire) -> None:
    await wire.take(
        f"<message from='{ANNA}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>"
        f"<items node='urn:xmpp:mds:displayed:0'><item id='{IN_ROOM.address}'><displayed "
        f"xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='{IN_ROOM.address}' id='r1'/>"
        "</displayed></item></items></event></message>"
    )
    wire.enter()
    for number in range(3):
        wire.clock.turn(1)
        await wire.take(
            f"<message from='{IN_ROOM.address}/Dora' type='groupchat' id='m{number}'><body>b</body>"
            f"<stanza-id xmlns='urn:xmpp:sid:0' by='{IN_ROOM.address}' id='r{number}'/></message>"
        )
    assert wire.world.chats[IN_ROOM].unread == 1


@pytest.mark.parametrize("early", [5, 3600])
async def test_what_comes_now_is_unread_whatever_the_clocks_say(wire: Wire, early: int) -> None:
    await wire.do(OpenChat(WITH_BERT))
    stamp = (wire.clock.now() - timedelta(seconds=early)).isoformat()
    delay = f"<delay xmlns='urn:xmpp:delay' from='example.org' stamp='{stamp}'/>"
    await wire.take(f"<message from='{BERT}/x' type='chat' id='m1'><body>hello</body>{delay}</message>")
    assert wire.world.chats[WITH_BERT].unread == 1
    assert wire.archive.chats()[0].unread == 1
    await wire.do(MarkRead(WITH_BERT))
    assert wire.world.chats[WITH_BERT].unread == 0
    assert wire.messages()[0].at == wire.clock.now() - timedelta(seconds=early), "its time is left as it is"


async def test_what_a_server_held_back_keeps_its_place_before_what_was_read(wire: Wire) -> None:
    await hear(wire, 3)
    await wire.do(MarkRead(WITH_BERT))
    stamp = (wire.clock.now() - timedelta(seconds=60)).isoformat()
    delay = f"<delay xmlns='urn:xmpp:delay' from='example.org' stamp='{stamp}'/>"
    await wire.take(f"<message from='{BERT}/x' type='chat' id='e1'><body>early</body>{delay}</message>")
    assert [one.body for one in wire.messages()] == ["early", "b0", "b1", "b2"]
    assert wire.world.chats[WITH_BERT].unread == 0


async def test_typing_is_told_once_and_only_to_those_who_see_us(wire: Wire) -> None:
    assert await wire.do(SetTyping(WITH_BERT, True)) == []
    wire.befriend()
    written = await wire.do(SetTyping(WITH_BERT, True))
    assert written[0][0].tag == f"{STATES}composing"
    assert await wire.do(SetTyping(WITH_BERT, True)) == []
    assert (await wire.do(SetTyping(WITH_BERT, False)))[0][0].tag == f"{STATES}paused"
    message = (await wire.do(SendMessage(WITH_BERT, "a")))[0]
    assert message.find(f"{STATES}active") is not None
    assert not [one for one in wire.messages() if not one.body]


async def test_that_we_do_not_type_is_said_where_it_is_news(wire: Wire) -> None:
    wire.befriend()
    active = f"{STATES}active"
    first, second = [(await wire.do(SendMessage(WITH_BERT, text)))[0] for text in ("one", "two")]
    assert first.find(active) is not None, "the question whether states are known"
    assert second.find(active) is None
    await wire.do(SetTyping(WITH_BERT, True))
    assert (await wire.do(SendMessage(WITH_BERT, "three")))[0].find(active) is not None


async def test_who_answers_without_a_state_is_told_none(wire: Wire) -> None:
    wire.befriend()
    await wire.do(SendMessage(WITH_BERT, "one"))
    await wire.take(f"<message from='{BERT}/old' type='chat' id='1'><body>hm</body></message>")
    assert await wire.do(SetTyping(WITH_BERT, True)) == []
    assert (await wire.do(SendMessage(WITH_BERT, "two")))[0].find(f"{STATES}active") is None
    state = "<active xmlns='http://jabber.org/protocol/chatstates'/>"
    await wire.take(f"<message from='{BERT}/new' type='chat' id='2'><body>ha</body>{state}</message>")
    assert (await wire.do(SetTyping(WITH_BERT, False))) == []
    assert (await wire.do(SetTyping(WITH_BERT, True)))[0][0].tag == f"{STATES}composing"


async def types(wire: Wire, sender: object = BERT) -> None:
    await wire.take(
        f"<message from='{sender}/x' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/>"
        "</message>"
    )


async def test_typing_of_others_ends_by_itself(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    wire.befriend()
    await types(wire)
    assert wire.world.typing[WITH_BERT]
    monkeypatch.setattr(chat_states, "TYPING_SECONDS", 0.0)
    await types(wire)
    await wire.settle()
    assert not wire.world.typing
    assert wire.happened(TypingChanged)[-1].state is ChatState.ACTIVE


async def test_strangers_who_only_type_are_not_shown(wire: Wire) -> None:
    for number in range(100):
        await types(wire, f"s{number}@evil.example")
    assert not wire.world.typing and not wire.happened(TypingChanged)


async def test_typing_of_others_ends_with_their_message(wire: Wire) -> None:
    wire.befriend()
    await wire.take(
        f"<message from='{BERT}/x' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>"
    )
    assert wire.world.typing[WITH_BERT] == {str(BERT): ChatState.COMPOSING}
    assert WITH_BERT not in wire.world.chats
    await hear(wire, 1)
    assert not wire.world.typing


async def test_nothing_is_told_where_the_user_wants_it_so(tmp_path: Path) -> None:
    private = Privacy(send_receipts=False, send_markers=False, send_typing=False)
    wire = Wire(tmp_path, settings=Settings(privacy=private, encryption=Encryption(omemo=False)))
    await wire.online()
    wire.befriend()
    assert await wire.do(SetTyping(WITH_BERT, True)) == []
    written = await wire.take(
        f"<message from='{BERT}/x' type='chat' id='1'><body>a</body><request xmlns='urn:xmpp:receipts'/>"
        "<markable xmlns='urn:xmpp:chat-markers:0'/></message>"
    )
    assert written == []
    assert not [one for one in await wire.do(MarkRead(WITH_BERT)) if one.tag.endswith("message")]
    await wire.close()


async def test_a_lean_profile_is_silent(tmp_path: Path) -> None:
    wire = Wire(tmp_path, link="radio")
    await wire.online()
    wire.befriend()
    assert await wire.do(SetTyping(WITH_BERT, True)) == []
    message = (await wire.do(SendMessage(WITH_BERT, "a")))[0]
    assert [one.tag.partition("}")[2] for one in message] == ["body"]
    await wire.close()
