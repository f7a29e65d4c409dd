"""Events and messages as lines: JSON for programs, one readable line for people.

Every JSON object has these keys, null where they do not apply:

- `type`: what happened, one of the words below
- `account`: the account it happened to
- `chat`: the contact's or room's address (room/nick: a private chat with an occupant)
- `from`: the writer's address; in rooms room/nick
- `body`: the text, as it was received
- `id`: the message id
- `time`: UTC, ISO 8601; of a message when it was sent, else when it was seen here
- `delivery`: of a message: `incoming`, `queued`, `written`, `taken`, `delivered`, `read` or `failed`

`message`: a message was received, sent or fetched. It adds `kind` (the type attribute of RFC 6121 §5.2.2),
`nick`, `subject`, `mention`, `old` (fetched history), `protection`, `reply_to` (an id), `failure`, `edited`,
`retracted` and `reactions` (address → list). `delivery`: how far an own message has come; `changed`: one was
corrected, retracted or reacted to; both with the keys of `message`.
`connection`: adds `state` and `reason`. `presence`: adds `show`, `status`, `resource`.
`typing`: adds `state`. `subscription`: somebody asks to see our presence.
`room`: adds `state`, `reason`, `subject`, `nick`, null where unchanged. `occupant`: `from` is room/nick; adds
`show`, `status`, `role`, `affiliation`, `joined`, `left`, `reason`. `invitation`: `chat` is the room.
`password`, `room-password`: the program waits for one. `notice`: adds `level`.

New keys and new types may come; these keep their meaning.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..core import events as ev
from ..core.address import Address
from ..core.chat import ChatKey
from ..core.contact import Show
from ..core.message import Delivery, Message
from ..core.text import clean_line

Record = dict[str, Any]

_REMEMBERED = 2000


class EventRecords:
    """Turns events into records, and tells a delivery apart from other changes by what it has seen."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._deliveries: OrderedDict[tuple[ChatKey, int], Delivery] = OrderedDict()

    def record(self, event: ev.Event) -> Record | None:
        """The record of one event; None for those that are only for a screen."""
        if isinstance(event, ev.MessageKept):
            self._moved(event.message)
            return message_record(event.message, old=event.old)
        if isinstance(event, ev.MessageChanged):
            moved = self._moved(event.message)
            return message_record(event.message, "delivery" if moved else "changed", old=False)
        describe = _DESCRIBED.get(type(event))
        if describe is None:
            return None
        return _record(time=self._now(), **describe(event))

    def _moved(self, message: Message) -> bool:
        key = (message.chat, message.row)
        before = self._deliveries.pop(key, None)
        self._deliveries[key] = message.delivery
        if len(self._deliveries) > _REMEMBERED:
            self._deliveries.popitem(last=False)
        if before is None:
            return message.outgoing and not (message.edited or message.retracted or message.reactions)
        return before is not message.delivery


def message_record(message: Message, type: str = "message", *, old: bool = True) -> Record:
    """The record of one message; `old`: fetched or remembered, not just arrived."""
    return _record(
        type=type,
        account=message.chat.account,
        chat=message.chat.address,
        sender=message.sender,
        body=message.body,
        id=message.id,
        time=message.at,
        delivery=message.delivery.name.lower(),
        kind=message.type.value,
        nick=message.nick,
        subject=message.subject,
        mention=message.mention,
        old=old,
        protection=message.protection.value,
        reply_to=message.reply.id if message.reply else None,
        failure=message.failure,
        edited=message.edited,
        retracted=message.retracted,
        reactions={str(reaction.sender): list(reaction.emojis) for reaction in message.reactions},
    )


def json_line(record: Mapping[str, Any]) -> str:
    """One line of ASCII: nothing a stranger wrote can reach a terminal as anything but text."""
    return json.dumps(record, ensure_ascii=True, separators=(",", ":"))


def readable_line(record: Mapping[str, Any]) -> str:
    """The record for a person: local time, who, and what; safe to show on a terminal."""
    at = datetime.fromisoformat(record["time"]).astimezone()
    who = record.get("nick") or record["from"] or record["chat"] or record["account"] or ""
    parts = [f"{at:%Y-%m-%d %H:%M:%S}"]
    if record["type"] != "message":
        parts.append(f"[{record['type']}]")
    if record["chat"] and record["chat"] not in (who, record["from"]):
        parts.append(clean_line(f"{record['chat']}:"))
    parts.append(clean_line(str(who)))
    said = [
        record.get("state"),
        record.get("show"),
        _delivery_word(record),
        record.get("reason"),
        record.get("status"),
        record.get("failure"),
        f"taken back by {record['retracted']}" if record.get("retracted") else "",
        f"subject: {record['subject']}" if record.get("subject") else "",
        record["body"],
    ]
    line = " · ".join(clean_line(str(word), max_chars=2000) for word in said if word)
    return f"{' '.join(parts)}  {line}" if line else " ".join(parts)


