"""Notices that the database is an older copy that was put back, or was copied to another place.

Beside the database stands the count of its durable transactions, which the database holds as well. It is
written after each of them, so a kill in between leaves the database ahead of it; behind it is only a database
that was put back. Who puts back the files too makes new ones: the file of the origin is another one then.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from tui_xmpp.core import restored
from tui_xmpp.core.ports import StorageError

from .whole_file import sync_directory

_SPACE = "generation"
_COUNT = "count"
_ORIGIN = "origin"
_DIGITS = 20
_PUT = "INSERT OR REPLACE INTO fact (space, key, value) VALUES (?, ?, ?)"


class Generation:
    """Of one database, which one process writes."""

    def __init__(self, database: Path) -> None:
        """Watch the database at this path."""
        self._count_file = database.with_suffix(".count")
        self._origin_file = database.with_suffix(".origin")
        self._descriptor = -1
        self._count = 0

    def begin(self, connection: sqlite3.Connection) -> None:
        """Compare the database with what stands beside it, and note (`core.restored`) where it is a copy.

        Raises `StorageError`, and what the connection raises.
        """
        kept = int(_get(connection, _COUNT) or 0)
        origin = _get(connection, _ORIGIN)
        try:
            was_there, found = self._find_origin()
            self._descriptor = _opened(self._count_file)
            beside = _number(os.pread(self._descriptor, _DIGITS, 0))
        except OSError as error:
            raise StorageError(
                f"{error.filename or self._count_file}: {(error.strerror or str(error)).lower()}."
            ) from error
        self._count = max(kept, beside) + 1
        is_copy = origin is not None and (not was_there or _is_other(origin, found))
        connection.execute("BEGIN IMMEDIATE")
        try:
            if is_copy or beside > kept:
                connection.execute(_PUT, (restored.SPACE, restored.LAST, str(self._count)))
            connection.execute(_PUT, (_SPACE, _ORIGIN, found))
            connection.execute(_PUT, (_SPACE, _COUNT, str(self._count)))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._write()

    def advance(self, connection: sqlite3.Connection) -> None:
        """Count the durable transaction that is about to be committed; raises what the connection raises."""
        connection.execute(_PUT, (_SPACE, _COUNT, str(self._count + 1)))

    def advanced(self) -> None:
        """It was committed."""
        self._count += 1
        self._write()

    def close(self) -> None:
        """Nothing is counted any more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _find_origin(self) -> tuple[bool, str]:
        """Whether the file of the origin was there, and its sign."""
        was_there = self._origin_file.exists()
        descriptor = _opened(self._origin_file)
        try:
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if not was_there:
            # The database will name it: it has to be there after a power cut.
            sync_directory(self._origin_file.parent)
        return was_there, f"{status.st_ino} {status.st_ctime_ns}"

    def _write(self) -> None:
        # Where it cannot be written it is behind: nothing is taken for a copy that is none.
        with suppress(OSError):
            os.pwrite(self._descriptor, f"{self._count:0{_DIGITS}d}".encode(), 0)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _number(text: bytes) -> int:
    # A power cut may leave anything in it.
    return int(text) if text.isdigit() else 0


def _is_other(sign: str, found: str) -> bool:
    """Whether two signs are of two files.

    A changed mode or owner gives the same file another time of change, and some file systems give it another
    number each time they are mounted; a copy has both anew.
    """
    return all(one != other for one, other in zip(sign.split(), found.split(), strict=True))


def _get(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM fact WHERE space = ? AND key = ?", (_SPACE, key)).fetchone()
    return None if row is None else str(row[0])
