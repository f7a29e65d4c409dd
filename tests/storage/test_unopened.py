"""What the archive knows of messages that came sealed and could not be opened."""

from __future__ import annotations

from tests.storage.samples import CHAT, incoming
from tui_xmpp.core.security import Protection
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.database import Database
from tui_xmpp.storage.sealed import SqliteSealed


def test_a_doubtful_message_is_told_from_one_that_could_not_be_opened(
    archive: SqliteArchive, database: Database
) -> None:
    sealed = SqliteSealed(database)
    clear, _ = archive.keep(incoming("hi", protection=Protection.ATTENTION, id="a"))
    shut, _ = archive.keep(incoming("It was not sealed for us.", 1, protection=Protection.ATTENTION, id="b"))
    sealed.put(shut.row, "<message/>")
    assert [one.unopened for one in archive.page(CHAT).messages] == [False, True]
    found = archive.message(CHAT, shut.row)
    assert found is not None and found.unopened
    assert not sealed.reveal(shut.row, "hello", Protection.SEALED).unopened
    assert [one.unopened for one in archive.page(CHAT).messages] == [False, False]
    assert clear.body == "hi"
