"""Puts messages into the database: the place where live copies and archive copies of one message meet."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from tui_xmpp.core.chat import Chat, ChatKey, ChatKind
from tui_xmpp.core.message import Delivery, Message, MessageType
from tui_xmpp.core.world import counted

from . import amendments, rows
from .delivery import outranks
from .links import has_link

_COPIES_WITHIN = 86_400_000_000
"""Microseconds between the stamps of two copies of a message that have only the sender's id in common."""


def keep(connection: sqlite3.Connection, message: Message) -> tuple[Message, bool]:
    """Store a message, or complete the copy that is there; as `Archive.keep`.

    A new one is counted in its chat in the same transaction, as `World` counts it.
    """
    number = rows.chat_number(connection, message.chat)
    if number is None:
        number = rows.put_chat(connection, Chat(message.chat, _kind(message)))
    row = _copy_of(connection, number, message)
    if row is not None:
        return _complete(connection, number, row, message), False
    values = rows.message_values(message)
    inserted = connection.execute(
        f"INSERT INTO message (chat, has_link, {', '.join(values)})"
        f" VALUES (?, ?, {', '.join('?' * len(values))})",
        (number, has_link(message.body), *values.values()),
    )
    new_row = inserted.lastrowid or 0
    for reaction in message.reactions:
        amendments.react(connection, new_row, amendments.reaction(message.id, reaction))
    kept = rows.message_at(connection, new_row)
    if amendments.apply_waiting(connection, number, kept):
        kept = rows.message_at(connection, kept.row)
    rows.put_chat(connection, counted(rows.chat(connection, number), kept))
    return kept, True


def set_delivery(
    connection: sqlite3.Connection, chat: ChatKey, id: str, delivery: Delivery, failure: str, *, up_to: bool
) -> list[Message]:
    """Raise the delivery of an own message, with *up_to* of those before it; as `Archive.set_delivery`."""
    own = (rows.message_at(connection, row) for row in rows.named(connection, chat, id))
    target = next((message for message in own if message.outgoing), None)
    if target is None:
        return []
    changing = [(target.row, target.delivery)]
    if up_to:
        # What may not have arrived cannot have been displayed: the target is then of another device of ours.
        # What was refused stays refused.
        changing[:0] = [
            (row, Delivery(before))
            for row, before in connection.execute(
                "SELECT row, delivery FROM message WHERE chat = ? AND (at, row) < (?, ?)"
                " AND delivery BETWEEN 2 AND 4 AND delivery <> 2 AND outgoing ORDER BY at, row",
                (rows.chat_number(connection, chat), rows.micros(target.at), target.row),
            )
        ]
    changed = [row for row, before in changing if outranks(delivery, before)]
    _write_delivery(connection, changed, delivery, failure)
    return [rows.message_at(connection, row) for row in changed]


def set_archive_id(
    connection: sqlite3.Connection, chat: ChatKey, id: str, archive_id: str, at: int | None
) -> Message | None:
    """An own message has been seen in an archive: it is taken, and stands where the server put it."""
    for row in rows.named(connection, chat, id):
        message = rows.message_at(connection, row)
        if message.outgoing:
            _take(connection, message, archive_id, at)
            number = rows.chat_number(connection, chat)
            if number is not None:
                amendments.apply_waiting(connection, number, rows.message_at(connection, row))
            return rows.message_at(connection, row)
    return None


def postpone(connection: sqlite3.Connection, chat: ChatKey, id: str, at: int) -> Message | None:
    """An own message leaves only now; as `Archive.postpone`."""
    for row in rows.named(connection, chat, id):
        message = rows.message_at(connection, row)
        if message.outgoing and not message.archive_id:
            connection.execute("UPDATE message SET at = ? WHERE row = ?", (at, row))
            return rows.message_at(connection, row)
    return None


