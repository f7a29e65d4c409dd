"""Notices that somebody who was asked for much says no more, however slow the link is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from xml.etree import ElementTree as ET

from ..core.address import Address
from . import convert

_MOST_PATIENCE = 10
"""How many times its time a silence may last while the link brings other things."""


class Silence:
    """Of one account; *patience* is in seconds, *heard_at* is when anything last came, 0 without a link."""

    def __init__(self, patience: Callable[[], float], heard_at: Callable[[], float]) -> None:
        self._patience = patience
        self._heard_at = heard_at
        self._last: dict[object, tuple[Address, float]] = {}
        """For each who waits: for whom, and when that one last said something."""

    def note(self, stanza: ET.Element) -> None:
        """Somebody said something."""
        if not self._last:
            return
        sender = convert.address_in(stanza)
        now = asyncio.get_running_loop().time()
        for waiting, (address, _) in self._last.items():
            if sender is not None and sender.bare == address:
                self._last[waiting] = (address, now)

    async def of(self, address: Address) -> None:
        """Return once nothing has come from this bare address for too long."""
        loop, waiting = asyncio.get_running_loop(), object()
        self._last[waiting] = (address, loop.time())
        try:
            while True:
                last, patience = self._last[waiting][1], self._patience()
                # What was asked may stand behind all else that the link brings, or wait for a link.
                around = self._heard_at() or loop.time()
                left = max(last, min(around, last + (_MOST_PATIENCE - 1) * patience)) + patience - loop.time()
                if left <= 0:
                    return
                await asyncio.sleep(left)
        finally:
            del self._last[waiting]
