"""Bookmarks as the server keeps them: one item each (XEP-0402), or all in one element (XEP-0048)."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from xml.etree import ElementTree as ET

from ..core.address import Address
from ..core.room import Bookmark
from . import convert

NATIVE = "urn:xmpp:bookmarks:1"
LEGACY = "storage:bookmarks"

_TRUE = ("true", "1")
_EXTENSIONS = f"{{{NATIVE}}}extensions"
_LEGACY_CONFERENCE = f"{{{LEGACY}}}conference"


def read_item(account: Address, item: ET.Element) -> Bookmark | None:
    """One item of the native node; its id is the room's address."""
    conference = convert.child(item, NATIVE, "conference")
    return None if conference is None else _read(account, item.get("id"), conference, NATIVE)


def read_storage(account: Address, storage: ET.Element) -> list[Bookmark]:
    """The old single element; each room once."""
    found = {}
    for conference in convert.children(storage, LEGACY, "conference"):
        bookmark = _read(account, conference.get("jid"), conference, LEGACY)
        if bookmark is not None:
            found[bookmark.address] = bookmark
    return list(found.values())


def _read(account: Address, address: str | None, conference: ET.Element, namespace: str) -> Bookmark | None:
    room = convert.address(address)
    if room is None or not room.local or room.resource:
        return None
    return Bookmark(
        account,
        room,
        name=conference.get("name", ""),
        nick=convert.text_of(conference, "nick", namespace),
        password=convert.text_of(conference, "password", namespace),
        autojoin=conference.get("autojoin", "").strip() in _TRUE,
    )


def written_item(bookmark: Bookmark, known: ET.Element | None) -> ET.Element:
    """A native item; what other programs put into the `known` one stays (XEP-0402 §3)."""
    item = convert.element(convert.PUBSUB, "item", id=str(bookmark.address))
    conference = _written(bookmark, NATIVE)
    item.append(conference)
    old = None if known is None else convert.child(known, NATIVE, "conference")
    if old is not None:
        conference.extend(deepcopy(one) for one in old if one.tag == _EXTENSIONS)
    return item


def written_storage(bookmarks: Iterable[Bookmark], known: ET.Element | None) -> ET.Element:
    """The old single element; what is no room in the `known` one stays."""
    storage = convert.element(LEGACY, "storage")
    for bookmark in bookmarks:
        conference = _written(bookmark, LEGACY)
        conference.set("jid", str(bookmark.address))
        storage.append(conference)
    if known is not None:
        storage.extend(deepcopy(one) for one in known if one.tag != _LEGACY_CONFERENCE)
    return storage


def _written(bookmark: Bookmark, namespace: str) -> ET.Element:
    conference = convert.element(
        namespace,
        "conference",
        name=bookmark.name or None,
        autojoin="true" if bookmark.autojoin else "false",
    )
    if bookmark.nick:
        convert.add(conference, namespace, "nick", bookmark.nick)
    if bookmark.password:
        convert.add(conference, namespace, "password", bookmark.password)
    return conference
