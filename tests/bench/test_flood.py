"""How long floods hold up somebody who types, by the clock on the wall."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.flood import floods
from tests.attacks.flood.scene import Scene, flooding
from tests.bench import results
from tests.bench.stalls import BAR
from tests.fakes.certificates import Authority
from tests.session.link.conftest import authority, good

__all__ = ["authority", "good"]

pytestmark = pytest.mark.bench

FLOODS: dict[str, tuple[Callable[[Scene], Awaitable[Any]], int]] = {
    f"{floods.MANY:,} messages": (floods.messages, floods.MANY),
    f"{floods.MANY:,} presences": (floods.presences, floods.MANY),
    f"a room of {floods.OCCUPANTS:,} entered": (floods.room, floods.OCCUPANTS),
}


async def test_no_flood_makes_the_screen_stand(
    tmp_path: Path, authority: Authority, good: ssl.SSLContext
) -> None:
    measured: dict[str, Any] = {}
    for number, (name, (flood, _)) in enumerate(FLOODS.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with flooding(folder, authority, good) as scene:
            measured[name] = await flood(scene)
    table: list[list[str | float]] = [
        ["what comes", "a second", "longest stall, ms", "slowest key, ms", "bytes of memory each"]
    ]
    for name, one in measured.items():
        count = FLOODS[name][1]
        table.append(
            [
                name,
                round(count / one["seconds"]),
                round(one["wall_ms"], 1),
                round(one["slowest_key_ms"], 1),
                round(one["memory_kib"] * 1024 / count),
            ]
        )
    results.write(
        "flood",
        {
            "title": "All at once, as fast as the link brings it, while somebody types",
            "table": table,
            "longest_stall_ms": {name: round(one["wall_ms"], 1) for name, one in measured.items()},
        },
    )
    stalled = {name: one["wall_ms"] for name, one in measured.items() if one["wall_ms"] > BAR}
    assert not stalled
