"""A fresh file for what comes from strangers: its name is theirs to propose, ours to make harmless (F-01)."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from urllib.parse import unquote

MOST_BYTES = 255
_UNNAMED = "file"
_MOST_SUFFIX = 16
"""Bytes of what may follow the last dot and be kept when a name is cut."""
_MOST_COPIES = 1000
_ROOM = len(f" ({_MOST_COPIES})")
_FORBIDDEN = frozenset('/\\:*?"<>|')
_INVISIBLE = ("C", "Z")
"""Unicode categories: controls, formats, surrogates, unassigned; separators that are no plain space."""


def safe_name(proposed: str) -> str:
    """Return a name for a file in one directory, whatever was *proposed* (XEP-0446 §4).

    It is one component of a path of at most 255 bytes, is not hidden, looks like no option, holds nothing
    that is invisible or turns the writing around, and neither ends in a dot nor in a space.
    """
    # Twice is enough: what is decoded once more by nobody names no directory.
    name = unquote(unquote(proposed, errors="replace"), errors="replace")
    name = "".join("_" if one in _FORBIDDEN else one for one in name if one == " " or _is_visible(one))
    name = unicodedata.normalize("NFC", name).strip().lstrip(".-_~ ").rstrip(". ")
    return _cut(name, MOST_BYTES - _ROOM) or _UNNAMED


def create(directory: Path, proposed: str) -> tuple[int, Path]:
    """Make a new file, readable by its owner only, and return its descriptor and where it is.

    What is there already, a link or a pipe too, is never touched: another number is added. Raises OSError.
    """
    name = safe_name(proposed)
    stem, suffix = _parts(name)
    for count in range(_MOST_COPIES):
        path = directory / (f"{stem} ({count}){suffix}" if count else name)
        try:
            return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600), path
        except FileExistsError:
            continue
    raise FileExistsError(f"{directory} holds too many files of this name.")


def _is_visible(char: str) -> bool:
    return not unicodedata.category(char).startswith(_INVISIBLE)


def _parts(name: str) -> tuple[str, str]:
    stem, dot, suffix = name.rpartition(".")
    if not stem or len((dot + suffix).encode()) > _MOST_SUFFIX:
        return name, ""
    return stem, dot + suffix


def _cut(name: str, most: int) -> str:
    if len(name.encode()) <= most:
        return name
    stem, suffix = _parts(name)
    room = most - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + suffix
