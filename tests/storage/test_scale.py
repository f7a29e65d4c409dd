"""A million messages: how long a start, a page and a search take (`pytest -m bench`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.storage.samples import AVA, CHAT, ME, at, incoming
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.query import Query
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.database import Database

_MESSAGES = 1_000_000
_CHATS = 100
_WORDS = ("tea", "train", "meeting", "tomorrow", "please", "river", "photo", "garden", "coffee", "window")

pytestmark = pytest.mark.bench


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def test_a_million_messages(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    archive = SqliteArchive(Database(path))
    keys = [ChatKey(ME, Address("", f"chat{number}.example")) for number in range(_CHATS)]
    for key in keys:
        archive.keep(incoming("first", chat=key))
    _fill(archive, keys)
    archive.keep(incoming("the needle in it", 5, chat=keys[50]))
    archive.keep(incoming("newest"))
    archive._database.close()

    figures = {}
    opened: list[SqliteArchive] = []
    figures["open"] = seconds(lambda: opened.append(SqliteArchive(Database(path))))
    archive = opened[0]
    figures["chats"] = seconds(archive.chats)
    newest = archive.page(keys[0])
    figures["newest page"] = seconds(lambda: archive.page(keys[0]))
    middle = replace(newest.messages[0].place, at=at(_MESSAGES / 2))
    figures["deep page"] = seconds(lambda: archive.page(keys[0], before=middle))
    figures["keep"] = seconds(lambda: archive.keep(incoming("one more", id="x", chat=keys[0])))
    figures["unread"] = seconds(lambda: archive.unread(keys[0], None))
    figures["rare word"] = seconds(lambda: archive.search(Query(words=("needle",))))
    figures["common word"] = seconds(lambda: archive.search(Query(words=("tea",))))
    figures["filters only"] = seconds(lambda: archive.search(Query(sender=AVA.local)))
    print({name: f"{value * 1000:.1f} ms" for name, value in figures.items()})
    archive._database.close()
    assert archive is not None
    assert figures["open"] < 0.2
    assert figures["chats"] < 0.05
    assert figures["newest page"] < 0.1
    assert figures["deep page"] < 0.1
    assert CHAT not in keys


def _fill(archive: SqliteArchive, keys: list[ChatKey]) -> None:
    with archive._database.writing() as connection:
        connection.execute(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
            INSERT INTO message SELECT NULL, 1 + i % ?2, 1700000000000000 + i * 60000000, 'ava@example.org',
                (SELECT value FROM json_each(?3) WHERE key = i % 10) || ' number ' || i || ' '
                || (SELECT value FROM json_each(?3) WHERE key = i / 7 % 10),
                'id' || i, '', 'archive' || i, '', '', 0, 'chat', '', 0, '', 'clear', 0, 0, '',
                NULL, NULL, NULL, NULL, 0, 0 FROM n
            """,
            (_MESSAGES, len(keys), str(list(_WORDS)).replace("'", '"')),
        )
