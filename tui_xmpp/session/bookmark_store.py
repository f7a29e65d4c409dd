"""Where a server keeps bookmarks: the newest place it knows, with the old ones as fallback."""

from __future__ import annotations

from enum import Enum
from xml.etree import ElementTree as ET

from ..core.address import Address
from ..core.room import Bookmark
from . import convert
from .bookmark_items import LEGACY, NATIVE, read_item, read_storage, written_item, written_storage
from .feature import Context, Failed

PRIVATE = "jabber:iq:private"
PUBSUB_OWNER = "http://jabber.org/protocol/pubsub#owner"
_PUBLISH_OPTIONS = "http://jabber.org/protocol/pubsub#publish-options"
_NODE_CONFIG = "http://jabber.org/protocol/pubsub#node_config"

_PASSING = (
    "offline",
    "timeout",
    "internal-server-error",
    "policy-violation",
    "recipient-unavailable",
    "resource-constraint",
    "undefined-condition",
)
"""After these nothing is known of what is kept there; it must not be taken for empty and written over."""


class Place(Enum):
    """Where the bookmarks are."""

    ITEMS = "items"
    """One PEP item each (XEP-0402)."""
    PEP = "pep"
    """One PEP item for all (XEP-0048 §3)."""
    PRIVATE = "private"
    """Private XML (XEP-0049)."""


class BookmarkStore:
    """Reads and writes the bookmarks of one account; every method may raise `Failed`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.place = Place.ITEMS
        self._items: dict[Address, ET.Element] = {}
        """As the server has them, with what other programs put in."""
        self._storage: ET.Element | None = None

    async def load(self) -> list[Bookmark]:
        """All bookmarks, and the place they were found at."""
        found, is_offered = await self._load_items()
        if found:
            self.place = Place.ITEMS
            return found
        for place in (Place.PEP, Place.PRIVATE):
            storage = await self._load_storage(place)
            if storage is not None:
                old = read_storage(self._context.own, storage)
                if old or not is_offered:
                    self.place, self._storage = place, storage
                    return old
        self.place = Place.ITEMS if is_offered else Place.PRIVATE
        return []

    async def _load_items(self) -> tuple[list[Bookmark], bool]:
        try:
            items = await self._get_node(NATIVE)
        except Failed as failed:
            if failed.condition in _PASSING:
                raise
            # A node that does not exist yet is made by the first bookmark.
            return [], failed.condition == "item-not-found"
        return [one for item in items if (one := self.note(item)) is not None], True

    def note(self, item: ET.Element) -> Bookmark | None:
        """Take in an item of the native node."""
        bookmark = read_item(self._context.own, item)
        if bookmark is not None:
            self._items[bookmark.address] = item
        return bookmark

    async def _load_storage(self, place: Place) -> ET.Element | None:
        try:
            if place is Place.PEP:
                items = await self._get_node(LEGACY)
                return convert.child(items[0], LEGACY, "storage") if items else None
            query = convert.element(PRIVATE, "query")
            convert.add(query, LEGACY, "storage")
            answer = convert.payload(await self._context.request("get", query, background=True))
            return None if answer is None else convert.child(answer, LEGACY, "storage")
        except Failed as failed:
            if failed.condition in _PASSING:
                raise
            return None

    async def _get_node(self, node: str) -> list[ET.Element]:
        query = convert.element(convert.PUBSUB, "pubsub")
        convert.add(query, convert.PUBSUB, "items", node=node)
        answer = convert.payload(await self._context.request("get", query, background=True))
        items = None if answer is None else convert.child(answer, convert.PUBSUB, "items")
        return [] if items is None else list(convert.children(items, convert.PUBSUB, "item"))

    async def put(self, bookmark: Bookmark, every: list[Bookmark]) -> None:
        """Keep one bookmark; `every` is all of them as they are to be."""
        if self.place is Place.ITEMS:
            item = written_item(bookmark, self._items.get(bookmark.address))
            await self._publish(NATIVE, item)
            self._items[bookmark.address] = item
        else:
            await self._put_storage(every)

    async def remove(self, address: Address, every: list[Bookmark]) -> None:
        """Forget one bookmark; `every` is what is left."""
        if self.place is not Place.ITEMS:
            await self._put_storage(every)
            return
        query = convert.element(convert.PUBSUB, "pubsub")
        retract = convert.add(query, convert.PUBSUB, "retract", node=NATIVE, notify="true")
        convert.add(retract, convert.PUBSUB, "item", id=str(address))
        await self._context.request("set", query)
        self._items.pop(address, None)

    async def _put_storage(self, every: list[Bookmark]) -> None:
        storage = written_storage(every, self._storage)
        if self.place is Place.PRIVATE:
            query = convert.element(PRIVATE, "query")
            query.append(storage)
            await self._context.request("set", query)
        else:
            item = convert.element(convert.PUBSUB, "item", id="current")
            item.append(storage)
            await self._publish(LEGACY, item)
        self._storage = storage

    async def _publish(self, node: str, item: ET.Element) -> None:
        """Publish so that nobody but us can read it (XEP-0223 §3)."""
        try:
            await self._context.request("set", _publication(node, item, with_options=True))
        except Failed as failed:
            # XEP-0060 §7.1.5: the node exists and is configured otherwise; it must not be left open.
            if failed.condition != "conflict":
                raise
            await self._close_node(node)
            await self._context.request("set", _publication(node, item, with_options=False))

    async def _close_node(self, node: str) -> None:
        query = convert.element(PUBSUB_OWNER, "pubsub")
        configure = convert.add(query, PUBSUB_OWNER, "configure", node=node)
        configure.append(_options(_NODE_CONFIG, node))
        await self._context.request("set", query)


def _publication(node: str, item: ET.Element, *, with_options: bool) -> ET.Element:
    query = convert.element(convert.PUBSUB, "pubsub")
    publish = convert.add(query, convert.PUBSUB, "publish", node=node)
    publish.append(item)
    if with_options:
        options = convert.add(query, convert.PUBSUB, "publish-options")
        options.append(_options(_PUBLISH_OPTIONS, node))
    return query


def _options(form: str, node: str) -> ET.Element:
    # XEP-0402 §5: the options every bookmark is published with.
    limits = {"pubsub__max_items": "max", "pubsub__send_last_published_item": "never"}
    return convert.form(
        form,
        pubsub__persist_items="true",
        pubsub__access_model="whitelist",
        **(limits if node == NATIVE else {}),
    )
