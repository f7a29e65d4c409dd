"""Finds the lines of a TOML text where tables and keys stand, for error messages."""

from __future__ import annotations

import re

Where = tuple[str, int, str]
"""Table, its number among tables of that name (from 0), and key; an empty key is the table itself."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*("[^"]*"|'[^']*'|[\w-]+)\s*(?:\.\s*("[^"]*"|'[^']*'|[\w-]+)\s*)?=""")


def find_lines(text: str) -> dict[Where, int]:
    """Line numbers, from 1, of what *text* holds; it must be valid TOML."""
    found: dict[Where, int] = {}
    table, number, counts = "", 0, dict[str, int]()
    fence = ""
    for line_number, line in enumerate(text.splitlines(), 1):
        if fence:
            fence = "" if line.count(fence) % 2 else fence
            continue
        header = _HEADER.match(line)
        if header:
            table = _bare(header[2])
            number = counts.get(table, 0)
            counts[table] = number + 1
            found.setdefault((table, number, ""), line_number)
            continue
        key = _KEY.match(line)
        if key and key[2] and not table:
            found.setdefault((_bare(key[1]), 0, ""), line_number)
            found.setdefault((_bare(key[1]), 0, _bare(key[2])), line_number)
        elif key:
            found.setdefault((table, number, _bare(key[1])), line_number)
            if not table:
                found.setdefault((_bare(key[1]), 0, ""), line_number)
        fence = next((mark for mark in ('"' * 3, "'" * 3) if line.count(mark) % 2), "")
    return found


def _bare(key: str) -> str:
    return key.strip("\"'")
