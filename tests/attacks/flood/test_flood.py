"""T-05: ten thousand messages, ten thousand presences, a room of two thousand, while somebody types."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.flood import floods
from tests.attacks.flood.scene import Scene, flooding
from tests.bench.stalls import BAR
from tests.fakes.certificates import Authority
from tests.session.link.conftest import authority, good

__all__ = ["authority", "good"]


@pytest.mark.parametrize(
    ("flood", "most_kib"),
    [
        # What is in memory afterwards: 4 KiB a message, 2 KiB a presence, 10 KiB an occupant.
        pytest.param(floods.messages, floods.MANY * 4, id="messages"),
        pytest.param(floods.presences, floods.MANY * 2, id="presences"),
        pytest.param(floods.room, floods.OCCUPANTS * 10, id="room"),
    ],
)
async def test_t05_a_flood_stops_nobody_s_typing_and_nothing_of_it_is_lost(
    tmp_path: Path,
    authority: Authority,
    good: ssl.SSLContext,
    flood: Callable[[Scene], Awaitable[Any]],
    most_kib: int,
) -> None:
    """Of the loop's own time: how long the machine lets it wait is measured by the bench."""
    async with flooding(tmp_path, authority, good) as scene:
        figures = await flood(scene)
    assert figures["cpu_ms"] < BAR, figures
    assert figures["memory_kib"] < most_kib, figures
