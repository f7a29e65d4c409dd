"""The README says what the program does."""

from __future__ import annotations

from tests import readme


def test_the_generated_parts_are_up_to_date() -> None:
    text = readme.README.read_text()
    assert readme.generated(text) == text, "run `make readme`"
