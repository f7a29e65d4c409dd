"""The cells of a link profile as text and as the config file says them: read, checked, written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import Enum
from functools import cache
from typing import Any, get_type_hints

from .link import CELLS, PROFILES, LinkProfile, changed
from .terminal import PROFILES as TERMINALS

NEWS: tuple[str, ...] = ("avatar", "nick", "mood", "omemo", "bookmarks", "read")
"""What `notify` may name."""

_YES, _NO = ("true", "on", "yes"), ("false", "off", "no")
_RANGES: dict[str, tuple[float, float]] = {
    "stale_seconds": (0, 315_360_000),
    "announce_seconds": (0, 3600),
    # More than an archive query collects would be lost.
    "page": (1, 250),
    "room_history": (0, 250),
    "catch_up_pages": (0, 1000),
    "fetch_bytes": (0, 10_000_000_000),
    "ask_seconds": (0, 600),
    "receipt_seconds": (0, 600),
    # Servers wait a minute for an acknowledgement before they take the link for dead.
    "ack_delay": (0, 50),
    "idle_seconds": (10, 31_536_000),
    "coalesce": (0, 10),
    "patience": (1, 20),
    "confirm_seconds": (0, 86_400),
}


def known_cell(name: str) -> str:
    """The name of a cell as it was given; raises ValueError with the nearest right one."""
    if name in CELLS:
        return name
    close = get_close_matches(name, CELLS, 1, 0.0)
    raise ValueError(f"unknown cell {name}; the nearest known one is {close[0]}")


def checked(cell: str, value: object) -> Any:
    """The value of a cell from what TOML has for it; raises ValueError that says what it must be."""
    kind = _hints()[cell]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _choice(cell, kind, value)
    if cell == "terminal":
        return _one_of(cell, value, ("", *TERMINALS))
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise ValueError(f"{cell} must be true or false")
    if kind in (int, float):
        return _number(cell, kind, value)
    if not isinstance(value, Iterable) or isinstance(value, str | Mapping):
        raise ValueError(f'{cell} must be a list of texts, like ["one", "two"]')
    texts = [_text(cell, one) for one in value]
    return frozenset(_one_of(cell, one, NEWS) for one in texts) if cell == "notify" else tuple(texts)


def read(cell: str, text: str) -> Any:
    """The value of a cell from what somebody typed: as in the config file, but quotes may be left out.

    Raises ValueError that says what it must be.
    """
    kind, said = _hints()[cell], text.strip()
    if kind is bool:
        word = said.lower()
        if word not in (*_YES, *_NO):
            raise ValueError(f"{cell} must be on or off")
        return word in _YES
    if kind in (int, float):
        try:
            return checked(cell, float(said) if kind is float else int(said))
        except ValueError:
            raise ValueError(_expected_number(cell, kind)) from None
    if kind is str or (isinstance(kind, type) and issubclass(kind, Enum)):
        return checked(cell, said.strip("\"'"))
    words = (one.strip().strip("\"'") for one in said.strip("[]").split(","))
    return checked(cell, [one for one in words if one])


def words(cell: str) -> tuple[str, ...]:
    """The values of a cell as `read` takes them, where they can be listed; empty: they cannot."""
    kind = _hints().get(cell)
    if kind is bool:
        return _YES[1], _NO[1]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(str(one.value) for one in kind)
    return tuple(TERMINALS) if cell == "terminal" else NEWS if cell == "notify" else ()


def written(value: object) -> str:
    """A value of a cell as `read` takes it."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def with_cells(profile: LinkProfile, cells: Mapping[str, str]) -> LinkProfile:
    """The profile with some cells of its own, as texts; what cannot be read is left as it was."""
    read_ones: dict[str, Any] = {}
    for cell, text in cells.items():
        try:
            name = known_cell(cell)
            read_ones[name] = read(name, text)
        except ValueError:
            continue
    return changed(profile, read_ones)


def table() -> str:
    """The shipped profiles cell by cell, in Markdown."""
    lines = ["| cell | " + " | ".join(PROFILES) + " |", "|---|" + "---|" * len(PROFILES)]
    for cell in CELLS:
        texts = [written(getattr(one, cell)) or "-" for one in PROFILES.values()]
        lines.append(f"| `{cell}` | " + " | ".join(texts) + " |")
    return "\n".join(lines)


@cache
def _hints() -> dict[str, Any]:
    return {name: _origin(hint) for name, hint in get_type_hints(LinkProfile).items()}


def _origin(hint: Any) -> Any:
    return getattr(hint, "__origin__", hint)


def _choice(cell: str, kind: type[Enum], value: object) -> Enum:
    found = next((one for one in kind if one.value == value), None)
    if found is None:
        _one_of(cell, value, [str(one.value) for one in kind])
        raise AssertionError
    return found


def _one_of(cell: str, value: object, choice: Iterable[str]) -> str:
    words = list(choice)
    if isinstance(value, str) and value in words:
        return value
    named = ", ".join(f'"{one}"' for one in words)
    raise ValueError(f"{cell} must be one of {named}")


def _text(cell: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f'{cell} must be a list of texts, like ["one", "two"]')
    return value


def _number(cell: str, kind: type, value: object) -> float | int:
    low, high = _RANGES[cell]
    sound = isinstance(value, int | float) and not isinstance(value, bool)
    if not sound or (kind is int and not isinstance(value, int)) or not low <= value <= high:  # type: ignore[operator]
        raise ValueError(_expected_number(cell, kind))
    return kind(value)  # type: ignore[no-any-return]


def _expected_number(cell: str, kind: type) -> str:
    low, high = _RANGES[cell]
    return f"{cell} must be a {'whole ' if kind is int else ''}number from {low:.0f} to {high:.0f}"
