"""Live copies and archive copies of one message meet in one row; different messages never do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.storage.samples import AVA, CHAT, ME, ROOM_CHAT, at, in_room, incoming, outgoing
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import Chat, ChatKey, ChatKind
from tui_xmpp.core.message import Delivery, Message, MessageType, Place, Reaction, Reply
from tui_xmpp.core.security import Protection
from tui_xmpp.storage.archive import SqliteArchive


def bodies(archive: SqliteArchive, chat: ChatKey = CHAT) -> list[str]:
    return [message.body for message in archive.page(chat).messages]


def test_every_field_comes_back_as_it_was(archive: SqliteArchive) -> None:
    message = Message(
        chat=CHAT,
        at=at(0) + timedelta(microseconds=123_457),
        sender=AVA,
        body="zwei\n\x1b[31mrot\x00\u202e 日本",
        id="i",
        origin_id="o",
        archive_id="a",
        nick="n",
        occupant_id="occ",
        type=MessageType.HEADLINE,
        subject="s",
        protection=Protection.SEALED,
        mention=True,
        reply=Reply("elsewhere", Address.parse("x@y.example/r"), "nick", "quoted"),
        markable=True,
    )
    kept, new = archive.keep(message)
    assert new
    assert kept == replace(message, row=kept.row)
    assert archive.message(CHAT, kept.row) == kept
    assert archive.message(ROOM_CHAT, kept.row) is None


def test_a_lone_surrogate_from_a_paste_does_not_lose_the_message(archive: SqliteArchive) -> None:
    kept, _ = archive.keep(outgoing("before \ud800 after 😀"))
    assert kept.body == "before \ufffd after 😀"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (incoming(id="1", archive_id="a"), incoming(id="1", archive_id="a")),
        (incoming(id="1"), incoming(id="1", archive_id="a", minute=0.01)),
        (incoming(archive_id="a"), incoming(archive_id="a", id="late")),
        (outgoing(id="1", origin_id="1"), outgoing(id="1", archive_id="a", delivery=Delivery.TAKEN)),
        (outgoing(id="1", origin_id="2"), outgoing(id="3", origin_id="2", archive_id="a")),
        (outgoing(id="1"), outgoing(origin_id="1", archive_id="a")),
        (outgoing(origin_id="1"), outgoing(id="1", archive_id="a")),
        (outgoing(id="1", archive_id="a"), outgoing(id="1", archive_id="sent twice")),
        (in_room(id="1"), in_room(id="1", archive_id="a")),
        (in_room(id="1", occupant_id="x"), in_room(id="1", archive_id="a")),
        (incoming(id="1", archive_id="a"), incoming(id="1", archive_id="sent twice")),
    ],
)
def test_two_copies_are_one_message(archive: SqliteArchive, first: Message, second: Message) -> None:
    kept, new = archive.keep(first)
    again, new_again = archive.keep(second)
    assert (new, new_again) == (True, False)
    assert again.row == kept.row
    assert again.archive_id == (first.archive_id or second.archive_id)
    assert len(bodies(archive, first.chat)) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (incoming("a", id="1", archive_id="a"), incoming("b", id="1", archive_id="b")),
        (incoming(), incoming()),
        (incoming(id="1"), outgoing(id="1")),
        (incoming(id="1"), incoming(id="1", sender=Address.parse("eve@example.org"))),
        (incoming(archive_id="a"), in_room(archive_id="a")),
        (in_room(id="1", nick="bo"), in_room(id="1", nick="cy")),
        (in_room(id="1", occupant_id="x"), in_room(id="1", occupant_id="y")),
        (outgoing(), outgoing()),
        (incoming(id="1", archive_id="a"), incoming(id="1", archive_id="b", minute=40 * 24 * 60)),
        (incoming(id="1"), incoming(id="1", minute=40 * 24 * 60)),
    ],
)
def test_two_messages_stay_two(archive: SqliteArchive, first: Message, second: Message) -> None:
    one, _ = archive.keep(first)
    two, new = archive.keep(second)
    assert new
    assert one.row != two.row


def test_a_queued_message_seen_in_the_archive_is_completed_and_moves(archive: SqliteArchive) -> None:
    archive.keep(outgoing("mine", id="q", origin_id="q"))
    archive.keep(incoming("theirs", minute=1, id="t"))
    seen, new = archive.keep(outgoing("mine", 2, id="q", archive_id="a", delivery=Delivery.TAKEN))
    assert not new
    assert (seen.delivery, seen.archive_id, seen.at) == (Delivery.TAKEN, "a", at(2))
    assert bodies(archive) == ["theirs", "mine"]
    assert archive.unsent(ME) == []


def test_a_copy_never_lowers_the_delivery(archive: SqliteArchive) -> None:
    archive.keep(outgoing(id="q"))
    archive.set_delivery(CHAT, "q", Delivery.READ)
    copy, _ = archive.keep(outgoing(id="q", archive_id="a", delivery=Delivery.TAKEN))
    assert copy.delivery is Delivery.READ
    copy, _ = archive.keep(outgoing(id="q", delivery=Delivery.QUEUED))
    assert copy.delivery is Delivery.READ


def test_a_corrected_message_is_known_again_by_its_first_text(archive: SqliteArchive) -> None:
    archive.keep(incoming("tpyo", id="1", archive_id="a"))
    archive.correct(CHAT, "1", AVA, "typo")
    again, new = archive.keep(incoming("tpyo", id="1", archive_id="b"))
    assert not new
    assert again.body == "typo"


def test_messages_stand_in_the_order_of_their_times_then_of_their_arrival(archive: SqliteArchive) -> None:
    archive.keep_all([incoming("c", 2), incoming("a", 1), incoming("d", 2), incoming("b", 1)])
    assert bodies(archive) == ["a", "b", "c", "d"]


def test_a_page_is_kept_whole_or_not_at_all(archive: SqliteArchive) -> None:
    broken = replace(incoming("broken"), at=None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        archive.keep_all([incoming("first"), broken])
    assert bodies(archive) == []
    archive.keep(incoming("after"))
    assert bodies(archive) == ["after"]


def test_keeping_counts_in_the_chat_as_the_world_does(archive: SqliteArchive) -> None:
    archive.put_chat(Chat(CHAT, ChatKind.CONTACT, name="Ava", read_at=at(1), read_row=9, open=False))
    archive.keep_all([incoming("old", 0), incoming("new\nline", 2, mention=True), outgoing("mine", 1)])
    (chat,) = archive.chats()
    assert (chat.unread, chat.mentions, chat.last_text, chat.last_at) == (1, 1, "new", at(2))
    assert (chat.name, chat.open, chat.read_row) == ("Ava", True, 9)
    assert archive.unread(CHAT, Place(at(1), 9)) == (1, 1)
    assert archive.unread(CHAT, None) == (2, 1)


def test_a_chat_nobody_announced_is_remembered_with_its_kind(archive: SqliteArchive) -> None:
    archive.keep(in_room())
    archive.keep(incoming(chat=ChatKey(ME, AVA)))
    archive.keep(incoming(chat=ChatKey(ME, ROOM_CHAT.address.with_resource("bo"))))
    assert [chat.kind for chat in archive.chats()] == [ChatKind.ROOM, ChatKind.CONTACT, ChatKind.PRIVATE]


def test_chats_come_back_as_they_were_put(archive: SqliteArchive) -> None:
    from tui_xmpp.core.chat import Notify

    chat = Chat(CHAT, ChatKind.CONTACT, "n", at(1), "t", 3, 2, at(0), 7, Notify.NONE, True, "dräft", False, 4)
    archive.put_chat(replace(chat, draft="other"))
    archive.put_chat(chat)
    assert archive.chats() == [chat]


def test_a_reply_shows_the_answered_message_even_when_that_comes_later(archive: SqliteArchive) -> None:
    answer, _ = archive.keep(in_room("yes", 1, reply=Reply("stanza", text="as quoted")))
    assert answer.reply == Reply("stanza", text="as quoted")
    # Somebody who picks the same id must not put words into the room's mouth.
    archive.keep(in_room("forged", 2, nick="eve", id="stanza"))
    asked, _ = archive.keep(in_room("tea?\nmore", 0, nick="cy", archive_id="stanza"))
    found = archive.message(ROOM_CHAT, answer.row)
    assert found is not None
    assert found.reply == Reply("stanza", asked.sender, "cy", "tea?", asked.row)


def test_reactions_handed_in_with_a_message_are_kept(archive: SqliteArchive) -> None:
    kept, _ = archive.keep(incoming(reactions=(Reaction(ME, "", ("👍",), own=True),)))
    assert kept.reactions == (Reaction(ME, "", ("👍",), own=True),)


def test_unsent_messages_of_one_account_oldest_first(archive: SqliteArchive) -> None:
    other = ChatKey(Address.parse("work@example.org"), AVA)
    archive.keep_all(
        [
            outgoing("second", 2, id="2"),
            outgoing("first", 1, id="1", delivery=Delivery.WRITTEN),
            outgoing("taken", 0, id="0", delivery=Delivery.TAKEN),
            outgoing("other", 0, id="x", chat=other),
        ]
    )
    assert [message.body for message in archive.unsent(ME)] == ["first", "second"]


def test_found_by_any_of_its_ids_but_archive_ids_only_in_rooms(archive: SqliteArchive) -> None:
    room, _ = archive.keep(in_room(id="i", origin_id="o", archive_id="a"))
    archive.keep(incoming(id="i2", archive_id="a2"))
    for id in ("i", "o", "a"):
        assert archive.find(ROOM_CHAT, id) == room
    assert archive.find(CHAT, "i2") is not None
    assert archive.find(CHAT, "a2") is None
    assert archive.find(CHAT, "") is None
