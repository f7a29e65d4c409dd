"""The guards that `make attacks-bite` takes out are where it looks for them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import tui_xmpp
from tests.attacks.guards import GUARDS, Guard

PACKAGE = Path(tui_xmpp.__file__).parent


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_is_in_its_one_place(guard: Guard) -> None:
    for file, text, _ in guard.edits:
        assert (PACKAGE / file).read_text().count(text) == 1
    for case in guard.cases.split():
        assert (PACKAGE.parent / "tests" / case).exists()


NUMBERS = [f"G{number}" for number in range(1, 10)]


def test_every_family_of_guards_is_tried() -> None:
    assert {guard.name.partition(" ")[0] for guard in GUARDS} >= set(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS)
def test_each_guard_says_in_one_place_what_it_promises(number: str) -> None:
    words = [ast.get_docstring(ast.parse(file.read_text())) or "" for file in PACKAGE.rglob("*.py")]
    (found,) = [one for one in words if f"Guard {number}, for promise" in one]
    assert "CWE-" in found
