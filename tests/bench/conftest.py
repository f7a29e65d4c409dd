"""The archive of a million messages, made once for all benches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bench import filled, results
from tests.server.conftest import accounts, ejabberd, prosody
from tui_xmpp.core.chat import ChatKey

__all__ = ["accounts", "ejabberd", "prosody"]

CHATS = 10
EACH = 100_000


@pytest.fixture(scope="session")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a closed archive: ten chats of 100,000 messages."""
    path = tmp_path_factory.mktemp("million") / "archive.db"
    keys = (ChatKey(filled.ME, filled.contact(number).address) for number in range(CHATS))
    filled.archive_file(path, dict.fromkeys(keys, EACH)).close()
    return path


class Scale:
    """Collects the figures of `results/scale.json` from several tests."""

    def __init__(self) -> None:
        self.archived: dict[str, float] = {}
        """Milliseconds, medians."""
        self.stalls: dict[str, float] = {}
        """Milliseconds, the longest in each scene."""

    def archive(self, what: str, milliseconds: float) -> None:
        self.archived[what] = round(milliseconds, 2)

    def stall(self, scene: str, milliseconds: float) -> None:
        self.stalls[scene] = round(milliseconds, 1)

    def figures(self) -> dict[str, Any]:
        return {
            "title": "5,000 contacts, a chat of 100,000 messages, a room of 2,000, an archive of 1,000,000",
            "table": [
                ["what", "ms"],
                *([f"longest stall: {scene}", taken] for scene, taken in self.stalls.items()),
                *([f"archive: {what}", taken] for what, taken in self.archived.items()),
            ],
            "longest_stall_ms": self.stalls,
            "archive_median_ms": self.archived,
        }


@pytest.fixture(scope="session")
def scale() -> Iterator[Scale]:
    """Where the figures go; they are written when all scenes have run."""
    collected = Scale()
    yield collected
    if collected.archived and collected.stalls:
        results.write("scale", collected.figures())
