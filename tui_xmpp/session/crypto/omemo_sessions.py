"""Sessions that were replaced by newer ones: what is still sealed with an earlier one is read all the same.

Two who write to each other at the same moment both begin a session, and each puts the other's in the place
of its own: with one session only, neither could read the other from then on.
"""

from __future__ import annotations

from typing import cast

from omemo.storage import Storage
from omemo.types import JSONType

_PARTS = (
    "initiation",
    "key_exchange/identity_key",
    "key_exchange/ephemeral_key",
    "key_exchange/signed_pre_key",
    "key_exchange/signed_pre_key_id",
    "key_exchange/pre_key",
    "key_exchange/pre_key_id",
    "associated_data",
    "double_ratchet",
    "confirmed",
)
_EPHEMERAL = "key_exchange/ephemeral_key"
_MOST_KEPT = 4
"""Earlier sessions kept with a device."""

Kept = dict[str, JSONType]
"""A session as the library stores it, by part; empty: there is none."""


class OmemoSessions:
    """With one device, in one version."""

    def __init__(self, storage: Storage, namespace: str, owner: str, device: int) -> None:
        self._storage = storage
        self._place = f"/{namespace}/{owner}/{device}"
        self._earlier = f"/earlier{self._place}"

    async def current(self) -> Kept:
        """The session in use."""
        found: Kept = {}
        for part in _PARTS:
            value = await self._storage.load(f"{self._place}/{part}")
            if value.is_just:
                found[part] = value.from_just()
        return found

    async def earlier(self) -> list[Kept]:
        """Those that were in use before, the last one first."""
        return cast(list[Kept], (await self._storage.load(self._earlier)).maybe([]))

    async def use(self, session: Kept) -> None:
        """Put a session in the place of the one in use."""
        for part in _PARTS:
            if part in session:
                await self._storage.store(f"{self._place}/{part}", session[part])
            else:
                await self._storage.delete(f"{self._place}/{part}")

    async def keep(self, session: Kept) -> None:
        """Keep a session that is not in use any more.

        Of that in use nothing is kept: with its earlier state what was read could be read again, and a key be
        used twice.
        """
        gone = {session.get(_EPHEMERAL), (await self.current()).get(_EPHEMERAL)}
        others = [one for one in await self.earlier() if one[_EPHEMERAL] not in gone]
        kept = [session, *others] if session else others
        await self._storage.store(self._earlier, cast(JSONType, kept[:_MOST_KEPT]))

    async def is_replaced(self, before: Kept) -> bool:
        """Whether another session than that of *before* is in use now."""
        return (await self.current()).get(_EPHEMERAL) != before.get(_EPHEMERAL)
