"""Copies of what our other devices send and receive (XEP-0280); they are unwrapped by the inbox."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ...core.events import Event, PresenceChanged
from ...core.link import LinkProfile
from .. import convert, devices
from ..draft import Draft
from ..feature import Context, Failed, Feature
from ..unwrap import CARBONS, FORWARD

if TYPE_CHECKING:
    from ..stream import Stream

log = logging.getLogger("tui-xmpp")


class Carbons(Feature):
    """Has the server send the copies, where the link allows it."""

    XEPS = ("XEP-0280", "XEP-0297")
    NAMESPACES = (CARBONS, FORWARD)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._on = False
        """What the server was told."""
        self._others = False
        """Another device of ours was seen in this session."""

    def on_stream(self, stream: Stream) -> None:  # type: ignore[override]
        """A sign-in that enables them by itself does so only where they are wanted."""
        if not self.context.pacing.wants_carbons(others=False):
            stream.not_inline |= {CARBONS}

    def on_ready(self) -> None:
        """Switch them on, unless that is done."""
        # XEP-0386 §3.2: the sign-in may have done it already.
        self._on, self._others = CARBONS in self.context.inlined, False
        self._follow()

    def on_resumed(self) -> None:
        """The server goes on with what it was told."""
        self._others = devices.others(self.context)
        self._on = self.context.pacing.wants_carbons(others=self._others)

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """On or off."""
        self._follow()

    def told(self, event: Event) -> None:
        """Another device is there."""
        if isinstance(event, PresenceChanged) and devices.is_other(self.context, event):
            self._seen()

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """A copy shows that there is another device."""
        if draft.carbon:
            self._seen()

    def _seen(self) -> None:
        if not self._others:
            self._others = True
            if self.context.online:
                self._follow()

    def _follow(self) -> None:
        """Tell the server what it does not know yet."""
        wanted = self.context.pacing.wants_carbons(others=self._others)
        if wanted is not self._on:
            self._on = wanted
            name = "enable" if wanted else "disable"
            self.context.spawn(self._confirm(self.context.request("set", convert.element(CARBONS, name))))

    async def _confirm(self, answer: Awaitable[ET.Element]) -> None:
        try:
            await answer
        except Failed as failed:
            # A server without them is nothing the user could change; the archive brings what is missed.
            log.info("no copies for other devices: %s", failed)
