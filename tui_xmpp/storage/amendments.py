"""Corrections, retractions and reactions: who may make them, and those that come before their message."""

from __future__ import annotations

import json
import sqlite3
from enum import Enum

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Message, MessageType, Reaction
from tui_xmpp.core.value import value

from . import rows
from .links import has_link

# A stranger who corrects messages that never come must not fill the disk.
_WAITING_PER_CHAT = 1000


class Kind(Enum):
    """What an amendment does."""

    CORRECT = "correct"
    RETRACT = "retract"
    REACT = "react"


@value
class Amendment:
    """One change to a message, by its id."""

    kind: Kind
    id: str
    sender: Address
    occupant_id: str
    own: bool
    value: str
    """The new body, who took the message back, or the emojis as JSON."""
    nick: str = ""


def reaction(id: str, reaction: Reaction) -> Amendment:
    """The amendment for one person's reactions."""
    emojis = json.dumps(list(dict.fromkeys(reaction.emojis)))
    return Amendment(Kind.REACT, id, reaction.sender, "", reaction.own, emojis, reaction.nick)


def amend(connection: sqlite3.Connection, chat: ChatKey, number: int, amendment: Amendment) -> Message | None:
    """Apply an amendment; returns the changed message.

    When no message has the id yet it waits for it. None also when it is not the sender's to change.
    """
    named = rows.named(connection, chat, amendment.id)
    if not named:
        _wait(connection, number, amendment)
        return None
    for row in named:
        message = rows.message_at(connection, row)
        if _apply(connection, message, amendment):
            return rows.message_at(connection, row)
    return None


def uncorrect(connection: sqlite3.Connection, chat: ChatKey, id: str, body: str) -> Message | None:
    """Take an own correction away again: the newest one, or one that others followed."""
    for row in rows.named(connection, chat, id):
        message = rows.message_at(connection, row)
        former = connection.execute(
            "SELECT number, body FROM revision WHERE message = ? ORDER BY number", (row,)
        ).fetchall()
        if not message.outgoing or not former:
            continue
        if message.body == body:
            gone, text = former[-1]
            connection.execute(
                "UPDATE message SET body = ?, has_link = ? WHERE row = ?", (text, has_link(text), row)
            )
        else:
            # The first one is no correction.
            gone = next((number for number, text in reversed(former[1:]) if text == body), None)
        if gone is None:
            continue
        connection.execute("DELETE FROM revision WHERE number = ?", (gone,))
        connection.execute("UPDATE message SET edited = ? WHERE row = ?", (len(former) > 1, row))
        return rows.message_at(connection, row)
    return None


def apply_waiting(connection: sqlite3.Connection, number: int, message: Message) -> bool:
    """Apply what came before *message*, which was just kept; returns whether something did."""
    ids = {message.id, message.origin_id}
    if message.type is MessageType.GROUPCHAT:
        ids.add(message.archive_id)
    waiting = connection.execute(
        "SELECT number, kind, target, sender, occupant_id, own, value, nick FROM amendment"
        " WHERE chat = ? AND target IN (SELECT value FROM json_each(?)) ORDER BY number",
        (number, json.dumps(sorted(ids - {""}))),
    ).fetchall()
    applied = False
    for one in waiting:
        amendment = Amendment(
            Kind(one[1]), one[2], rows.address(one[3]), one[4], bool(one[5]), one[6], one[7]
        )
        if _apply(connection, rows.message_at(connection, message.row), amendment):
            connection.execute("DELETE FROM amendment WHERE number = ?", (one[0],))
            applied = True
    return applied


def _apply(connection: sqlite3.Connection, message: Message, amendment: Amendment) -> bool:
    if message.retracted:
        return False
    if amendment.kind is Kind.REACT:
        react(connection, message.row, amendment)
        return True
    if not _wrote(message, amendment):
        return False
    if amendment.kind is Kind.CORRECT:
        _correct(connection, message, amendment.value)
    else:
        _retract(connection, message.row, amendment.value or str(amendment.sender))
    return True


def _wrote(message: Message, amendment: Amendment) -> bool:
    if amendment.own or message.outgoing:
        return amendment.own and message.outgoing
    # XEP-0308 §5: in rooms the occupant id settles it where there is one; a nick may change hands.
    if message.occupant_id and amendment.occupant_id:
        return message.occupant_id == amendment.occupant_id
    if message.type is MessageType.GROUPCHAT or message.chat.address.resource:
        return message.sender == amendment.sender
    return message.sender.bare == amendment.sender.bare


def _correct(connection: sqlite3.Connection, message: Message, body: str) -> None:
    if message.body == body:
        return
    connection.execute("INSERT INTO revision (message, body) VALUES (?, ?)", (message.row, message.body))
    connection.execute(
        "UPDATE message SET body = ?, edited = 1, has_link = ? WHERE row = ?",
        (body, has_link(body), message.row),
    )


def _retract(connection: sqlite3.Connection, row: int, by: str) -> None:
    connection.execute(
        "UPDATE message SET body = '', subject = '', retracted = ?, has_link = 0 WHERE row = ?", (by, row)
    )
    connection.execute("DELETE FROM revision WHERE message = ?", (row,))
    connection.execute("DELETE FROM reaction WHERE message = ?", (row,))


def react(connection: sqlite3.Connection, row: int, amendment: Amendment) -> None:
    """Replace one person's reactions to the message of a row."""
    # XEP-0444 §3.2: the new set replaces the old one; an empty set takes all reactions back.
    if amendment.value == "[]":
        connection.execute(
            "DELETE FROM reaction WHERE message = ? AND sender = ?", (row, str(amendment.sender))
        )
        return
    connection.execute(
        "INSERT OR REPLACE INTO reaction (message, sender, nick, emojis, own) VALUES (?, ?, ?, ?, ?)",
        (row, str(amendment.sender), amendment.nick, amendment.value, amendment.own),
    )


def _wait(connection: sqlite3.Connection, number: int, amendment: Amendment) -> None:
    if not amendment.id:
        return
    connection.execute(
        "INSERT OR REPLACE INTO amendment (chat, target, kind, sender, occupant_id, own, nick, value)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            amendment.id,
            amendment.kind.value,
            str(amendment.sender),
            amendment.occupant_id,
            amendment.own,
            amendment.nick,
            amendment.value,
        ),
    )
    connection.execute(
        "DELETE FROM amendment WHERE number IN (SELECT number FROM amendment WHERE chat = ?"
        " ORDER BY number DESC LIMIT -1 OFFSET ?)",
        (number, _WAITING_PER_CHAT),
    )
