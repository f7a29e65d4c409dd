from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.core.query import Query, QueryError, parse

TODAY = date(2024, 3, 1)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", Query()),
        ("  red   bicycle ", Query(words=("red", "bicycle"))),
        ('a "red bicycle" b', Query(words=("a", "b"), phrases=("red bicycle",))),
        ('"never closed', Query(phrases=("never closed",))),
        ('"" ""', Query()),
        ("from:ava in:room@muc.example x", Query(words=("x",), sender="ava", chat="room@muc.example")),
        ('FROM:"Ava B" x', Query(words=("x",), sender="Ava B")),
        ("before:2024-02-29", Query(before=date(2024, 2, 29))),
        ("after:2023-7 before:2024", Query(after=date(2023, 7, 1), before=date(2024, 1, 1))),
        ("after:yesterday", Query(after=date(2024, 2, 29))),
        ("before:Today", Query(before=TODAY)),
        ("has:link has:LINK", Query(has=frozenset({"link"}))),
        ("https://example.org note:this 10:30", Query(words=("https://example.org", "note:this", "10:30"))),
        ("AND OR* NOT( col^2 -x xfrom:y", Query(words=("AND", "OR*", "NOT(", "col^2", "-x", "xfrom:y"))),
        ('5"disk', Query(words=('5"disk',))),
    ],
)
def test_understood(text: str, query: Query) -> None:
    assert parse(text, TODAY) == query


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("from:", "from:"),
        ('in:""', "in:"),
        ("from:a from:b", "from:"),
        ("before:soon", "2024-03-01"),
        ("before:2023-02-29", "before:"),
        ("after:2024-13", "after:"),
        ("after:0000", "after:"),
        ("has:luck", "link"),
        ("after:2024-02 before:2024-01", "later"),
        ("after:today before:today", "later"),
    ],
)
def test_a_bad_filter_says_what_to_write(text: str, names: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text, TODAY)
    assert names in str(caught.value)
    assert str(caught.value).endswith(".")


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_a_sentence(text: str) -> None:
    try:
        query = parse(text, TODAY)
    except QueryError:
        return
    assert all(word and not any(char.isspace() for char in word) for word in query.words)
    assert all(phrase.strip() for phrase in query.phrases)
