"""What an element on the stream is about: its category, and the chat it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from xml.etree import ElementTree as ET

from ..core.address import Address, AddressError
from ..core.chat import ChatKey
from ..core.traffic import Category
from . import convert, gate
from .convert import CLIENT

About = tuple[Category, ChatKey | None]

_MESSAGE, _PRESENCE, _IQ = (f"{{{CLIENT}}}{name}" for name in ("message", "presence", "iq"))
_SM = "urn:xmpp:sm:3"
_MAM = "urn:xmpp:mam:2"
_CARBONS = "urn:xmpp:carbons:2"
_FORWARDED = "{urn:xmpp:forward:0}forwarded"
_ITEMS = "{http://jabber.org/protocol/pubsub#event}items"
_STATES = "{http://jabber.org/protocol/chatstates}"
_KEEPING_ALIVE = frozenset((f"{{{_SM}}}r", f"{{{_SM}}}a"))
_MARKS = ("{urn:xmpp:receipts}received", "{urn:xmpp:chat-markers:0}")
_ENCRYPTION = ("eu.siacs.conversations.axolotl", "urn:xmpp:omemo:", "urn:xmpp:openpgp:")
_MUC = "http://jabber.org/protocol/muc"

_BY_NODE = (
    *((node, Category.ENCRYPTION) for node in _ENCRYPTION),
    ("urn:xmpp:bookmarks:1", Category.ROOMS),
    ("storage:bookmarks", Category.ROOMS),
    ("urn:xmpp:mds:displayed:0", Category.MARKS),
)
"""Personal events by the beginning of their node; all others tell of people."""

_BY_NAMESPACE = (
    ("urn:ietf:params:xml:ns:xmpp-bind", Category.LOGIN),
    ("urn:ietf:params:xml:ns:xmpp-session", Category.LOGIN),
    (_CARBONS, Category.LOGIN),
    ("urn:xmpp:mam:", Category.HISTORY),
    ("urn:xmpp:ping", Category.KEEPALIVE),
    ("urn:xmpp:http:upload:", Category.FILES),
    ("urn:xmpp:jingle:", Category.FILES),
    ("http://jabber.org/protocol/bytestreams", Category.FILES),
    ("http://jabber.org/protocol/ibb", Category.FILES),
    (_MUC, Category.ROOMS),
    (convert.DISCO_ITEMS, Category.ROOMS),
    *((namespace, Category.ENCRYPTION) for namespace in _ENCRYPTION),
)
"""Requests by the beginning of their namespace; all others ask about people, or about a room."""


def read(text: str) -> ET.Element | None:
    """Return the element that *text* is on a client's stream; None: it is whitespace, or no element."""
    with suppress(ET.ParseError, IndexError):
        return ET.fromstring(f"<stream xmlns='{CLIENT}' xmlns:stream='{gate.STREAM}'>{text}</stream>")[0]
    return None


def category_of(element: ET.Element, own: Address, is_room: Callable[[ChatKey], bool]) -> About:
    """Return what *element* is about, written by us or by the server to us.

    *own*: our bare address; *is_room* says of a chat whether it is a room. An empty answer to a request has
    no category of its own: it counts as what was asked, which only the caller knows, and here as presence.
    """
    other = _other(element, own)
    if element.tag == _MESSAGE:
        return _message(element, other, own, is_room)
    if element.tag == _PRESENCE:
        key = _chat(other, own)
        room = key is not None and (is_room(key) or _speaks_of_rooms(element))
        return (Category.ROOMS, key) if room else (Category.PRESENCE, None)
    if element.tag == _IQ:
        return _request(element, other, own, is_room)
    if element.tag in _KEEPING_ALIVE:
        return Category.KEEPALIVE, None
    if element.tag.startswith("{urn:xmpp:csi:0}"):
        return Category.PRESENCE, None
    return Category.LOGIN, None


def _message(
    message: ET.Element, other: Address | None, own: Address, is_room: Callable[[ChatKey], bool]
) -> About:
    for child in message:
        if child.tag == f"{{{_MAM}}}result":
            return Category.HISTORY, _peer(child, own) or _chat(other, own)
        if child.tag in (f"{{{_CARBONS}}}received", f"{{{_CARBONS}}}sent"):
            inner = child.find(f"{_FORWARDED}/{_MESSAGE}")
            return (
                (Category.CHAT, None) if inner is None else _message(inner, _other(inner, own), own, is_room)
            )
        if child.tag == "{http://jabber.org/protocol/pubsub#event}event":
            items = child.find(_ITEMS)
            return _by(_BY_NODE, "" if items is None else items.get("node", "")), None
    key = _chat(other, own)
    if message.get("type") == "groupchat" or _speaks_of_rooms(message):
        return Category.ROOMS, key
    if key is not None and other is not None and other.resource and is_room(key):
        # In private with somebody in a room.
        key = ChatKey(own, other)
    children = [child.tag for child in message]
    if f"{{{CLIENT}}}body" not in children:
        if any(tag.startswith(_MARKS) for tag in children):
            return Category.MARKS, key
        if any(tag.startswith(tuple("{" + one for one in _ENCRYPTION)) for tag in children) and not any(
            one.tag.endswith("}payload") for one in message.iter()
        ):
            return Category.ENCRYPTION, key
    return Category.CHAT, key


def _request(
    iq: ET.Element, other: Address | None, own: Address, is_room: Callable[[ChatKey], bool]
) -> About:
    key = _chat(other, own)
    room = key if key is not None and is_room(key) else None
    payload = next((child for child in iq if child.tag != f"{{{CLIENT}}}error"), None)
    if payload is None:
        return (Category.ROOMS, room) if room else (Category.PRESENCE, None)
    namespace = payload.tag[1:].partition("}")[0]
    if namespace.startswith("http://jabber.org/protocol/pubsub"):
        node = next((child.get("node", "") for child in payload), "")
        return _by(_BY_NODE, node), None
    found = _by(_BY_NAMESPACE, namespace)
    if found is Category.PRESENCE and (room is not None or _is_of_rooms(payload)):
        found = Category.ROOMS
    return found, room


def _by(table: tuple[tuple[str, Category], ...], text: str) -> Category:
    return next((category for beginning, category in table if text.startswith(beginning)), Category.PRESENCE)


def _is_of_rooms(payload: ET.Element) -> bool:
    """Whether the answer about an address says that it is a room, or a service of rooms (XEP-0045 §6)."""
    identities = payload.findall(f"{{{convert.DISCO_INFO}}}identity")
    return any(one.get("category") == "conference" for one in identities)


def _speaks_of_rooms(stanza: ET.Element) -> bool:
    return any(child.tag.startswith((f"{{{_MUC}", "{jabber:x:conference}")) for child in stanza)


def _peer(result: ET.Element, own: Address) -> ChatKey | None:
    """The chat of an archived message: a room's own archive names only the room."""
    inner = result.find(f"{_FORWARDED}/{_MESSAGE}")
    return None if inner is None else _chat(_other(inner, own), own)


def _other(stanza: ET.Element, own: Address) -> Address | None:
    """Who is at the other end; None: our own account, or the server."""
    for name in ("from", "to"):
        with suppress(AddressError):
            address = Address.parse(stanza.get(name, ""))
            if address.bare != own:
                return address
    return None


def _chat(other: Address | None, own: Address) -> ChatKey | None:
    return None if other is None or not other.local else ChatKey(own, other.bare)
