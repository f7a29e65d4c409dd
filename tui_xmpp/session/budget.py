"""The bytes that may be spent in a month, by all accounts together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from ..core.address import Address
from ..core.budget_events import BudgetReached
from ..core.ports import Clock, KeyValue, Ledger, StorageError
from ..core.traffic import Amount

SHARES = (0.5, 0.8, 0.95, 1.0)
_SPACE = "budget"
"""In the facts: by month, the largest share of the budget that was told."""


class Budget:
    """Knows how much of the month's bytes is left; a month begins at midnight, local time."""

    def __init__(self, megabytes: int, ledger: Ledger, facts: KeyValue, clock: Clock) -> None:
        self.allow(megabytes)
        self.ledger = ledger
        self._facts = facts
        self._clock = clock
        self._month = self._this_month()
        self._spent: int | None = None

    def allow(self, megabytes: int) -> None:
        """So much may be spent in a month from now on; 0: as much as one likes."""
        self.whole = megabytes * 1_000_000

    @property
    def left(self) -> int | None:
        """Bytes; None: there is no budget."""
        return max(0, self.whole - self._known()) if self.whole else None

    def spent(self, account: Address, amount: Amount) -> Iterator[BudgetReached]:
        """*amount* more is in the ledger; yield what is worth saying now."""
        if not self.whole:
            return
        if self._this_month() != self._month:
            self._month, self._spent = self._this_month(), None
        # Read after the first amount was added, it is in there already.
        self._spent = self._known() + amount.total if self._spent is not None else self._known()
        reached = max((share for share in SHARES if self._spent >= share * self.whole), default=0.0)
        key = f"{self._month:%Y-%m}"
        told = 0.0
        with contextlib.suppress(ValueError):
            told = float(self._facts.get(_SPACE, key) or 0)
        if reached > told:
            self._facts.put(_SPACE, key, str(reached))
            yield BudgetReached(account, self._spent, self.whole, reached)

    def _known(self) -> int:
        if self._spent is None:
            try:
                kept = self.ledger.spent(self._month, self._month + timedelta(days=32))
            except StorageError:
                return 0
            self._spent = sum((one.xml + one.tls).total for one in kept)
        return self._spent

    def _this_month(self) -> datetime:
        now = self._clock.now().astimezone()
        return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
