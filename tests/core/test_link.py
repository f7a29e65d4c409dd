"""Link profiles: each leaner than the one before, and every cell of them by itself."""

from __future__ import annotations

import pytest

from tui_xmpp.core.link import CELLS, PROFILES, changed, differences


def test_the_profiles_go_from_rich_to_lean() -> None:
    assert list(PROFILES) == ["full", "mobile", "metered", "satellite", "radio"]
    pages = [one.page for one in PROFILES.values()]
    assert pages == sorted(pages, reverse=True)
    patience = [one.patience for one in PROFILES.values()]
    assert patience == sorted(patience)


def test_a_cell_changes_by_itself() -> None:
    lean = changed(PROFILES["satellite"], {"page": 20})
    assert differences(PROFILES["satellite"], lean) == ("page",)
    assert lean.name == "satellite"


def test_what_is_no_cell_cannot_be_changed() -> None:
    with pytest.raises(KeyError, match="pages"):
        changed(PROFILES["full"], {"pages": 20})
    assert "name" not in CELLS
