"""Writes what has happened before the demo begins straight into Prosody's data files, before it starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from . import demo_cast as cast
from .demo_server import DOMAIN, ROOMS_DOMAIN


def write_past(server_folder: Path, now: datetime) -> None:
    """Write a chat of 500 messages, a short lively one, the room with its history, and the user's bookmark.

    `now`: UTC; everything written happened before.
    """
    data = server_folder / "data"
    _write_list(data, DOMAIN, "archive", cast.USER, chain(_private_chat(now), _lively_chat(now)))
    _write_list(data, ROOMS_DOMAIN, "muc_log", cast.ROOM, _room_log(now))
    _write(data, ROOMS_DOMAIN, "config", cast.ROOM, _room())
    _write(data, ROOMS_DOMAIN, "persistent", "", {cast.ROOM_ADDRESS: True})
    # Prosody turns these (XEP-0049, XEP-0048) into PEP bookmarks (XEP-0402) at the first sign-in.
    _write(data, DOMAIN, "private", cast.USER, {"storage:storage:bookmarks": _bookmarks()})


def _private_chat(now: datetime) -> Iterable[dict[str, Any]]:
    user, friend = cast.address(cast.USER), cast.address(cast.HISTORY_OF)
    for number, (at, outgoing, text) in enumerate(cast.private_history(now)):
        sender, receiver = (user, friend) if outgoing else (friend, user)
        stanza = _message("chat", f"{sender}/past", receiver, f"past-{number}", text)
        yield _archived(stanza, at, with_=friend)


def _lively_chat(now: datetime) -> Iterable[dict[str, Any]]:
    """Yield the talk with Ava: the messages, then what was done with each of them, and that all was read."""
    user, friend = f"{cast.address(cast.USER)}/past", cast.address(cast.LIVELY)

    def stanza(own: bool, minutes: int, id: str, text: str, *children: Any) -> dict[Any, Any]:
        sender, receiver = (user, friend) if own else (friend, cast.address(cast.USER))
        message = _message("chat", sender, receiver, id, text, *children)
        return _archived(message, now - timedelta(minutes=minutes), with_=friend)

    def id_of(number: int) -> str:
        return f"past-{cast.LIVELY}-{number}"

    last = max(number for number, said in enumerate(cast.TALK) if said.own)
    for number, said in enumerate(cast.TALK):
        children = []
        if said.answers is not None:
            answered = cast.address(cast.USER) if cast.TALK[said.answers].own else friend
            # XEP-0461 §3.1
            reply = {"xmlns": "urn:xmpp:reply:0", "to": answered, "id": id_of(said.answers)}
            children.append(_tag("reply", reply))
        yield stanza(said.own, said.minutes, id_of(number), said.text, *children)
        if said.corrected:
            # XEP-0308 §3
            replace = _tag("replace", {"xmlns": "urn:xmpp:message-correct:0", "id": id_of(number)})
            yield stanza(said.own, said.minutes, f"{id_of(number)}-corrected", said.corrected, replace)
        if said.reaction:
            # XEP-0444 §3.1
            namespace = {"xmlns": "urn:xmpp:reactions:0"}
            reaction = _tag("reaction", namespace, said.reaction)
            reactions = _tag("reactions", {**namespace, "id": id_of(number)}, reaction)
            yield stanza(not said.own, said.minutes, f"{id_of(number)}-reaction", "", reactions)
        if number == last:
            # XEP-0333 §4.2
            displayed = _tag("displayed", {"xmlns": "urn:xmpp:chat-markers:0", "id": id_of(last)})
            yield stanza(not said.own, said.minutes, f"{id_of(last)}-read", "", displayed)


def _room_log(now: datetime) -> Iterable[dict[str, Any]]:
    for number, (at, nick, text) in enumerate(cast.room_history(now)):
        stanza = _message("groupchat", f"{cast.ROOM_ADDRESS}/{nick}", "", f"past-room-{number}", text)
        yield _archived(stanza, at, with_="message<groupchat")


def _archived(stanza: dict[Any, Any], at: datetime, with_: str) -> dict[Any, Any]:
    stanza["attr"]["stamp"] = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**stanza, "key": f"archived-{stanza['attr']['id']}", "when": int(at.timestamp()), "with": with_}


def _message(type: str, sender: str, receiver: str, id: str, text: str, *children: Any) -> dict[Any, Any]:
    attributes = {"type": type, "from": sender, "id": id}
    if receiver:
        attributes["to"] = receiver
    body = (_tag("body", {}, text),) if text else ()
    return _tag("message", attributes, *body, *children)


def _bookmarks() -> dict[Any, Any]:
    # Prosody's elements do not inherit a namespace: each says its own.
    namespace = {"xmlns": "storage:bookmarks"}
    room = {**namespace, "jid": cast.ROOM_ADDRESS, "name": cast.ROOM_NAME, "autojoin": "true"}
    return _tag("storage", namespace, _tag("conference", room, _tag("nick", namespace, cast.USER)))


def _room() -> dict[str, Any]:
    return {
        "_jid": cast.ROOM_ADDRESS,
        "_data": {
            "name": cast.ROOM_NAME,
            "persistent": True,
            "subject": cast.SUBJECT,
            "subject_from": f"{cast.ROOM_ADDRESS}/{cast.GUESTS[0]}",
        },
        "_affiliation_data": {},
        cast.address(cast.GUESTS[0]): "owner",
        cast.address(cast.USER): "member",
    }


def _tag(name: str, attributes: Mapping[str, str], *children: Any) -> dict[Any, Any]:
    """An element as Prosody keeps one: children are numbered from one."""
    return {"name": name, "attr": dict(attributes), **dict(enumerate(children, 1))}


def _write(data: Path, host: str, store: str, owner: str, value: Mapping[Any, Any]) -> None:
    _file(data, host, store, owner, "dat").write_text(f"return {_lua(value)};\n", encoding="utf-8")


def _write_list(data: Path, host: str, store: str, owner: str, items: Iterable[Mapping[Any, Any]]) -> None:
    text = "".join(f"item({_lua(item)});\n" for item in items)
    _file(data, host, store, owner, "list").write_text(text, encoding="utf-8")


def _file(data: Path, host: str, store: str, owner: str, kind: str) -> Path:
    """The file of one store; its folder is made. Owners and stores are plain words, so nothing is encoded."""
    folder = data / host.replace(".", "%2e")
    file = folder / store / f"{owner}.{kind}" if owner else folder / f"{store}.{kind}"
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _lua(value: Any) -> str:
    """The value as a Lua expression."""
    if isinstance(value, Mapping):
        return "{" + "".join(f"[{_lua(key)}]={_lua(item)};" for key, item in value.items()) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
