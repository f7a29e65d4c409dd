"""Search finds words, whatever characters they hold, and marks where they stand."""

from __future__ import annotations

from datetime import date

import pytest

from tests.storage.samples import AVA, ME, ROOM, at, in_room, incoming, outgoing
from tui_xmpp.core.contact import Contact
from tui_xmpp.core.query import Query, parse
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.cache import SqliteCache
from tui_xmpp.storage.database import Database


def found(archive: SqliteArchive, text: str) -> list[str]:
    return [hit.message.body for hit in archive.search(parse(text, date(2026, 3, 2)))]


def marked(archive: SqliteArchive, text: str) -> list[str]:
    (hit,) = archive.search(parse(text, date(2026, 3, 2)))
    return [hit.message.body[start:end] for start, end in hit.marks]


def test_all_words_must_be_there_newest_first(archive: SqliteArchive) -> None:
    archive.keep(incoming("green tea, please", 2))
    archive.keep(incoming("Tea is GREEN", 1))
    archive.keep(in_room("black tea", 3))
    assert found(archive, "green tea") == ["green tea, please", "Tea is GREEN"]
    assert found(archive, "tea") == ["black tea", "green tea, please", "Tea is GREEN"]
    assert [hit.message.body for hit in archive.search(Query(words=("tea",)), limit=1)] == ["black tea"]


def test_the_last_word_may_be_half_typed(archive: SqliteArchive) -> None:
    archive.keep(incoming("green teapot"))
    assert found(archive, "green tea") == ["green teapot"]
    assert found(archive, "gre teapot") == []
    assert marked(archive, "green tea") == ["green", "teapot"]


def test_accents_and_case_do_not_matter(archive: SqliteArchive) -> None:
    archive.keep(incoming("Voilà un CAFÉ"))
    assert marked(archive, "voila café") == ["Voilà", "CAFÉ"]


def test_phrases_keep_their_order(archive: SqliteArchive) -> None:
    archive.keep(incoming("one two three"))
    assert marked(archive, '"one two"') == ["one two"]
    assert found(archive, '"two one"') == []
    assert found(archive, '"one tw"') == []


@pytest.mark.parametrize(
    "text",
    [
        '"', "'", "*", "a*", "(", ")", "AND", "OR", "NOT", "NEAR(a b)", "a OR b", "body:a", "{body}:x", "^a",
        "-a", "+", "a + b", ";", "--", "%", "_", "\\", "';DROP TABLE message;--", "a\0b", "\ud800", "😀", "",
        '""', "x" * 10_000, "a " * 5_000, "\x1b[31m", "日本",
    ],
)  # fmt: skip
def test_no_character_is_an_operator(archive: SqliteArchive, text: str) -> None:
    archive.keep(incoming("neither this"))
    words = tuple(text.split()) or ("",)
    assert archive.search(Query(words=words)) == []
    assert archive.search(Query(phrases=(text,))) == []
    assert archive.search(Query(words=("neither",), sender=f"|{text}", chat=f"|{text}")) == []
    assert found(archive, "neither") == ["neither this"]


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("c++", "I write C++ now"),
        ("%", "50% off"),
        ("OR", "this or that"),
        ("NOT", "do not"),
        ("日本", "昨日日本に着いた"),
        ("don't", "I don't"),
        ("a_b", "the a_b thing"),
        ("😀", "well 😀"),
        ("*", "2 * 3"),
    ],
)
def test_words_of_odd_characters_are_found_as_they_are(archive: SqliteArchive, text: str, body: str) -> None:
    archive.keep(incoming(body))
    archive.keep(incoming("c o n d i t"))
    assert found(archive, text) == [body]
    (mark,) = marked(archive, text)
    assert mark.lower() == text.lower()


def test_filters(archive: SqliteArchive, database: Database) -> None:
    SqliteCache(database).put_roster(ME, "", [Contact(ME, AVA, "Grandma")])
    archive.keep(incoming("from ava https://example.org/x", 0))
    archive.keep(outgoing("from me", 1))
    archive.keep(in_room("from bo", 2, nick="bo"))
    archive.keep(incoming("from ava, long after", 60 * 24 * 3))
    assert found(archive, "from:me") == ["from me"]
    assert found(archive, "from:bo from") == ["from bo"]
    assert found(archive, "from:grandma has:link") == ["from ava https://example.org/x"]
    assert found(archive, f"in:{ROOM.local}") == ["from bo"]
    assert found(archive, "in:grandma me") == ["from me"]
    day = at(0).astimezone().date()
    assert archive.search(Query(words=("from",), before=day)) == []
    assert [hit.message.body for hit in archive.search(Query(words=("long",), after=day))] == [
        "from ava, long after"
    ]
    assert archive.search(Query()) == []


def test_subjects_are_searched_too(archive: SqliteArchive) -> None:
    archive.keep(incoming("", subject="Invoice"))
    (hit,) = archive.search(Query(words=("invoice",)))
    assert hit.marks == ()
