"""Holes in a chat's history, and how far each archive of a server has been read."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Gap

from . import rows


def touching(connection: sqlite3.Connection, chat: int, first: int | None, last: int | None) -> list[Gap]:
    """The gaps inside or touching a run of a chat; *first* and *last* are microseconds, None: all."""
    if first is None or last is None:
        return _select(connection, "g.chat = ?", (chat,))
    return _select(
        connection,
        "g.chat = ? AND ifnull(g.after_at <= ?, 1) AND ifnull(g.before_at >= ?, 1)",
        (chat, last, first),
    )


def by_number(connection: sqlite3.Connection, number: int) -> Gap | None:
    """One gap."""
    found = _select(connection, "g.number = ?", (number,))
    return found[0] if found else None


def add(connection: sqlite3.Connection, chat: int, gap: Gap) -> Gap:
    """Note a gap; one of the chat that begins at the same place is replaced and gives its number."""
    after_at, after_id, before_at, before_id = _ends(gap)
    known = connection.execute(
        "SELECT number FROM gap WHERE chat = ? AND after_at IS ? AND after_id = ?", (chat, after_at, after_id)
    ).fetchone()
    if known:
        connection.execute(
            "UPDATE gap SET before_at = ?, before_id = ? WHERE number = ?", (before_at, before_id, known[0])
        )
        return replace(gap, number=known[0])
    number = connection.execute(
        "INSERT INTO gap (chat, after_at, after_id, before_at, before_id) VALUES (?, ?, ?, ?, ?)",
        (chat, after_at, after_id, before_at, before_id),
    ).lastrowid
    return replace(gap, number=number or 0)


def shrink(connection: sqlite3.Connection, number: int, rest: Gap | None) -> None:
    """Leave *rest* of a gap, under the same number; None: it is filled."""
    if rest is None:
        connection.execute("DELETE FROM gap WHERE number = ?", (number,))
        return
    connection.execute(
        "UPDATE gap SET after_at = ?, after_id = ?, before_at = ?, before_id = ? WHERE number = ?",
        (*_ends(rest), number),
    )


def head(
    connection: sqlite3.Connection, account: Address, chat: ChatKey | None
) -> tuple[str, datetime] | None:
    """The newest id of an archive up to which everything is kept or noted as a gap."""
    row = connection.execute(
        "SELECT archive_id, at FROM archive_head WHERE account = ? AND room = ?", (str(account), _room(chat))
    ).fetchone()
    return (row[0], rows.moment(row[1])) if row else None


def set_head(
    connection: sqlite3.Connection, account: Address, archive_id: str, at: datetime, chat: ChatKey | None
) -> None:
    """Remember that id."""
    connection.execute(
        "INSERT OR REPLACE INTO archive_head (account, room, archive_id, at) VALUES (?, ?, ?, ?)",
        (str(account), _room(chat), archive_id, rows.micros(at)),
    )


def _select(connection: sqlite3.Connection, where: str, parameters: Sequence[object]) -> list[Gap]:
    found = connection.execute(
        "SELECT g.number, c.account, c.address, g.after_at, g.after_id, g.before_at, g.before_id"
        f" FROM gap g JOIN chat c ON c.number = g.chat WHERE {where} ORDER BY g.after_at, g.number",
        parameters,
    )
    return [
        Gap(
            number,
            ChatKey(rows.address(account), rows.address(address)),
            rows.optional_moment(after_at),
            after_id,
            rows.optional_moment(before_at),
            before_id,
        )
        for number, account, address, after_at, after_id, before_at, before_id in found
    ]


def _ends(gap: Gap) -> tuple[int | None, str, int | None, str]:
    return rows.optional_micros(gap.after), gap.after_id, rows.optional_micros(gap.before), gap.before_id


def _room(chat: ChatKey | None) -> str:
    return "" if chat is None else str(chat.address)
