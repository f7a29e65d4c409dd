"""The part of a room, for the scripted wire."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from tests.session.wire import ANNA, FULL, ROOM, Wire
from tui_xmpp.core.address import Address
from tui_xmpp.core.commands import JoinRoom

INFO = "{http://jabber.org/protocol/disco#info}query"
USER = "http://jabber.org/protocol/muc#user"
OPEN_ROOM = ("http://jabber.org/protocol/muc", "muc_open", "urn:xmpp:mam:2", "urn:xmpp:occupant-id:0")


def info(features: Sequence[str] = OPEN_ROOM, name: str = "The Garden", occupants: int | None = None) -> str:
    """What a room answers to disco#info."""
    listed = "".join(f"<feature var='{one}'/>" for one in features)
    form = ""
    if occupants is not None:
        form = (
            "<x xmlns='jabber:x:data' type='result'><field var='muc#roominfo_occupants'>"
            f"<value>{occupants}</value></field></x>"
        )
    return (
        "<query xmlns='http://jabber.org/protocol/disco#info'>"
        f"<identity category='conference' type='text' name='{name}'/>{listed}{form}</query>"
    )


def presence(
    nick: str,
    *codes: int,
    kind: str = "",
    item: str = "affiliation='none' role='participant'",
    inside: str = "",
    extra: str = "",
    room: Address = ROOM,
) -> str:
    """The presence of an occupant."""
    statuses = "".join(f"<status code='{code}'/>" for code in codes)
    type_ = f" type='{kind}'" if kind else ""
    return (
        f"<presence from='{room}/{nick}' to='{FULL}'{type_}>{extra}"
        f"<x xmlns='{USER}'><item {item}>{inside}</item>{statuses}</x></presence>"
    )


def refusal(condition: str, nick: str = "anna", extra: str = "", room: Address = ROOM) -> str:
    """How a room refuses a presence."""
    return (
        f"<presence from='{room}/{nick}' to='{FULL}' type='error'><error type='cancel'>"
        f"<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>{extra}</{condition}></error></presence>"
    )


def error(condition: str) -> str:
    """The inside of an iq error."""
    return f"<error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"


def presences(wire: Wire, to: str | None = None) -> list[ET.Element]:
    """What presence was written."""
    found = [one for one in wire.stream.written if one.tag == "{jabber:client}presence"]
    return [one for one in found if to is None or one.get("to") == to]


async def ask(
    wire: Wire, *, room: Address = ROOM, nick: str = "", password: str = "", answer: str | None = None
) -> ET.Element:
    """Join as far as our own presence; returns it."""
    await wire.do(JoinRoom(ANNA, room, nick, password))
    wire.answer(await wire.request(INFO), info() if answer is None else answer)
    await wire.settle()
    return presences(wire)[-1]


async def join(wire: Wire, *others: str, answer: str | None = None, room: Address = ROOM) -> None:
    """Join, with others inside."""
    await ask(wire, room=room, answer=answer)
    for nick in others:
        wire.hear(presence(nick, room=room))
    wire.hear(presence("anna", 110, room=room))
    wire.hear(f"<message from='{room}' type='groupchat'><subject>Spring</subject></message>")
    await wire.settle()
    for _ in range(6):
        wire.answer_all()
        await wire.settle()
    wire.stream.written.clear()


async def answer(wire: Wire, *, room: str | None) -> None:
    """Answer all requests with nothing, and those of rooms about themselves with `room`; None: not those."""
    for _ in range(20):
        for iq in wire.requests():
            if iq.find(INFO) is None or "@rooms." not in iq.get("to", ""):
                is_archive = iq.find("{urn:xmpp:mam:2}query") is not None
                wire.answer(iq, "<fin xmlns='urn:xmpp:mam:2' complete='true'/>" if is_archive else "")
            elif room is not None:
                wire.answer(iq, room)
        await wire.settle()
