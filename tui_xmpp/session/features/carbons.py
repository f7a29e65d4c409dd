"""Copies of what our other devices send and receive (XEP-0280); they are unwrapped by the inbox."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from xml.etree import ElementTree as ET

from .. import convert
from ..feature import Failed, Feature
from ..unwrap import CARBONS, FORWARD

log = logging.getLogger("tui-xmpp")


class Carbons(Feature):
    """Asks the server for the copies at every sign-in."""

    XEPS = ("XEP-0280", "XEP-0297")
    NAMESPACES = (CARBONS, FORWARD)

    def on_ready(self) -> None:
        """Switch them on, unless that is done."""
        # XEP-0386 §3.2: the sign-in may have done it already.
        if CARBONS not in self.context.inlined:
            self.context.spawn(self._confirm(self.context.request("set", convert.element(CARBONS, "enable"))))

    async def _confirm(self, answer: Awaitable[ET.Element]) -> None:
        try:
            await answer
        except Failed as failed:
            # A server without them is nothing the user could change; the archive brings what is missed.
            log.info("no copies for other devices: %s", failed)
