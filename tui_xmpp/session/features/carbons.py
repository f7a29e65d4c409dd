"""Copies of what our other devices send and receive (XEP-0280); they are unwrapped by the inbox."""

from __future__ import annotations

import logging

from .. import convert
from ..feature import Failed, Feature
from ..unwrap import CARBONS, FORWARD

log = logging.getLogger("tui-xmpp")


class Carbons(Feature):
    """Asks the server for the copies at every sign-in."""

    XEPS = ("XEP-0280", "XEP-0297")
    NAMESPACES = (CARBONS, FORWARD)

    async def on_ready(self) -> None:
        """Switch them on."""
        self.context.spawn(self._enable())

    async def _enable(self) -> None:
        try:
            await self.context.request("set", convert.element(CARBONS, "enable"))
        except Failed as failed:
            # A server without them is nothing the user could change; the archive brings what is missed.
            log.info("no copies for other devices: %s", failed)
