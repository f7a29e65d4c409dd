"""Every cell of every shipped link profile, as it shows on the wire: this goes out, that does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.session.cells import probes
from tui_xmpp.core.link import CELLS, PROFILES

NO_LISTS = "nothing"
FULL_CAPS = "c, show+status+c+idle"
LEAN_CAPS = "c, show+status"

# What each profile does, in the order of `core.link.PROFILES`, by the cell it is about.
#            full                  mobile                metered               satellite             radio
TABLE: dict[str, tuple[Any, ...]] = {
    "paced": (False, False, False, True, True),
    "small_hello": (True, True, True, True, True),
    "stale_seconds": (3600, 86_400, 604_800, 2_592_000, 31_536_000),
    "announce": (FULL_CAPS, LEAN_CAPS, LEAN_CAPS, "bare", "bare"),
    "announce_seconds": (0, 0, 60, 60, 60),
    "receive": (
        NO_LISTS,
        NO_LISTS,
        "allow anna@example.org presence-in; deny presence-in",
        "allow anna@example.org presence-in; deny presence-in presence-out",
        "allow anna@example.org presence-in; deny presence-in presence-out",
    ),
    "client_state": (False, True, True, True, True),
    "versioned_roster": ("asked", "asked", "asked", "asked", "not asked"),
    "capabilities": ("all", "lists only", "lists only", "nothing", "nothing"),
    "notify": ("bookmarks, mds", "bookmarks, mds", "mds", "nothing", "nothing"),
    "typing_out": ("told", "not told", "not told", "not told", "not told"),
    "typing_in": ("shown", "shown", "not shown", "not shown", "not shown"),
    "receipts_asked": ("always", "always", "on demand", "on demand", "never"),
    "receipts_given": ("together", "together", "together", "together", "never"),
    "receipt_seconds": (1, 5, 15, 60, 0),
    "markers": (
        "the other side and own devices, then nobody",
        "nobody, then the other side and own devices",
        "nobody, then own devices",
        "nobody, then nobody",
        "nobody, then nobody",
    ),
    "carbons": ("on", "on", "with others", "off", "off"),
    "rooms": (
        "cellar and garden",
        "cellar and garden",
        "archive read, entered by writing",
        "archive read, entered by writing",
        "entered by writing",
    ),
    "room_history": (20, 0, 0, 0, 0),
    "page": (50, 20, 10, 5, 5),
    "catch_up_pages": (10, 5, 2, 1, 0),
    "ask_seconds": (1, 5, 5, 5, 20),
    "ack_delay": (5, 5, 15, 20, 45),
    "idle_seconds": (60, 300, 300, 600, 86_400),
    "coalesce": (0, 0.05, 0.1, 0.2, 1),
    "short_ids": ("16 characters", "9 characters", "9 characters", "9 characters", "9 characters"),
    "patience": (30, 60, 90, 90, 90),
}
OWN_TESTS = {
    "groups": "test_presence_filter",
}
"""Cells that no shipped profile has anything in."""
ELSEWHERE = {
    "avatars": "no avatar is fetched by any profile",
    "bundles": "nothing is encrypted yet",
    "fetch_bytes": "no file is fetched yet",
    "compression": "read where the stream is compressed",
    "confirm_seconds": "read where a price is asked",
    "terminal": "read by the screen",
}
"""Cells that no feature on the wire reads, and why."""
_BY_CONNECTOR = ("paced", "small_hello", "stale_seconds")
"""What it does with them: tests/session/link."""


def test_no_cell_is_without_a_test() -> None:
    assert sorted([*TABLE, *OWN_TESTS, *ELSEWHERE]) == sorted(CELLS)
    assert all(len(row) == len(PROFILES) for row in TABLE.values())


@pytest.mark.parametrize(
    ("cell", "profile", "expected"),
    [
        pytest.param(cell, profile, value, id=f"{cell}-{profile}")
        for cell, row in TABLE.items()
        for profile, value in zip(PROFILES, row, strict=True)
    ],
)
async def test_a_cell_on_the_wire(tmp_path: Path, cell: str, profile: str, expected: object) -> None:
    probe = probes.told(cell) if cell in _BY_CONNECTOR else getattr(probes, cell, None)
    if probe is None:
        probe = probes.told("tells_client_state")
    assert await probe(tmp_path, profile) == expected
