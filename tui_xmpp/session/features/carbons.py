"""Copies of what our other devices send and receive (XEP-0280); they are unwrapped by the inbox."""

from __future__ import annotations

from .. import convert
from ..feature import Feature
from ..unwrap import CARBONS, FORWARD


class Carbons(Feature):
    """Asks the server for the copies at every sign-in."""

    XEPS = ("XEP-0280", "XEP-0297")
    NAMESPACES = (CARBONS, FORWARD)

    async def on_ready(self) -> None:
        """Switch them on."""
        self.context.spawn(self._enable())

    async def _enable(self) -> None:
        await self.context.request("set", convert.element(CARBONS, "enable"))