def _kind(message: Message) -> ChatKind:
    if message.type is MessageType.GROUPCHAT:
        return ChatKind.ROOM
    return ChatKind.PRIVATE if message.chat.address.resource else ChatKind.CONTACT


def _copy_of(connection: sqlite3.Connection, number: int, message: Message) -> int | None:
    """The row of the message that *message* is another copy of."""
    if message.archive_id:
        row = connection.execute(
            "SELECT row FROM message WHERE chat = ? AND archive_id = ? AND archive_id <> ''",
            (number, message.archive_id),
        ).fetchone()
        if row:
            return _row(row)
    if message.outgoing:
        return _own_copy(connection, number, message)
    if not message.id:
        return None
    for row, at, archive_id, occupant_id, retracted, body in connection.execute(
        "SELECT row, at, archive_id, occupant_id, retracted,"
        " ifnull((SELECT body FROM revision WHERE message = row ORDER BY number LIMIT 1), body)"
        " FROM message WHERE chat = ? AND id = ? AND id <> '' AND sender = ?"
        " AND NOT outgoing AND type = ? ORDER BY row DESC",
        (number, message.id, str(message.sender), message.type.value),
    ).fetchall():
        # Some programs use an id again: another text is another message, unless the text is gone; and so is
        # the same text on another day.
        if abs(at - rows.micros(message.at)) > _COPIES_WITHIN:
            continue
        is_counted_twice = archive_id and message.archive_id and archive_id != message.archive_id
        if body != message.body and (is_counted_twice or not retracted):
            continue
        # A nick may change hands (XEP-0421 §1).
        if occupant_id and message.occupant_id and occupant_id != message.occupant_id:
            continue
        return int(row)
    return None


def _own_copy(connection: sqlite3.Connection, number: int, message: Message) -> int | None:
    for column, id in (
        ("origin_id", message.origin_id),
        ("id", message.id),
        ("id", message.origin_id),
        ("origin_id", message.id),
    ):
        row = (
            id
            and connection.execute(
                f"SELECT row FROM message WHERE chat = ? AND {column} = ? AND {column} <> '' AND outgoing",
                (number, id),
            ).fetchone()
        )
        if row:
            return _row(row)
    return None


def _row(found: tuple[int]) -> int:
    return found[0]


def _complete(connection: sqlite3.Connection, number: int, row: int, copy: Message) -> Message:
    known = rows.message_at(connection, row)
    if known.outgoing and copy.archive_id and not known.archive_id:
        _take(connection, known, copy.archive_id, rows.micros(copy.at))
        known = rows.message_at(connection, row)
    if known.outgoing and copy.delivery is not Delivery.QUEUED and outranks(copy.delivery, known.delivery):
        _write_delivery(connection, [row], copy.delivery, copy.failure)
    fields = [
        (name, getattr(copy, name))
        for name in ("id", "origin_id", "archive_id", "occupant_id", "nick")
        if getattr(copy, name) and not getattr(known, name)
    ]
    for name, value in fields:
        connection.execute(f"UPDATE message SET {name} = ? WHERE row = ?", (value, row))
    known = rows.message_at(connection, row)
    if amendments.apply_waiting(connection, number, known):
        return rows.message_at(connection, row)
    return known


def _take(connection: sqlite3.Connection, message: Message, archive_id: str, at: int | None) -> None:
    connection.execute(
        "UPDATE message SET archive_id = ?, at = ifnull(?, at) WHERE row = ? AND archive_id = ''",
        (archive_id, at, message.row),
    )
    if outranks(Delivery.TAKEN, message.delivery):
        _write_delivery(connection, [message.row], Delivery.TAKEN, "")


def _write_delivery(
    connection: sqlite3.Connection, changed: Iterable[int], delivery: Delivery, failure: str
) -> None:
    connection.executemany(
        "UPDATE message SET delivery = ?, failure = ? WHERE row = ?",
        [(int(delivery), failure if delivery is Delivery.FAILED else "", row) for row in changed],
    )
