"""How far each chat was read, shared between our own devices (XEP-0490)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from xml.etree import ElementTree as ET

from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command
from ...core.link import LinkProfile
from ...core.message import Message
from .. import convert, freshness
from ..feature import Context, Failed, Feature, Handler, Outgoing, PepHandler
from ..leaving import Leaving
from ..reading import read_up_to
from ..unwrap import SID

DISPLAYED = "urn:xmpp:mds:displayed:0"
PUBLISH_OPTIONS = "http://jabber.org/protocol/pubsub#publish-options"
_LOOK_BACK = 20
_LASTS = timedelta(hours=1)
"""How long states are believed of which nothing new was told: markers and carbons tell most of them too."""


class ReadState(Feature):
    """Publishes what was read here and takes over what was read elsewhere."""

    XEPS = ("XEP-0490", "XEP-0163", "XEP-0223")
    NAMESPACES = (f"{DISPLAYED}+notify",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._fresh = freshness.Freshness(context.facts, f"{context.own} displayed", _LASTS)
        self._published: dict[ChatKey, str] = {}
        self._waiting: dict[ChatKey, str] = {}
        """Read elsewhere up to a message that is not fetched yet."""
        self._next: dict[ChatKey, tuple[str, str]] = {}
        """What is to be published: one item at a time for each chat, only the newest."""
        self._leaving = Leaving(context, self._tell)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Reading, and going elsewhere."""
        return self._leaving.handles

    @property
    def pep(self) -> Mapping[str, PepHandler]:
        """News from our other devices."""
        return {DISPLAYED: self._pushed}

    def on_ready(self) -> None:
        """Learn what was read while we were away, once the rest is done."""
        self._fresh.begin()
        if self.context.pacing.asks_by_itself:
            self.context.spawn(self._refresh())

    async def _refresh(self) -> None:
        if self._fresh.is_known:
            await asyncio.sleep(freshness.QUIET_SECONDS)
        if not self._fresh.is_fresh(self.context.clock.now()):
            await self._fetch()

    def _pushed(self, items: ET.Element) -> None:
        self._fresh.pushed(items)
        self._take(items)

    def kept(self, draft: object, message: Message) -> None:
        """A message that another device has already shown."""
        if self._waiting.get(message.chat) == message.archive_id != "":
            del self._waiting[message.chat]
            self._published[message.chat] = message.archive_id
            read_up_to(self.context, message.chat, message)

    def on_stop(self) -> None:
        """What was under way is gone; the next reading says it again."""
        self._leaving.clear()
        for key in self._next:
            self._published.pop(key, None)
        self._next.clear()

    async def _fetch(self) -> None:
        query = convert.element(convert.PUBSUB, "pubsub")
        convert.add(query, convert.PUBSUB, "items", node=DISPLAYED)
        try:
            result = await self.context.request("get", query, background=True)
        except Failed as failed:
            # No such node: nothing was ever read by a device that tells.
            if failed.condition not in ("offline", "timeout"):
                self._fresh.fetched(self.context.clock.now())
            return
        self._fresh.fetched(self.context.clock.now())
        pubsub = convert.child(result, convert.PUBSUB, "pubsub")
        items = None if pubsub is None else convert.child(pubsub, convert.PUBSUB, "items")
        if items is not None:
            self._take(items)

    def _take(self, items: ET.Element) -> None:
        own = self.context.own
        for item in items:
            address = convert.address(item.get("id"))
            displayed = convert.child(item, DISPLAYED, "displayed")
            said = None if displayed is None else convert.child(displayed, SID, "stanza-id")
            if address is None or said is None:
                continue
            key = ChatKey(own, address)
            # XEP-0490 §3: the id is that of our own archive, or of the room's; which rooms there are may
            # not be known yet.
            if convert.address(said.get("by")) not in (own, address):
                continue
            id = said.get("id", "")
            message = self._by_archive_id(key, id)
            # XEP-0490 §6.1: a state that names no message of this chat is ignored, until it is fetched.
            if message is None:
                self._waiting[key] = id
            else:
                self._published[key] = id
                read_up_to(self.context, key, message)

    def _by_archive_id(self, key: ChatKey, id: str) -> Message | None:
        if not id or key not in self.context.world.chats:
            return None
        found = self.context.archive.find(key, id)
        if found is not None:
            return found
        newest = self.context.archive.page(key, limit=200).messages
        return next((one for one in newest if one.archive_id == id), None)

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """What waited for the chat to be left is told now, or never; what nobody told us is asked for."""
        self._leaving.switched()
        if self.context.pacing.asks_by_itself and not before.notify >= after.notify:
            self.context.spawn(self._refresh())

    def write(self, outgoing: Outgoing, stanza: ET.Element) -> None:
        """Who writes has read: it leaves with the message."""
        if outgoing.message.body:
            self._leaving.wrote()

    def _tell(self, key: ChatKey, row: int) -> None:
        context = self.context
        chat = context.world.chats.get(key)
        if chat is None or not context.online or not context.pacing.tells_own_devices:
            return
        archive = context.archive
        last = archive.message(key, row) if row else None
        before = archive.page(key, before=last.place if last else None, limit=_LOOK_BACK).messages
        messages = (*before, last) if last else before
        message = next((one for one in reversed(messages) if one.archive_id), None)
        if message is None or self._published.get(key) == message.archive_id:
            return
        self._published[key] = message.archive_id
        by = key.address.bare if chat.kind is ChatKind.ROOM else context.own
        is_under_way = key in self._next
        self._next[key] = (str(by), message.archive_id)
        if not is_under_way:
            context.spawn(self._publish_newest(key))

    async def _publish_newest(self, key: ChatKey) -> None:
        said: tuple[str, str] | None = None
        while (wanted := self._next.get(key)) is not None and wanted != said:
            said = wanted
            if not await self._publish(str(key.address), *wanted):
                # The next reading says it again.
                self._published.pop(key, None)
        self._next.pop(key, None)

    async def _publish(self, item_id: str, by: str, archive_id: str) -> bool:
        query = convert.element(convert.PUBSUB, "pubsub")
        publish = convert.add(query, convert.PUBSUB, "publish", node=DISPLAYED)
        item = convert.add(publish, convert.PUBSUB, "item", id=item_id)
        displayed = convert.add(item, DISPLAYED, "displayed")
        convert.add(displayed, SID, "stanza-id", by=by, id=archive_id)
        # XEP-0490 §7: "the client MUST use publish-options to set the access model on the node to whitelist".
        options = convert.add(query, convert.PUBSUB, "publish-options")
        fields = {
            "pubsub#persist_items": "true",
            "pubsub#max_items": "max",
            "pubsub#send_last_published_item": "never",
            "pubsub#access_model": "whitelist",
        }
        options.append(convert.form(PUBLISH_OPTIONS, **fields))
        try:
            await self.context.request("set", query)
        except Failed as failed:
            # Read state is a convenience; a server without it must not disturb anybody.
            return failed.condition not in ("offline", "timeout")
        return True
