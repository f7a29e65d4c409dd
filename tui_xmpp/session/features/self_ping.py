"""Whether we are still in a silent room (XEP-0410)."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree as ET

from ...core.chat import ChatKey, ChatKind
from ...core.events import Event, RoomChanged
from ...core.room import RoomState
from .. import convert, muc
from ..draft import Draft
from ..feature import Context, Failed, Feature

PING = "urn:xmpp:ping"
SILENCE_SECONDS = 900.0
CHECK_SECONDS = 60.0

_STILL_IN = ("service-unavailable", "feature-not-implemented", "item-not-found")
"""XEP-0410 §3.2: the ping has reached a client of ours, or one that just took another nick."""
_UNKNOWN = ("timeout", "offline", "remote-server-not-found", "remote-server-timeout")


class SelfPing(Feature):
    """Pings ourselves through each room that has been silent for long, and joins again where that fails."""

    XEPS = ("XEP-0410",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._heard: dict[ChatKey, float] = {}

    def on_ready(self) -> None:
        """Watch the rooms from now on."""
        self.context.spawn(self._watch())

    def on_resumed(self) -> None:
        """Watch the rooms from now on."""
        self.context.spawn(self._watch())

    def on_stop(self) -> None:
        """A new session begins anew."""
        self._heard.clear()

    def presence(self, stanza: ET.Element) -> bool:
        """Anything a room sends breaks its silence."""
        sender = convert.address_in(stanza)
        if sender is not None:
            self._hear(ChatKey(self.context.own, sender.bare))
        return False

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Anything a room sends breaks its silence."""
        self._hear(draft.chat)

    def refused(self, stanza: ET.Element, draft: Draft) -> None:
        """A room that does not take our message because we are not in it is joined again."""
        error = convert.child(stanza, convert.CLIENT, "error")
        # XEP-0045 §7.4: a sender who is no occupant gets <not-acceptable/>.
        if draft.kind is ChatKind.ROOM and convert.condition_of(error) == "not-acceptable":
            self._rejoin(draft.chat)

    def told(self, event: Event) -> None:
        """The silence of a room counts from the join."""
        if isinstance(event, RoomChanged) and event.state is not None:
            self._heard.pop(event.key, None)
            if event.state is RoomState.JOINED and event.key.account == self.context.own:
                self._heard[event.key] = self.context.clock.monotonic()

    def _hear(self, key: ChatKey) -> None:
        if key in self._heard:
            self._heard[key] = self.context.clock.monotonic()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self.check()

    async def check(self) -> None:
        """Ping every room that has been silent for long, one after the other."""
        now = self.context.clock.monotonic()
        for key in [key for key, heard in self._heard.items() if now - heard >= SILENCE_SECONDS]:
            self._hear(key)
            await self._ping(key)

    async def _ping(self, key: ChatKey) -> None:
        try:
            occupant = muc.own_address(self.context, key)
            await self.context.request("get", convert.element(PING, "ping"), to=occupant)
        except Failed as failed:
            if failed.condition in _STILL_IN or failed.condition in _UNKNOWN:
                return
            # XEP-0410 §3.2: "Any other error: the client is probably not joined any more."
            self._rejoin(key)

    def _rejoin(self, key: ChatKey) -> None:
        if self.context.world.rooms[key].state is RoomState.JOINED:
            self.context.emit(RoomChanged(key, RoomState.QUEUED))
