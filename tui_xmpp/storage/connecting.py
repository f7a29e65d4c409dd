"""Connections to a database file: plain ones by SQLite, encrypted ones by SQLCipher."""

from __future__ import annotations

import sqlite3
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, cast
from urllib.parse import quote

from tui_xmpp.core.ports import StorageError

BUSY_SECONDS = 5.0
_LIBRARY = "sqlcipher3.dbapi2"
_MISSING = (
    "What reads and writes encrypted archives is not installed: the extra `encrypted-archive`. "
    "Add it: pipx inject tui-xmpp sqlcipher3"
)


def connect(
    path: Path, key: bytes | None = None, *, read_only: bool = False, anywhere: bool = False
) -> sqlite3.Connection:
    """A connection without transactions of its own.

    *key*: of an encrypted file; empty: SQLCipher on a plain one. *anywhere*: another thread may close it.
    Raises one of `errors()`, and `StorageError` without SQLCipher.
    """
    library: Any = sqlite3 if key is None else sqlcipher()
    connection = library.connect(
        f"file:{quote(str(path))}?mode=ro" if read_only else str(path),
        uri=read_only,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=not anywhere,
    )
    if key is not None:
        # What it finds wrong would be written over the screen; we hear it as an error anyway.
        connection.execute("PRAGMA cipher_log_level = NONE")
    if key:
        connection.execute(f"PRAGMA key = {literal(key)}")
    return cast(sqlite3.Connection, connection)


def literal(key: bytes) -> str:
    """The key as SQLCipher's statements want it; empty: the file is plain."""
    return f"\"x'{key.hex()}'\"" if key else "''"


def sqlcipher() -> ModuleType:
    """The library for encrypted files, loaded now. Raises `StorageError` when it is not installed."""
    try:
        return import_module(_LIBRARY)
    except ImportError:
        raise StorageError(_MISSING) from None


def errors() -> tuple[type[Exception], ...]:
    """What connections raise: the two libraries have errors of their own, of the same names and codes."""
    loaded = sys.modules.get(_LIBRARY)
    return (sqlite3.Error,) if loaded is None else (sqlite3.Error, loaded.Error)
