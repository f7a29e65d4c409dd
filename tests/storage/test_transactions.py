"""Several changes as one: all or nothing, seen by the writer at once and by others at the end."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from tests.storage.samples import CHAT, ME, incoming, outgoing
from tui_xmpp.core.chat import Chat, ChatKind
from tui_xmpp.core.custody import Pending
from tui_xmpp.core.message import Delivery
from tui_xmpp.core.ports import StorageError
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.custody import SqliteCustody
from tui_xmpp.storage.database import Database
from tui_xmpp.storage.keyvalue import SqliteKeyValue


class Undone(Exception):
    """What the tests raise inside a transaction."""


def _bodies_elsewhere(archive: SqliteArchive) -> list[str]:
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.extend(one.body for one in archive.page(CHAT).messages))
    thread.start()
    thread.join(30)
    return seen


def _use_everything(database: Database, archive: SqliteArchive) -> None:
    custody, facts = SqliteCustody(database), SqliteKeyValue(database)
    archive.put_chat(Chat(CHAT, ChatKind.CONTACT))
    kept, is_new = archive.keep(outgoing("helo", id="1"))
    assert is_new
    custody.add(Pending(CHAT, "1", "<message/>", datetime(2026, 3, 1, tzinfo=UTC)))
    facts.put("space", "key", "value")
    archive.correct(CHAT, "1", ME, "hello", own=True)
    assert archive.set_delivery(CHAT, "1", Delivery.WRITTEN)
    found = archive.find(CHAT, "1")
    assert found is not None and (found.row, found.body, found.delivery) == (
        kept.row,
        "hello",
        Delivery.WRITTEN,
    )
    assert archive.message(CHAT, kept.row) == found
    assert list(archive.page(CHAT).messages) == list(archive.unsent(ME)) == [found]
    assert [chat.key for chat in archive.chats()] == [CHAT]
    assert [one.id for one in custody.pending(ME)] == ["1"]
    assert facts.get("space", "key") == "value"


def test_the_writer_sees_its_changes_and_others_do_not_yet(
    database: Database, archive: SqliteArchive
) -> None:
    with SqliteCustody(database).transaction():
        _use_everything(database, archive)
        assert _bodies_elsewhere(archive) == []
    assert _bodies_elsewhere(archive) == ["hello"]


def test_a_failure_leaves_nothing(database: Database, archive: SqliteArchive) -> None:
    custody = SqliteCustody(database)
    with pytest.raises(Undone), custody.transaction():
        _use_everything(database, archive)
        raise Undone
    assert archive.find(CHAT, "1") is None
    assert not archive.chats() and not archive.unsent(ME) and not custody.pending(ME)
    assert SqliteKeyValue(database).get("space", "key") is None


def test_an_inner_failure_is_undone_alone(database: Database, archive: SqliteArchive) -> None:
    with database.writing():
        archive.keep(incoming("before", 1))
        with pytest.raises(Undone), database.writing():
            archive.keep(incoming("half", 2))
            with database.writing(durable=False):
                archive.keep(incoming("half of the half", 3))
            raise Undone
        archive.keep(incoming("after", 4))
    assert _bodies_elsewhere(archive) == ["before", "after"]


@pytest.mark.parametrize("durable", [True, False])
def test_the_outermost_says_how_durable(database: Database, durable: bool) -> None:
    with database.writing(durable=durable) as connection:
        with database.writing(durable=not durable):
            pass
        assert connection.execute("PRAGMA synchronous").fetchone() == (2 if durable else 1,)


def test_when_sqlite_gave_up_the_whole_nothing_is_kept_alone(
    database: Database, archive: SqliteArchive
) -> None:
    """Some failures of the disk make SQLite undo a transaction by itself."""
    with pytest.raises(StorageError), database.writing() as connection:
        archive.keep(incoming("before", 1))
        connection.execute("ROLLBACK")
        with pytest.raises(StorageError, match="undone"):
            archive.keep(incoming("alone", 2))
    assert _bodies_elsewhere(archive) == []
    archive.keep(incoming("again", 3))
    assert _bodies_elsewhere(archive) == ["again"]
