"""Encrypts an archive, or makes it plain again: a new file beside it, looked through, then put in its place.

Whenever the process is killed, the file of the archive's name is the old one or the new one, whole: the new
one takes the name in one step, and only then is the old one overwritten.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from tui_xmpp.core.ports import StorageError

from . import encryption
from .connecting import connect, errors, literal, sqlcipher
from .database import Database, sentence
from .whole_file import forget_unfinished, sync_directory
from .wiping import wipe

_PLAIN = b""
"""In place of a key."""


def encrypt(database: Path, key: bytes) -> int:
    """Encrypt the plain archive *database* by *key*; returns how many messages are in it.

    The caller holds the instance lock. Raises `StorageError`; then all is as it was.
    """
    return _convert(database, _PLAIN, key)


def decrypt(database: Path, key: bytes) -> int:
    """Make the archive plain again. Otherwise as `encrypt`."""
    return _convert(database, key, _PLAIN)


def tidy(database: Path) -> None:
    """Remove what a killed conversion left. The caller holds the instance lock. Raises `StorageError`."""
    try:
        # Either may be in clear.
        wipe(_new(database))
        wipe(_old(database))
        mark = encryption.marker(database)
        forget_unfinished(mark)
        if mark.exists() and database.exists() and not encryption.is_encrypted(database):
            encryption.unmark(database)
    except OSError as error:
        raise _disk_failed(error, database) from error


def _convert(database: Path, before: bytes, after: bytes) -> int:
    sqlcipher()
    tidy(database)
    # Whatever program wrote it last: now it has this program's version, and nothing is in a log.
    Database(database, key=before or None).close()
    new = _new(database)
    try:
        with closing(connect(database, before)) as source:
            _take(source)
            _copy(source, new, after)
            messages = _compare(source, new, after)
            _sync(new)
            if after:
                encryption.mark(database, after)
            if not before:
                _old(database).hardlink_to(database)
            new.replace(database)
            sync_directory(database.parent)
        if not after:
            encryption.unmark(database)
        wipe(_old(database))
    except errors() as error:
        _give_up(database)
        raise StorageError(sentence(error, database)) from error
    except OSError as error:
        _give_up(database)
        raise _disk_failed(error, database) from error
    except StorageError:
        _give_up(database)
        raise
    return messages


def _take(source: sqlite3.Connection) -> None:
    """Keep every other program out until the connection is closed."""
    (mode,) = source.execute("PRAGMA journal_mode = DELETE").fetchone()
    if mode != "delete":
        raise StorageError("Another program reads the archive. Close it, then try again.")
    # SQLite, "PRAGMA locking_mode": the lock of the first write is kept.
    source.execute("PRAGMA main.locking_mode = EXCLUSIVE")
    source.execute("BEGIN EXCLUSIVE")
    source.execute("COMMIT")


def _copy(source: sqlite3.Connection, new: Path, key: bytes) -> None:
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    source.execute(f"ATTACH DATABASE ? AS other KEY {literal(key)}", (str(new),))
    # Nobody uses it before it is whole and synced.
    source.execute("PRAGMA other.journal_mode = OFF")
    source.execute("PRAGMA other.synchronous = OFF")
    source.execute("SELECT sqlcipher_export('other')").fetchall()
    (version,) = source.execute("PRAGMA main.user_version").fetchone()
    source.execute(f"PRAGMA other.user_version = {version}")
    source.execute("DETACH DATABASE other")


def _compare(source: sqlite3.Connection, new: Path, key: bytes) -> int:
    """See that all of it is there, and sound; returns the number of messages."""
    with closing(connect(new, key)) as copy:
        if key and copy.execute("PRAGMA cipher_integrity_check").fetchall():
            raise _unequal("a page of it is not as it was written")
        if copy.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise _unequal("it is not sound")
        for what in (
            "PRAGMA user_version",
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2",
        ):
            if source.execute(what).fetchall() != copy.execute(what).fetchall():
                raise _unequal("its tables are not the same")
        tables = source.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1").fetchall()
        for (name,) in tables:
            count = f'SELECT count(*) FROM "{name}"'
            if source.execute(count).fetchone() != copy.execute(count).fetchone():
                raise _unequal(f"something of {name} is missing")
        # SQLite, "FTS5 Extension" §6.5: with a rank that is not 0 the index is compared with what it indexes.
        copy.execute("BEGIN")
        copy.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
        copy.execute("ROLLBACK")
        messages: int = copy.execute("SELECT count(*) FROM message").fetchone()[0]
        return messages


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _give_up(database: Path) -> None:
    try:
        tidy(database)
    except StorageError:
        return  # The next start tries again; what failed first is what is said.


def _new(database: Path) -> Path:
    return database.with_name(f"{database.name}.new")


def _old(database: Path) -> Path:
    return database.with_name(f"{database.name}.old")


def _unequal(how: str) -> StorageError:
    return StorageError(f"The copy of the archive is not the same: {how}. Nothing was changed.")


def _disk_failed(error: OSError, database: Path) -> StorageError:
    where = error.filename or database
    return StorageError(f"{where}: {(error.strerror or str(error)).lower()}. The archive itself is whole.")
