"""A clock that only the test turns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Begins at noon of the first of May 2026."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def turn(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds
