"""Receipts that were asked for and have not left yet, on the disk: another process gives them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from ..core.address import Address, AddressError
from ..core.value import value
from .feature import Context

_SPACE = "receipts"
"""In the facts: all of an account, oldest first."""
_MOST = 500
_LONGEST_ID = 200
"""Characters: a longer one is worth no room, for all of them are written anew with each."""


@value
class Owed:
    """One receipt."""

    to: Address
    """The device that asked."""
    type: str
    """Of its message."""
    id: str
    by_itself: bool
    """It waits for something to ride on; else for the user."""


class OwedReceipts:
    """Of one account. The disk alone has them, so that they stand and fall with the transaction around."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def all(self) -> Sequence[Owed]:
        """Oldest first."""
        try:
            read = json.loads(self._context.facts.get(_SPACE, self._key) or "[]")
            return [
                Owed(Address.parse(to), str(type), str(id), alone is True) for to, type, id, alone in read
            ]
        except (ValueError, TypeError, AttributeError, AddressError):
            return []

    def add(self, owed: Owed) -> None:
        """Keep one more; of too many the oldest are forgotten."""
        if len(owed.id) <= _LONGEST_ID:
            self._keep([*self.all(), owed][-_MOST:])

    def left(self, owed: Owed) -> None:
        """It was written to the server."""
        known = self.all()
        if owed in known:
            self._keep([one for one in known if one != owed])

    def _keep(self, owed: Iterable[Owed]) -> None:
        text = json.dumps([[str(one.to), one.type, one.id, one.by_itself] for one in owed])
        self._context.facts.put(_SPACE, self._key, text)

    @property
    def _key(self) -> str:
        return str(self._context.own)
