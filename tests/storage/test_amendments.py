"""Corrections, retractions and reactions: by the right people only, before their message or after it."""

from __future__ import annotations

import pytest

from tests.storage.samples import AVA, CHAT, ME, ROOM, ROOM_CHAT, in_room, incoming, outgoing
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Message, Reaction
from tui_xmpp.core.query import Query
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.database import Database

EVE = Address.parse("eve@example.org")
BO, CY = ROOM.with_resource("bo"), ROOM.with_resource("cy")
PRIVATE = ChatKey(ME, BO)


def found(archive: SqliteArchive, chat: ChatKey, id: str) -> Message:
    message = archive.find(chat, id)
    assert message is not None
    return message


def test_a_correction_replaces_the_body_and_keeps_the_old_one(
    archive: SqliteArchive, database: Database
) -> None:
    archive.keep(incoming("tpyo", id="1"))
    changed = archive.correct(CHAT, "1", AVA.with_resource("phone"), "typo https://example.org")
    assert changed is not None
    assert (changed.body, changed.edited) == ("typo https://example.org", True)
    assert [hit.message.body for hit in archive.search(Query(has=frozenset({"link"})))] == [changed.body]
    assert archive.search(Query(words=("tpyo",))) == []
    with database.reading() as connection:
        assert connection.execute("SELECT body FROM revision").fetchall() == [("tpyo",)]


@pytest.mark.parametrize(
    ("message", "sender", "occupant_id", "own", "allowed"),
    [
        (incoming(id="1"), AVA, "", False, True),
        (incoming(id="1"), EVE, "", False, False),
        (incoming(id="1"), AVA, "", True, False),
        (outgoing(id="1"), ME, "", True, True),
        (outgoing(id="1"), AVA, "", False, False),
        (outgoing(id="1"), ME, "", False, False),
        (in_room(id="1"), BO, "", False, True),
        (in_room(id="1"), CY, "", False, False),
        (in_room(id="1", occupant_id="x"), CY, "x", False, True),
        (in_room(id="1", occupant_id="x"), BO, "y", False, False),
        (in_room(id="1", occupant_id="x"), BO, "", False, True),
        (in_room(id="1"), BO, "x", False, True),
        (incoming(id="1", chat=PRIVATE, sender=BO), BO, "", False, True),
        (incoming(id="1", chat=PRIVATE, sender=BO), CY, "", False, False),
    ],
)
@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("kind", ["correct", "retract"])
def test_only_the_writer_may_change_a_message(
    archive: SqliteArchive,
    message: Message,
    sender: Address,
    occupant_id: str,
    own: bool,
    allowed: bool,
    early: bool,
    kind: str,
) -> None:
    def change() -> Message | None:
        if kind == "correct":
            return archive.correct(message.chat, "1", sender, "new", occupant_id=occupant_id, own=own)
        return archive.retract(message.chat, "1", sender, "by them", occupant_id=occupant_id, own=own)

    if early:
        assert change() is None
        kept, _ = archive.keep(message)
    else:
        archive.keep(message)
        changed = change()
        assert (changed is not None) is allowed
        kept = found(archive, message.chat, "1")
        assert changed in (None, kept)
    assert kept.edited is (allowed and kind == "correct")
    assert kept.retracted == ("by them" if allowed and kind == "retract" else "")
    assert kept.body == ("hello" if not allowed else "new" if kind == "correct" else "")


def test_a_forged_correction_that_came_first_does_not_keep_the_true_one_out(archive: SqliteArchive) -> None:
    archive.correct(ROOM_CHAT, "1", CY, "forged")
    archive.correct(ROOM_CHAT, "1", BO, "true")
    archive.correct(ROOM_CHAT, "1", BO, "truer")
    kept, _ = archive.keep(in_room("first", id="1"))
    assert kept.body == "truer"


def test_the_right_one_of_two_messages_with_the_same_id_is_corrected(archive: SqliteArchive) -> None:
    mine, _ = archive.keep(in_room("bo's", id="1", nick="bo"))
    archive.keep(in_room("cy's", id="1", nick="cy", minute=1))
    changed = archive.correct(ROOM_CHAT, "1", BO, "bo's, corrected")
    assert changed is not None
    assert changed.row == mine.row


