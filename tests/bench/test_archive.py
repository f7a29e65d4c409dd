"""The archive with 1,000,000 messages: what a chat asks of it, timed."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.bench import filled
from tests.bench.conftest import CHATS, EACH, Scale
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Place
from tui_xmpp.core.query import parse
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.database import Database

pytestmark = pytest.mark.bench
CHAT = ChatKey(filled.ME, filled.contact(0).address)
FRAME = 33.0
"""Milliseconds a read may take that the screen waits for."""


@pytest.fixture
def archive(million: Path, tmp_path: Path) -> Iterator[SqliteArchive]:
    shutil.copy(million, tmp_path / "archive.db")
    with closing(Database(tmp_path / "archive.db")) as database:
        yield SqliteArchive(database)


def median(action: Callable[[int], object], times: int = 51) -> float:
    """Milliseconds, of so many runs with the numbers from 0."""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        action(number)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def test_a_page_takes_the_same_time_at_any_depth(archive: SqliteArchive, scale: Scale) -> None:
    newest = archive.page(CHAT, limit=1).messages[0].place
    deep = {"newest": 0, "in the middle": EACH // 2, "oldest": EACH - 100}
    taken = {}
    for name, depth in deep.items():
        place = Place(newest.at - filled.STEP * depth + timedelta(seconds=1), 0)
        assert len(archive.page(CHAT, before=place, limit=100).messages) == 100
        taken[name] = median(lambda _, place=place: archive.page(CHAT, before=place, limit=100))  # type: ignore[misc]
        scale.archive(f"page of 100 messages, {name}", taken[name])
    scale.archive("page of 100 around a place", median(lambda _: archive.around(CHAT, place)))
    assert max(taken.values()) < FRAME
    assert max(taken.values()) < 3 * min(taken.values()) + 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a rare word", filled.RARE),
        ("a common word", "pallets"),
        ("two common words", "pallets greenhouse"),
        ("the beginning of a word", "comp"),
        ("a word that is not there", "xylophone"),
    ],
)
def test_search(archive: SqliteArchive, scale: Scale, name: str, text: str) -> None:
    query = parse(text, filled.NEWEST.date())
    found = archive.search(query, limit=100)
    assert bool(found) == ("not there" not in name)
    taken = median(lambda _: archive.search(query, limit=100), 7)
    scale.archive(f"search for {name}", taken)
    assert taken < 1000


def test_a_message_is_kept(archive: SqliteArchive, scale: Scale) -> None:
    first = next(filled.messages(CHAT, 1))

    def fresh(number: int) -> object:
        return replace(
            first, id=f"new{number}", archive_id=f"anew{number}", at=filled.NEWEST + timedelta(seconds=number)
        )

    scale.archive("keep one message, durably", median(lambda number: archive.keep(fresh(number))))  # type: ignore[arg-type]

    def page(number: int) -> None:
        archive.keep_all([fresh(1000 + 100 * number + one) for one in range(100)])  # type: ignore[misc]

    scale.archive("keep a page of 100 messages", median(page, 11))
    assert scale.archived["keep one message, durably"] < FRAME


def test_what_a_start_reads(archive: SqliteArchive, scale: Scale) -> None:
    assert len(archive.chats()) == CHATS
    scale.archive("list of all chats", median(lambda _: archive.chats()))
    taken = median(lambda _: archive.unread(CHAT, archive.page(CHAT, limit=1).messages[0].place))
    scale.archive("count what is unread", taken)
    assert taken < FRAME
