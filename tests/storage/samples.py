"""Messages as a session would hand them over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Delivery, Message, MessageType

ME = Address.parse("me@example.org")
AVA = Address.parse("ava@example.org")
ROOM = Address.parse("tea@rooms.example.org")
CHAT = ChatKey(ME, AVA)
ROOM_CHAT = ChatKey(ME, ROOM)
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def incoming(body: str = "hello", minute: float = 0, **fields: Any) -> Message:
    return Message(**{"chat": CHAT, "at": at(minute), "sender": AVA, "body": body} | fields)


def outgoing(body: str = "hello", minute: float = 0, **fields: Any) -> Message:
    return Message(
        **{
            "chat": CHAT,
            "at": at(minute),
            "sender": ME,
            "body": body,
            "outgoing": True,
            "delivery": Delivery.QUEUED,
        }
        | fields
    )


def in_room(body: str = "hello", minute: float = 0, nick: str = "bo", **fields: Any) -> Message:
    return Message(
        **{
            "chat": ROOM_CHAT,
            "at": at(minute),
            "sender": ROOM.with_resource(nick),
            "nick": nick,
            "body": body,
            "type": MessageType.GROUPCHAT,
        }
        | fields
    )