def test_a_retraction_leaves_nothing_of_the_message_behind(
    archive: SqliteArchive, database: Database
) -> None:
    archive.keep(incoming("secret one", id="1", subject="secret"))
    archive.correct(CHAT, "1", AVA, "secret two")
    archive.react(CHAT, "1", Reaction(ME, "", ("👍",), own=True))
    changed = archive.retract(CHAT, "1", AVA, "ava")
    assert changed is not None
    assert (changed.body, changed.subject, changed.retracted, changed.reactions) == ("", "", "ava", ())
    assert archive.search(Query(words=("secret",))) == []
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM revision").fetchone() == (0,)
    assert archive.correct(CHAT, "1", AVA, "back") is None
    assert archive.react(CHAT, "1", Reaction(ME, "", ("👍",), own=True)) is None
    copy, _ = archive.keep(incoming("secret one", id="1", archive_id="a"))
    assert copy.body == ""


def test_a_new_set_of_reactions_replaces_the_persons_old_one(archive: SqliteArchive) -> None:
    archive.keep(in_room(archive_id="a"))
    archive.react(ROOM_CHAT, "a", Reaction(BO, "bo", ("👍", "🎉", "👍")))
    archive.react(ROOM_CHAT, "a", Reaction(CY, "cy", ("👍",)))
    assert found(archive, ROOM_CHAT, "a").reactions == (
        Reaction(BO, "bo", ("👍", "🎉")),
        Reaction(CY, "cy", ("👍",)),
    )
    archive.react(ROOM_CHAT, "a", Reaction(BO, "bo", ("❤",)))
    archive.react(ROOM_CHAT, "a", Reaction(CY, "cy", ()))
    assert found(archive, ROOM_CHAT, "a").reactions == (Reaction(BO, "bo", ("❤",)),)


def test_reactions_wait_for_their_message(archive: SqliteArchive) -> None:
    archive.react(ROOM_CHAT, "a", Reaction(BO, "bo", ("👍",)))
    archive.react(ROOM_CHAT, "a", Reaction(BO, "bo", ("🎉",)))
    archive.react(ROOM_CHAT, "a", Reaction(CY, "cy", ("👍",)))
    archive.react(ROOM_CHAT, "a", Reaction(CY, "cy", ()))
    kept, _ = archive.keep(in_room(archive_id="a"))
    assert kept.reactions == (Reaction(BO, "bo", ("🎉",)),)


def test_amendments_of_messages_that_never_come_do_not_pile_up(
    archive: SqliteArchive, database: Database
) -> None:
    for number in range(1010):
        archive.correct(CHAT, f"never {number}", AVA, "flood")
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM amendment").fetchone() == (1000,)
    archive.keep(incoming("latest", id="never 1009"))
    assert found(archive, CHAT, "never 1009").body == "flood"


def test_a_correction_that_was_never_sent_is_taken_away_and_no_other(
    archive: SqliteArchive, database: Database
) -> None:
    archive.keep(outgoing("tpyo", id="1"))
    for body in ("typo", "typo https://example.org"):
        archive.correct(CHAT, "1", ME, body, own=True)
    assert archive.uncorrect(CHAT, "1", "tpyo") is None
    changed = archive.uncorrect(CHAT, "1", "typo")
    assert changed is not None
    assert (changed.body, changed.edited) == ("typo https://example.org", True)
    changed = archive.uncorrect(CHAT, "1", "typo https://example.org")
    assert changed is not None
    assert (changed.body, changed.edited) == ("tpyo", False)
    assert archive.search(Query(has=frozenset({"link"}))) == []
    assert [hit.message.body for hit in archive.search(Query(words=("tpyo",)))] == ["tpyo"]
    assert archive.uncorrect(CHAT, "1", "tpyo") is None
    with database.reading() as connection:
        assert connection.execute("SELECT * FROM revision").fetchall() == []
