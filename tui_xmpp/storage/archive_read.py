"""Reads the past from the database: pages, single messages, chats and search, from any thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from tui_xmpp.core.chat import Chat, ChatKey
from tui_xmpp.core.message import Hit, Message, Page, Place
from tui_xmpp.core.query import Query

from . import gaps, rows
from .database import Database

_Point = tuple[int, int]
"""A `Place` as columns."""


class SqliteArchiveReader:
    """`core.ports.ArchiveReader` on a database."""

    def __init__(self, database: Database) -> None:
        """Read *database*, which the caller closes."""
        self._database = database

    def page(
        self, chat: ChatKey, *, before: Place | None = None, after: Place | None = None, limit: int = 100
    ) -> Page:
        """As `ArchiveReader.page`; a page takes the same time at any depth."""
        with self._database.reading() as connection:
            number = rows.chat_number(connection, chat)
            if number is None:
                return Page((), (), True, True)
            low, high = _point(after) if after else None, _point(before) if before else None
            found = _run(connection, number, low, high, limit, newest=after is None)
            return _page(connection, number, found, low, high)

    def around(self, chat: ChatKey, place: Place, limit: int = 100) -> Page:
        """As `ArchiveReader.around`; near an end of the chat the page is filled from the other side."""
        with self._database.reading() as connection:
            number = rows.chat_number(connection, chat)
            if number is None:
                return Page((), (), True, True)
            point = _point(place)
            older = _run(connection, number, None, point, limit, newest=True)
            newer = _run(connection, number, (point[0], point[1] - 1), None, limit, newest=False)
            count = min(len(older), max(limit // 2, limit - len(newer)))
            found = [*older[len(older) - count :], *newer[: limit - count]]
            return _page(connection, number, found, None, None)

    def message(self, chat: ChatKey, row: int) -> Message | None:
        """As `ArchiveReader.message`."""
        with self._database.reading() as connection:
            found = rows.messages(
                connection,
                f"SELECT {rows.MESSAGE} FROM message m JOIN chat c ON c.number = m.chat"
                " WHERE m.row = ? AND c.account = ? AND c.address = ?",
                (row, str(chat.account), str(chat.address)),
            )
            return found[0] if found else None

    def search(self, query: Query, *, limit: int = 100) -> Sequence[Hit]:
        """As `ArchiveReader.search`."""
        with self._database.reading() as connection:
            # Its patterns take longer to compile than the database to open.
            from . import search

            return search.hits(connection, query, limit)

    def chats(self) -> Sequence[Chat]:
        """As `ArchiveReader.chats`; looks at no message."""
        with self._database.reading() as connection:
            return rows.chats(connection)

    def find(self, chat: ChatKey, id: str) -> Message | None:
        """As `Archive.find`."""
        with self._database.reading() as connection:
            named = rows.named(connection, chat, id)
            return rows.message_at(connection, named[0]) if named else None


def _point(place: Place) -> _Point:
    return rows.micros(place.at), place.row


def _run(
    connection: sqlite3.Connection,
    chat: int,
    low: _Point | None,
    high: _Point | None,
    limit: int,
    *,
    newest: bool,
) -> list[Message]:
    conditions, parameters = ["m.chat = ?"], [chat]
    if low is not None:
        conditions.append("(m.at, m.row) > (?, ?)")
        parameters.extend(low)
    if high is not None:
        conditions.append("(m.at, m.row) < (?, ?)")
        parameters.extend(high)
    order = "DESC" if newest else "ASC"
    found = rows.messages(
        connection,
        # CROSS JOIN keeps the order of the tables: the index gives the rows in order, nothing is sorted.
        f"SELECT {rows.MESSAGE} FROM message m CROSS JOIN chat c ON c.number = m.chat"
        f" WHERE {' AND '.join(conditions)} ORDER BY m.at {order}, m.row {order} LIMIT ?",
        [*parameters, limit],
    )
    return found[::-1] if newest else found


def _page(
    connection: sqlite3.Connection,
    chat: int,
    found: Sequence[Message],
    low: _Point | None,
    high: _Point | None,
) -> Page:
    first = _point(found[0].place) if found else None
    last = _point(found[-1].place) if found else None
    if found:
        at_start = not _any(connection, chat, "<", first)
        at_end = not _any(connection, chat, ">", last)
    else:
        at_start = low is None or not _any(connection, chat, "<=", low)
        at_end = high is None or not _any(connection, chat, ">=", high)
        first, last = low or high, high or low
    touching = gaps.touching(connection, chat, first and first[0], last and last[0])
    return Page(tuple(found), tuple(touching), at_start, at_end)


def _any(connection: sqlite3.Connection, chat: int, sign: str, point: _Point | None) -> bool:
    if point is None:
        return False
    return bool(
        connection.execute(
            f"SELECT EXISTS (SELECT 1 FROM message WHERE chat = ? AND (at, row) {sign} (?, ?))",
            (chat, *point),
        ).fetchone()[0]
    )
