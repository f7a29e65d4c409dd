"""Turns values into database rows and back; text stays exactly as it was received."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from tui_xmpp.core.address import Address
from tui_xmpp.core.attachment import SPACE, Attachment, fact_key, unpacked
from tui_xmpp.core.chat import Chat, ChatKey, ChatKind, Notify
from tui_xmpp.core.message import Delivery, Message, MessageType, Reaction, Reply
from tui_xmpp.core.security import Protection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

MESSAGE = (
    "m.row, m.at, m.sender, m.body, m.id, m.origin_id, m.archive_id, m.nick, m.occupant_id, m.outgoing, "
    "m.type, m.subject, m.delivery, m.failure, m.protection, m.mention, m.edited, m.retracted, m.reply_id, "
    "m.reply_sender, m.reply_nick, m.reply_text, m.markable, c.account, c.address"
)
"""The columns `messages` reads, of `message m JOIN chat c`."""

_CHAT = (
    "account, address, kind, name, last_at, last_text, unread, mentions, read_at, read_row, notify, pinned, "
    "draft, open, switch"
)


def storable(text: str) -> str:
    """*text* without the lone surrogates a terminal's paste may hold: SQLite cannot take them."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def micros(at: datetime) -> int:
    """Microseconds since 1970, UTC."""
    return (at - _EPOCH) // _MICROSECOND


def moment(number: int) -> datetime:
    """The aware UTC time of `micros`."""
    return _EPOCH + timedelta(microseconds=number)


def optional_moment(number: int | None) -> datetime | None:
    """`moment`, or None for None."""
    return None if number is None else moment(number)


def optional_micros(at: datetime | None) -> int | None:
    """`micros`, or None for None."""
    return None if at is None else micros(at)


@lru_cache(8192)
def address(text: str) -> Address:
    """The address that was stored as *text*; it was prepared before it was stored."""
    rest, _, resource = text.partition("/")
    local, at, domain = rest.partition("@")
    return Address(local, domain, resource) if at else Address("", rest, resource)


def messages(connection: sqlite3.Connection, sql: str, parameters: Sequence[object]) -> list[Message]:
    """The messages a query for `MESSAGE` columns gives, with reactions and answered messages."""
    found = [_message(row) for row in connection.execute(sql, parameters)]
    if not found:
        return found
    reactions = _reactions(connection, [message.row for message in found])
    doubtful = [message.row for message in found if message.protection is Protection.ATTENTION]
    unopened = _unopened(connection, doubtful) if doubtful else ()
    files = _attachments(connection, found)
    return [
        replace(
            message,
            reactions=reactions.get(message.row, ()),
            reply=_answered(connection, message) if message.reply else None,
            unopened=message.row in unopened,
            attachment=files.get(message.row),
        )
        if message.reply or message.row in reactions or message.row in unopened or message.row in files
        else message
        for message in found
    ]


def message_at(connection: sqlite3.Connection, row: int) -> Message:
    """The message with a row that is known to exist."""
    return messages(
        connection,
        f"SELECT {MESSAGE} FROM message m JOIN chat c ON c.number = m.chat WHERE m.row = ?",
        (row,),
    )[0]


def named(connection: sqlite3.Connection, chat: ChatKey, id: str) -> list[int]:
    """Rows of the messages an id names, the likeliest first.

    In rooms the id the room gave comes first: nobody but the room can choose it (XEP-0359 §5).
    """
    if not id:
        return []
    found = connection.execute(
        """
            WITH k (chat) AS (SELECT number FROM chat WHERE account = ?1 AND address = ?2)
            SELECT row, 1 AS rank FROM message, k
                WHERE message.chat = k.chat AND archive_id = ?3 AND archive_id <> '' AND type = 'groupchat'
            UNION SELECT row, 0 FROM message, k WHERE message.chat = k.chat AND id = ?3 AND id <> ''
            UNION SELECT row, 0 FROM message, k
                WHERE message.chat = k.chat AND origin_id = ?3 AND origin_id <> ''
            ORDER BY rank DESC, row DESC
            """,
        (str(chat.account), str(chat.address), id),
    )
    return list(dict.fromkeys(row for row, _ in found))


def message_values(message: Message) -> dict[str, object]:
    """The columns of a new message, but its row, chat and `has_link`."""
    reply = message.reply
    return {
        "at": micros(message.at),
        "sender": str(message.sender),
        "body": storable(message.body),
        "id": message.id,
        "origin_id": message.origin_id,
        "archive_id": message.archive_id,
        "nick": message.nick,
        "occupant_id": message.occupant_id,
        "outgoing": message.outgoing,
        "type": message.type.value,
        "subject": storable(message.subject),
        "delivery": int(message.delivery),
        "failure": message.failure,
        "protection": message.protection.value,
        "mention": message.mention,
        "edited": message.edited,
        "retracted": message.retracted,
        "reply_id": reply.id if reply else None,
        "reply_sender": str(reply.sender) if reply and reply.sender else None,
        "reply_nick": reply.nick if reply else None,
        "reply_text": reply.text if reply else None,
        "markable": message.markable,
    }


