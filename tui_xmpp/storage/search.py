"""Full-text search over all chats: words are plain text, whatever characters they hold."""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time

from tui_xmpp.core.message import Hit
from tui_xmpp.core.query import Query
from tui_xmpp.core.value import value

from . import rows

_TERMS = 32
_TOKEN = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
# Scripts without spaces between words are one long token to the index; there the text is looked through.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
# So little of `c++` or `%` is a token that the index alone would find too much.
_TELLING = 3


@value
class _Term:
    text: str
    prefix: bool

    @property
    def tokens(self) -> list[str]:
        return [_fold(match[0]) for match in _TOKEN.finditer(self.text)]

    @property
    def indexed(self) -> bool:
        """The index can find it."""
        return bool(self.tokens) and not _UNSPACED.search(self.text)

    @property
    def literal(self) -> bool:
        """The text itself must be looked at."""
        letters = sum(len(token) for token in self.tokens)
        return not self.indexed or (letters < _TELLING and letters < len(self.text))

    @property
    def match(self) -> str:
        """The FTS5 expression: a quoted string has no operators in it."""
        quoted = '"' + self.text.replace('"', '""') + '"'
        return quoted + "*" if self.prefix else quoted


def hits(connection: sqlite3.Connection, query: Query, limit: int) -> list[Hit]:
    """The newest messages for which everything in the query holds; nothing for an empty query."""
    terms = _terms(query)
    conditions, parameters = _filters(connection, query)
    for term in terms:
        if term.literal:
            conditions.append("(m.body LIKE ? ESCAPE '\\' OR m.subject LIKE ? ESCAPE '\\')")
            parameters += [_like(term.text), _like(term.text)]
    source = "message m"
    indexed = [term.match for term in terms if term.indexed]
    if indexed:
        source = "words CROSS JOIN message m ON m.row = words.rowid"
        conditions.insert(0, "words MATCH ?")
        parameters.insert(0, " ".join(indexed))
    if not conditions:
        return []
    found = connection.execute(
        f"SELECT m.row FROM {source} WHERE {' AND '.join(conditions)} ORDER BY m.at DESC, m.row DESC LIMIT ?",
        [*parameters, limit],
    ).fetchall()
    messages = rows.messages(
        connection,
        f"SELECT {rows.MESSAGE} FROM message m JOIN chat c ON c.number = m.chat"
        " WHERE m.row IN (SELECT value FROM json_each(?)) ORDER BY m.at DESC, m.row DESC",
        (json.dumps([row for (row,) in found]),),
    )
    return [Hit(message, _marks(message.body, terms)) for message in messages]


def _terms(query: Query) -> list[_Term]:
    words = [word for word in map(_plain, query.words) if word]
    # The last word may still be half typed.
    terms = [_Term(word, prefix=at == len(words)) for at, word in enumerate(words, 1)]
    terms += [_Term(phrase, prefix=False) for phrase in map(_plain, query.phrases) if phrase]
    return terms[:_TERMS]


def _plain(text: str) -> str:
    return rows.storable(text).replace("\0", " ").strip()


def _filters(connection: sqlite3.Connection, query: Query) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    parameters: list[object] = []
    if query.sender is not None:
        if query.sender.lower() == "me":
            conditions.append("m.outgoing")
        else:
            conditions.append(
                "(m.sender LIKE ? ESCAPE '\\' OR m.nick LIKE ? ESCAPE '\\' OR m.sender IN"
                " (SELECT address FROM contact WHERE name LIKE ? ESCAPE '\\'))"
            )
            parameters += [_like(query.sender)] * 3
    if query.chat is not None:
        conditions.append("m.chat IN (SELECT value FROM json_each(?))")
        parameters.append(json.dumps(_chats(connection, query.chat)))
    if query.before is not None:
        conditions.append("m.at < ?")
        parameters.append(_midnight(query.before))
    if query.after is not None:
        conditions.append("m.at >= ?")
        parameters.append(_midnight(query.after))
    if "link" in query.has:
        conditions.append("m.has_link")
    return conditions, parameters


def _chats(connection: sqlite3.Connection, name: str) -> list[int]:
    pattern = _like(name)
    return [
        number
        for (number,) in connection.execute(
            """
            SELECT c.number FROM chat c
                LEFT JOIN contact p ON p.account = c.account AND p.address = c.address
                LEFT JOIN bookmark b ON b.account = c.account AND b.address = c.address
            WHERE c.address LIKE ?1 ESCAPE '\\' OR c.name LIKE ?1 ESCAPE '\\'
                OR p.name LIKE ?1 ESCAPE '\\' OR b.name LIKE ?1 ESCAPE '\\'
            """,
            (pattern,),
        )
    ]


def _like(text: str) -> str:
    escaped = re.sub(r"([%_\\])", r"\\\1", _plain(text))
    return f"%{escaped}%"


def _midnight(day: date) -> int:
    # A day is the user's day, not Greenwich's.
    return rows.micros(datetime.combine(day, time()).astimezone())


def _marks(body: str, terms: Iterable[_Term]) -> tuple[tuple[int, int], ...]:
    tokens = [(_fold(match[0]), match.start(), match.end()) for match in _TOKEN.finditer(body)]
    marks: list[tuple[int, int]] = []
    for term in terms:
        if term.literal:
            literal = re.compile(re.escape(term.text), re.IGNORECASE)
            marks += [match.span() for match in literal.finditer(body)]
        else:
            marks += _sequences(tokens, term)
    return _merged(marks)


def _sequences(tokens: list[tuple[str, int, int]], term: _Term) -> list[tuple[int, int]]:
    wanted = term.tokens
    found = []
    for at in range(len(tokens) - len(wanted) + 1):
        run = [token for token, _, _ in tokens[at : at + len(wanted)]]
        last = run[-1].startswith(wanted[-1]) if term.prefix else run[-1] == wanted[-1]
        if last and run[:-1] == wanted[:-1]:
            found.append((tokens[at][1], tokens[at + len(wanted) - 1][2]))
    return found


def _merged(marks: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(marks):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _fold(token: str) -> str:
    decomposed = unicodedata.normalize("NFD", token)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).lower()
