"""Pages of a chat at any depth, the holes in it, and how far archives were read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest

from tests.storage.samples import AVA, CHAT, ME, ROOM_CHAT, at, in_room, incoming
from tui_xmpp.core.message import Gap, Message, Page, Place
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.database import Database


@pytest.fixture
def ten(archive: SqliteArchive) -> list[Message]:
    # Kept in two halves, the younger one first, as a catch-up and a look back do.
    order = [*range(5, 10), *range(5)]
    kept = [archive.keep(incoming(str(number), number // 2))[0] for number in order]
    archive.keep(in_room("elsewhere", 2))
    return sorted(kept, key=lambda message: message.place)


def bodies(page: Page) -> str:
    return "".join(message.body for message in page.messages)


def test_walking_back_and_forth_sees_every_message_once(archive: SqliteArchive, ten: list[Message]) -> None:
    everything = "".join(message.body for message in ten)
    page = archive.page(CHAT, limit=3)
    assert (bodies(page), page.at_start, page.at_end) == (everything[-3:], False, True)
    walked = bodies(page)
    while not page.at_start:
        page = archive.page(CHAT, before=page.messages[0].place, limit=3)
        assert not page.at_end
        walked = bodies(page) + walked
    assert walked == everything
    walked = bodies(page)
    while not page.at_end:
        page = archive.page(CHAT, after=page.messages[-1].place, limit=3)
        assert not page.at_start
        walked += bodies(page)
    assert walked == everything


def test_the_ends_say_that_they_are_the_ends(archive: SqliteArchive, ten: list[Message]) -> None:
    beyond = archive.page(CHAT, before=ten[0].place)
    assert (beyond.messages, beyond.at_start, beyond.at_end) == ((), True, False)
    beyond = archive.page(CHAT, after=ten[-1].place)
    assert (beyond.messages, beyond.at_start, beyond.at_end) == ((), False, True)
    whole = archive.page(CHAT, limit=10)
    assert (len(whole.messages), whole.at_start, whole.at_end) == (10, True, True)
    between = archive.page(CHAT, after=ten[2].place, before=ten[6].place)
    assert between.messages == tuple(ten[3:6])


def test_an_unknown_chat_is_an_empty_page(archive: SqliteArchive) -> None:
    assert archive.page(CHAT) == Page((), (), True, True)
    assert archive.around(CHAT, Place(at(0), 1)) == Page((), (), True, True)
    assert archive.unread(CHAT, None) == (0, 0)


def test_a_page_around_a_place_has_it_in_the_middle(archive: SqliteArchive, ten: list[Message]) -> None:
    assert archive.around(CHAT, ten[5].place, limit=4).messages == tuple(ten[3:7])
    assert archive.around(CHAT, ten[0].place, limit=4).messages == tuple(ten[0:4])
    assert archive.around(CHAT, ten[9].place, limit=4).messages == tuple(ten[6:10])
    date = Place(at(2), 0)
    assert ten[4] in archive.around(CHAT, date, limit=4).messages


def test_a_deep_page_sorts_nothing_and_looks_at_its_own_messages_only(
    database: Database, archive: SqliteArchive, ten: list[Message]
) -> None:
    seen: list[str] = []
    database.reader().set_trace_callback(seen.append)
    archive.page(CHAT, before=ten[5].place, limit=2)
    database.reader().set_trace_callback(None)
    statements = [text for text in seen if "FROM message" in text]
    assert statements
    for statement in statements:
        plan = " ".join(row[3] for row in database.reader().execute(f"EXPLAIN QUERY PLAN {statement}"))
        assert "message_place" in plan
        assert "TEMP B-TREE" not in plan
        assert "SCAN m" not in plan


def gap(after: datetime | None, before: datetime | None, **ids: str) -> Gap:
    return Gap(0, CHAT, after, ids.get("after_id", ""), before, ids.get("before_id", ""))


def test_a_page_names_the_holes_that_touch_it(archive: SqliteArchive, ten: list[Message]) -> None:
    early = archive.add_gap(gap(None, at(0)))
    middle = archive.add_gap(gap(at(2), at(3)))
    late = archive.add_gap(gap(at(4), None))
    archive.add_gap(Gap(0, ROOM_CHAT, None, "", None, ""))
    assert archive.page(CHAT).gaps == (early, middle, late)
    assert archive.page(CHAT, limit=2).gaps == (late,)
    assert archive.page(CHAT, before=ten[2].place, limit=2).gaps == (early,)
    # Both sides of a hole name it.
    assert archive.page(CHAT, after=ten[1].place, limit=4).gaps == (middle,)
    assert archive.page(CHAT, after=ten[5].place, limit=2).gaps == (middle,)
    assert archive.page(CHAT, after=ten[1].place, limit=2).gaps == ()


def test_an_empty_chat_still_shows_its_hole(archive: SqliteArchive) -> None:
    hole = archive.add_gap(gap(None, None))
    assert archive.page(CHAT).gaps == (hole,)


def test_a_hole_shrinks_and_is_filled(archive: SqliteArchive, ten: list[Message]) -> None:
    hole = archive.add_gap(gap(at(1), at(4), after_id="a", before_id="b"))
    assert archive.gap(hole.number) == hole
    wider = archive.add_gap(gap(at(1), None, after_id="a"))
    assert wider.number == hole.number
    assert archive.page(CHAT).gaps == (wider,)
    rest = replace(wider, before=at(2), before_id="c")
    archive.replace_gap(wider, rest)
    assert archive.gap(hole.number) == rest
    archive.replace_gap(rest, None)
    assert archive.gap(hole.number) is None
    assert archive.page(CHAT).gaps == ()
    assert archive.add_gap(gap(at(1), at(2))).number != hole.number


def test_each_archive_has_its_own_newest_id(archive: SqliteArchive) -> None:
    assert archive.newest_archive_id(ME) is None
    archive.set_newest_archive_id(ME, "a", at(1))
    archive.set_newest_archive_id(ME, "r", at(2), ROOM_CHAT)
    archive.set_newest_archive_id(ME, "b", at(3))
    assert archive.newest_archive_id(ME) == ("b", at(3))
    assert archive.newest_archive_id(ME, ROOM_CHAT) == ("r", at(2))
    assert archive.newest_archive_id(AVA) is None


def test_other_threads_read_what_was_just_written(archive: SqliteArchive) -> None:
    with ThreadPoolExecutor(2) as pool:
        for number in range(5):
            archive.keep(incoming(str(number), number))
            assert bodies(pool.submit(archive.page, CHAT).result(10)) == "01234"[: number + 1]
