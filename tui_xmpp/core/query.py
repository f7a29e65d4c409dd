"""The grammar of a search: words, "phrases" and filters such as `from:` and `before:`."""

from __future__ import annotations

import re
from dataclasses import field
from datetime import date, timedelta

from .value import value

FILTERS = ("from", "in", "before", "after", "has")
HAS = ("link",)

_PART = re.compile(
    r'(?:(?P<key>from|in|before|after|has):)?(?:"(?P<quoted>[^"]*)"?|(?P<bare>\S*))', re.IGNORECASE
)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", re.ASCII)


class QueryError(ValueError):
    """A filter is not valid; the message is a sentence for the user."""


@value
class Query:
    """What to search for; all of it must hold.

    *before* leaves out that day and later ones, *after* keeps that day and later ones. Words may hold any
    character: who searches quotes them.
    """

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    sender: str | None = None
    chat: str | None = None
    before: date | None = None
    after: date | None = None
    has: frozenset[str] = field(default_factory=frozenset)


def parse(text: str, today: date) -> Query:
    """Return the query in *text*; raises QueryError.

    A date is YYYY-MM-DD, YYYY-MM or YYYY (its first day), `today` or `yesterday` as seen from *today*.
    """
    words: list[str] = []
    phrases: list[str] = []
    filters: dict[str, str] = {}
    has: set[str] = set()
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None or match.end() == position:
            position += 1
            continue
        position = match.end()
        key = (match["key"] or "").lower()
        value = (match["bare"] if match["quoted"] is None else match["quoted"]).strip()
        if key and not value:
            raise QueryError(f"Write something after {key}:.")
        if key == "has":
            has.add(_has(value))
        elif key in filters:
            raise QueryError(f"Use {key}: only once.")
        elif key:
            filters[key] = value
        elif match["quoted"] is None:
            words.append(value)
        elif value:
            phrases.append(value)
    before = _day("before", filters, today)
    after = _day("after", filters, today)
    if before and after and before <= after:
        raise QueryError("No day lies between after: and before:. Give before: a later date.")
    return Query(
        tuple(words), tuple(phrases), filters.get("from"), filters.get("in"), before, after, frozenset(has)
    )


def _has(value: str) -> str:
    if value.lower() not in HAS:
        raise QueryError(f"After has: write one of: {', '.join(HAS)}.")
    return value.lower()


def _day(key: str, filters: dict[str, str], today: date) -> date | None:
    value = filters.get(key)
    if value is None:
        return None
    if value.lower() == "today":
        return today
    if value.lower() == "yesterday":
        return today - timedelta(days=1)
    match = _DATE.fullmatch(value)
    try:
        if match is None:
            raise ValueError
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        raise QueryError(
            f"After {key}: write today, yesterday or a date: {today:%Y-%m-%d}, {today:%Y-%m} or {today:%Y}."
        ) from None