def _message(row: tuple[Any, ...]) -> Message:
    reply = None
    if row[18] is not None:
        reply = Reply(row[18], address(row[19]) if row[19] else None, row[20], row[21])
    return Message(
        chat=ChatKey(address(row[23]), address(row[24])),
        at=moment(row[1]),
        sender=address(row[2]),
        body=row[3],
        row=row[0],
        id=row[4],
        origin_id=row[5],
        archive_id=row[6],
        nick=row[7],
        occupant_id=row[8],
        outgoing=bool(row[9]),
        type=MessageType(row[10]),
        subject=row[11],
        delivery=Delivery(row[12]),
        failure=row[13],
        protection=Protection(row[14]),
        mention=bool(row[15]),
        edited=bool(row[16]),
        retracted=row[17],
        reply=reply,
        markable=bool(row[22]),
    )


def _unopened(connection: sqlite3.Connection, rows: Sequence[int]) -> set[int]:
    """Return those whose seal is still kept, because it could not be opened."""
    sql = "SELECT message FROM sealed WHERE message IN (SELECT value FROM json_each(?))"
    return {row for (row,) in connection.execute(sql, (json.dumps(rows),))}


def _attachments(connection: sqlite3.Connection, found: Sequence[Message]) -> dict[int, Attachment]:
    """Return what was said of files with some messages, by row."""
    rows = {fact_key(message.chat.account, message.row): message.row for message in found}
    sql = "SELECT key, value FROM fact WHERE space = ? AND key IN (SELECT value FROM json_each(?))"
    told = connection.execute(sql, (SPACE, json.dumps(list(rows))))
    return {rows[key]: one for key, text in told if (one := unpacked(text)) is not None}


def _answered(connection: sqlite3.Connection, message: Message) -> Reply | None:
    reply = message.reply
    if reply is None:
        return None
    rows = [row for row in named(connection, message.chat, reply.id) if row != message.row]
    if not rows:
        return reply
    row, sender, nick, body = connection.execute(
        "SELECT row, sender, nick, body FROM message WHERE row = ?", (rows[0],)
    ).fetchone()
    return Reply(reply.id, address(sender), nick, first_line(body), row)


def first_line(body: str) -> str:
    """The first line of a body, of at most 200 characters."""
    return body.partition("\n")[0][:200]


def _reactions(connection: sqlite3.Connection, rows: Sequence[int]) -> dict[int, tuple[Reaction, ...]]:
    found: dict[int, tuple[Reaction, ...]] = {}
    for row, sender, nick, emojis, own in connection.execute(
        "SELECT message, sender, nick, emojis, own FROM reaction"
        " WHERE message IN (SELECT value FROM json_each(?)) ORDER BY message, own DESC, sender",
        (json.dumps(rows),),
    ):
        reaction = Reaction(address(sender), nick, tuple(json.loads(emojis)), bool(own))
        found[row] = (*found.get(row, ()), reaction)
    return found


# --- chats ----------------------------------------------------------------------------------------


def chat_number(connection: sqlite3.Connection, key: ChatKey) -> int | None:
    """The number of a chat in the database; None: not remembered."""
    row = connection.execute(
        "SELECT number FROM chat WHERE account = ? AND address = ?", (str(key.account), str(key.address))
    ).fetchone()
    return row[0] if row else None


def chats(connection: sqlite3.Connection) -> list[Chat]:
    """Every chat."""
    return [_chat(row) for row in connection.execute(f"SELECT {_CHAT} FROM chat ORDER BY number")]


def chat(connection: sqlite3.Connection, number: int) -> Chat:
    """The chat with a number that is known to exist."""
    return _chat(connection.execute(f"SELECT {_CHAT} FROM chat WHERE number = ?", (number,)).fetchone())


def put_chat(connection: sqlite3.Connection, chat: Chat) -> int:
    """Add or replace a chat; returns its number in the database."""
    number: int = connection.execute(
        f"INSERT INTO chat ({_CHAT}) VALUES ({', '.join('?' * 15)})"
        " ON CONFLICT (account, address) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in _CHAT.split(", ")[2:])
        + " RETURNING number",
        (
            str(chat.key.account),
            str(chat.key.address),
            chat.kind.value,
            storable(chat.name),
            optional_micros(chat.last_at),
            storable(chat.last_text),
            chat.unread,
            chat.mentions,
            optional_micros(chat.read_at),
            chat.read_row,
            chat.notify.value,
            chat.pinned,
            storable(chat.draft),
            chat.open,
            chat.number,
        ),
    ).fetchone()[0]
    return number


def _chat(row: tuple[Any, ...]) -> Chat:
    return Chat(
        key=ChatKey(address(row[0]), address(row[1])),
        kind=ChatKind(row[2]),
        name=row[3],
        last_at=optional_moment(row[4]),
        last_text=row[5],
        unread=row[6],
        mentions=row[7],
        read_at=optional_moment(row[8]),
        read_row=row[9],
        notify=Notify(row[10]),
        pinned=bool(row[11]),
        draft=row[12],
        open=bool(row[13]),
        number=row[14],
    )