def _delivery_word(record: Mapping[str, Any]) -> str:
    return str(record["delivery"]) if record["type"] == "delivery" else ""


def _record(
    *,
    type: str,
    time: datetime,
    account: Address | None = None,
    chat: Address | None = None,
    sender: Address | None = None,
    body: str | None = None,
    id: str | None = None,
    delivery: str | None = None,
    **more: Any,
) -> Record:
    return {
        "type": type,
        "account": str(account) if account else None,
        "chat": str(chat) if chat else None,
        "from": str(sender) if sender else None,
        "body": body,
        "id": id or None,
        "time": time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "delivery": delivery,
        **more,
    }


def _connection(event: ev.ConnectionChanged) -> Record:
    return {
        "type": "connection",
        "account": event.account,
        "state": event.connection.value,
        "reason": event.reason,
    }


def _presence(event: ev.PresenceChanged) -> Record:
    presence = event.presence
    return {
        "type": "presence",
        "account": event.account,
        "chat": event.address,
        "sender": event.address,
        "show": presence.show.value,
        "status": presence.status,
        "resource": presence.resource,
    }


def _typing(event: ev.TypingChanged) -> Record:
    room = event.who != str(event.chat.address) and not event.chat.address.resource
    return {
        "type": "typing",
        "account": event.chat.account,
        "chat": event.chat.address,
        "sender": event.chat.address,
        "nick": event.who if room else "",
        "state": event.state.value,
    }


def _subscription(event: ev.SubscriptionRequested) -> Record:
    request = event.request
    return {
        "type": "subscription",
        "account": request.account,
        "chat": request.address,
        "sender": request.address,
        "body": request.text,
        "nick": request.nick,
    }


def _room(event: ev.RoomChanged) -> Record:
    return {
        "type": "room",
        "account": event.key.account,
        "chat": event.key.address,
        "state": event.state.value if event.state else None,
        "reason": event.reason,
        "subject": event.subject,
        "nick": event.nick,
    }


def _occupant(event: ev.OccupantChanged) -> Record:
    occupant = event.occupant
    return {
        "type": "occupant",
        "account": event.key.account,
        "chat": event.key.address,
        "sender": _occupant_address(event.key, occupant.nick),
        "nick": occupant.nick,
        "show": occupant.show.value,
        "status": occupant.status,
        "role": occupant.role.value,
        "affiliation": occupant.affiliation.value,
        "joined": event.joined,
        "left": False,
        "reason": "",
    }


def _occupant_left(event: ev.OccupantLeft) -> Record:
    return {
        "type": "occupant",
        "account": event.key.account,
        "chat": event.key.address,
        "sender": _occupant_address(event.key, event.nick),
        "nick": event.nick,
        "show": Show.OFFLINE.value,
        "status": "",
        "role": None,
        "affiliation": None,
        "joined": False,
        "left": True,
        "reason": event.reason,
    }


def _occupant_address(room: ChatKey, nick: str) -> Address:
    # The nick came from the wire as a resource; it needs no second preparation.
    return Address(room.address.local, room.address.domain, nick)


def _invited(event: ev.Invited) -> Record:
    return {
        "type": "invitation",
        "account": event.account,
        "chat": event.room,
        "sender": event.sender,
        "body": event.text,
    }


def _password(event: ev.PasswordNeeded) -> Record:
    return {"type": "password", "account": event.account, "reason": event.reason}


def _room_password(event: ev.RoomPasswordNeeded) -> Record:
    return {"type": "room-password", "account": event.account, "chat": event.room, "reason": event.reason}


def _notice(event: ev.Notice) -> Record:
    return {
        "type": "notice",
        "account": event.account or (event.chat.account if event.chat else None),
        "chat": event.chat.address if event.chat else None,
        "body": event.text,
        "level": event.level.value,
    }


_DESCRIBED: dict[type[ev.Event], Callable[[Any], Record]] = {
    ev.ConnectionChanged: _connection,
    ev.PresenceChanged: _presence,
    ev.TypingChanged: _typing,
    ev.SubscriptionRequested: _subscription,
    ev.RoomChanged: _room,
    ev.OccupantChanged: _occupant,
    ev.OccupantLeft: _occupant_left,
    ev.Invited: _invited,
    ev.PasswordNeeded: _password,
    ev.RoomPasswordNeeded: _room_password,
    ev.Notice: _notice,
}
