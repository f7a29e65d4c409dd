"""What happens to the month's bytes, as the front ends hear it."""

from __future__ import annotations

from .address import Address
from .events import Event
from .value import value


@value
class BudgetReached(Event):
    """Part of the month's bytes is spent."""

    account: Address
    spent: int
    """Bytes this month."""
    budget: int
    share: float
    """0.5, 0.8, 0.95 or 1.0: each is told once a month."""
