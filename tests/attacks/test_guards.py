"""The guards that `make attacks-bite` takes out are where it looks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

import tui_xmpp
from tests.attacks.guards import GUARDS, Guard

PACKAGE = Path(tui_xmpp.__file__).parent


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_is_in_its_one_place(guard: Guard) -> None:
    assert (PACKAGE / guard.file).read_text().count(guard.text) == 1
    for case in guard.cases.split():
        assert (PACKAGE.parent / "tests" / case).exists()


def test_every_family_of_guards_is_tried() -> None:
    assert {guard.name.partition(" ")[0] for guard in GUARDS} >= {f"G{number}" for number in range(1, 9)}
