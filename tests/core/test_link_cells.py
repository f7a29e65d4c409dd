"""The cells of a link profile as text: read as they are written, refused with what they must be."""

from __future__ import annotations

import pytest

from tui_xmpp.core.link import CELLS, PROFILES, Carbons
from tui_xmpp.core.link_cells import checked, known_cell, read, table, with_cells, written


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_every_cell_is_read_as_it_is_written(profile: object) -> None:
    for cell in CELLS:
        value = getattr(profile, cell)
        if written(value):
            assert read(cell, written(value)) == value, cell


@pytest.mark.parametrize(
    ("cell", "text", "value"),
    [
        ("carbons", '"others"', Carbons.OTHERS),
        ("paced", "Yes", True),
        ("page", " 12 ", 12),
        ("coalesce", "1", 1.0),
        ("groups", '["Family", "Work friends"]', ("Family", "Work friends")),
        ("notify", "read, omemo", frozenset(("read", "omemo"))),
        ("terminal", "slow", "slow"),
    ],
)
def test_as_people_write_it(cell: str, text: str, value: object) -> None:
    assert read(cell, text) == value


@pytest.mark.parametrize(
    ("cell", "value", "words"),
    [
        ("page", 2.5, "page must be a whole number from 1 to 250"),
        ("page", True, "page must be a whole number from 1 to 250"),
        ("ack_delay", 60, "ack_delay must be a number from 0 to 50"),
        ("coalesce", "0.1", "coalesce must be a number from 0 to 10"),
        ("paced", 1, "paced must be true or false"),
        ("groups", "Family", 'groups must be a list of texts, like ["one", "two"]'),
        ("groups", [1], 'groups must be a list of texts, like ["one", "two"]'),
        ("rooms", "some", 'rooms must be one of "all", "open", "peek", "on demand"'),
        ("terminal", "vt100", 'terminal must be one of "", "local", "ssh", "slow", "reader"'),
    ],
)
def test_what_a_cell_cannot_be(cell: str, value: object, words: str) -> None:
    with pytest.raises(ValueError) as refused:
        checked(cell, value)
    assert str(refused.value) == words


def test_a_cell_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="unknown cell ack_dely; the nearest known one is ack_delay"):
        known_cell("ack_dely")


def test_what_another_version_wrote_is_left_out() -> None:
    kept = with_cells(PROFILES["full"], {"page": "3", "pages": "4", "carbons": "perhaps"})
    assert (kept.page, kept.carbons) == (3, Carbons.ON)


def test_the_table_has_a_line_a_cell() -> None:
    lines = table().splitlines()
    assert len(lines) == 2 + len(CELLS)
    assert "| `carbons` | on | on | others | off | off |" in lines
