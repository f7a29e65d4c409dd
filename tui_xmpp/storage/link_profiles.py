"""The `[link.profiles.NAME]` tables: own link profiles, each a shipped or own one with cells changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Protocol

from tui_xmpp.core.link import CELLS, PROFILES, LinkProfile, changed
from tui_xmpp.core.link_cells import checked

from .toml_lines import Where

_INHERITS = "inherits"
_TABLE = "link.profiles"


class Wrong(Protocol):
    """Notes what is wrong at a place of the file."""

    def __call__(self, where: Where, words: str, *, nearest: tuple[str, Iterable[str]] | None = None) -> None:
        """`nearest`: a name that is not known, and those that are."""


def profiles_of(found: object, wrong: Wrong) -> dict[str, LinkProfile]:
    """The profiles a file holds, complete; one may inherit of one that stands above it."""
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        wrong(("link", 0, "profiles"), "write profiles as tables, like [link.profiles.train]")
        return {}
    made: dict[str, LinkProfile] = {}
    for name, values in found.items():
        profile = _profile(name, values, {**PROFILES, **made}, wrong)
        if profile is not None:
            made[name] = profile
    return made


def _profile(
    name: str, values: dict[str, Any], known: dict[str, LinkProfile], wrong: Wrong
) -> LinkProfile | None:
    table = f"{_TABLE}.{name}"
    if name in PROFILES:
        wrong((table, 0, ""), f"{name} is the name of a shipped profile; choose another one")
        return None
    parent = values.get(_INHERITS)
    if not isinstance(parent, str) or parent not in known:
        words = f'{name} must inherit of one of {", ".join(known)}, like inherits = "mobile"'
        close = get_close_matches(str(parent or ""), known, 1)
        wrong((table, 0, _INHERITS), words + (f"; the nearest one is {close[0]}" if close else ""))
        # What else is wrong is said in the same breath.
        parent = "full"
    cells: dict[str, Any] = {}
    for cell, value in values.items():
        if cell == _INHERITS:
            continue
        if cell not in CELLS:
            wrong((table, 0, cell), f"unknown cell {cell}", nearest=(cell, (_INHERITS, *CELLS)))
            continue
        try:
            cells[cell] = checked(cell, value)
        except ValueError as error:
            wrong((table, 0, cell), str(error))
    return replace(changed(known[parent], cells), name=name)
