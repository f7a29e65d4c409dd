"""How fast a file may go: what is typed meanwhile goes first, and a thin link keeps room for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .account import AccountSession

_SHARE = 0.75
"""Of the link's rate."""
_BLOCK_SECONDS = 0.25
_LEAST_BLOCK, _MOST_BLOCK = 1024, 64 * 1024
_LOOK_SECONDS = 0.05
_MOST_LOOKS = 200
"""Ten seconds: a wire that is stuck takes nothing however long a file stands still for it."""


class TransferPace:
    """Of one account; asked between two blocks.

    Files have connections of their own, but share the path with the stream: what has left for a file is in
    front of what is typed next.
    """

    def __init__(self, account: AccountSession) -> None:
        self._account = account

    @property
    def block(self) -> int:
        """Bytes that may go at once: a quarter of a second of a thin link."""
        rate = self._rate
        return (
            _MOST_BLOCK
            if rate is None
            else int(min(max(_LEAST_BLOCK, _BLOCK_SECONDS * rate / 8), _MOST_BLOCK))
        )

    def pause(self, size: int) -> float:
        """Return the seconds to wait after so many bytes."""
        rate = self._rate
        return 0.0 if rate is None else 8 * size / (_SHARE * rate)

    async def turn(self, size: int) -> None:
        """Return once the next block may go, after one of *size* bytes."""
        await asyncio.sleep(self.pause(size))
        life = self._account.life
        for _ in range(_MOST_LOOKS):
            if not (life.online and life.lanes.urgent):
                return
            await asyncio.sleep(_LOOK_SECONDS)

    @property
    def _rate(self) -> float | None:
        """Bit/s; None: nothing to hold back for."""
        return self._account.life.timing.rate if self._account.pacing.files_yield else None
