"""The machine's time."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """What names this run of the computer (proc(5)); empty where nothing does."""
    with suppress(OSError):
        return _BOOT_ID.read_text().strip()
    return ""


class SystemClock:
    """Implements `core.ports.Clock`."""

    def now(self) -> datetime:
        """The time of day, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some start."""
        return time.monotonic()
