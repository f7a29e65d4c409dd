"""The SQLite database: one writer, a reader for every thread, and failures as sentences."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tui_xmpp.core.ports import StorageError

from . import migrations
from .connecting import connect, errors
from .generation import Generation

_CACHE_KIB = 8192
CHECKPOINT_AFTER = 1000
"""Rows written until the log of writes goes into the database file itself."""
_LONGEST_LOG = 16384
"""Pages of 4 KiB: a checkpoint never catches up with writes that do not pause; at this size they wait."""


class Database:
    """An open database. Writes belong to the thread that opened it; reads may come from any thread."""

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        key: bytes | None = None,
        generation: Generation | None = None,
    ) -> None:
        """Open *path* and bring it to this program's version; *key*: that of an encrypted one.

        *generation* is told of every durable transaction, and is closed with the database.
        With *read_only* nothing is created or changed, and the file must have this program's version.
        Raises `StorageError`; a file that cannot be used is left as it is.
        """
        self.path = path
        self._key = key
        self._generation = generation
        self._local = threading.local()
        self._owner = threading.get_ident()
        self._lock = threading.Lock()
        self._readers: list[sqlite3.Connection] = []
        self._closed = False
        self._is_writing = False
        self._writer: sqlite3.Connection | None = None
        self._checkpointing: threading.Thread | None = None
        self._checkpointed = 0
        with self._sentences():
            if read_only:
                self._refuse_other_versions(self.reader(), oldest=len(migrations.ALL))
            else:
                self._writer = self._open_writer()

    def reader(self) -> sqlite3.Connection:
        """The calling thread's own read-only connection; it sees every finished transaction."""
        known: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if known is not None and not self._closed:
            return known
        with self._lock:
            if self._closed:
                raise StorageError("The archive is closed.")
            # `close` runs in the owner's thread, so the connection must bear another thread there.
            connection = connect(self.path, self._key, read_only=True, anywhere=True)
            connection.execute("PRAGMA query_only = ON")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._readers.append(connection)
        self._local.connection = connection
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One view of the database for several queries; inside `writing`, what it has written too.

        Raises `StorageError`.
        """
        with self._sentences():
            writer = self._writer
            if writer is not None and self._is_owner() and writer.in_transaction:
                yield writer
                return
            connection = self.reader()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction: all of the block is kept, or nothing. Raises `StorageError`.

        *durable*: on return it survives a power cut. Without, only the death of the process: enough for
        what can be asked again, and much cheaper. A block inside another is kept when the outer one is,
        and as durably; what fails in it is undone alone.
        """
        with self._sentences():
            connection = self._writer
            if connection is None:
                raise StorageError("The archive is open for reading only.")
            if self._is_writing:
                with _inner(connection):
                    yield connection
                return
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            self._is_writing = True
            try:
                yield connection
                counting = self._generation if durable else None
                if counting is not None:
                    counting.advance(connection)
                connection.execute("COMMIT")
                if counting is not None:
                    counting.advanced()
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._is_writing = False
            self._checkpoint_some_day(connection.total_changes)

    def _is_owner(self) -> bool:
        return threading.get_ident() == self._owner

    def close(self) -> None:
        """Close every connection; reads and writes raise `StorageError` from then on."""
        if self._checkpointing is not None:
            self._checkpointing.join()
        with self._lock:
            self._closed = True
            for connection in self._readers:
                connection.close()
            self._readers.clear()
        if self._writer is not None:
            # SQLite puts the rest of the log into the file when the last connection goes.
            self._writer.close()
            self._writer = None
        if self._generation is not None:
            self._generation.close()

    def _checkpoint_some_day(self, written: int) -> None:
        """Checkpoint in a thread when enough was written: it waits for the disk, 100 ms and more."""
        if written - self._checkpointed < CHECKPOINT_AFTER:
            return
        if self._checkpointing is None or not self._checkpointing.is_alive():
            self._checkpointed = written
            self._checkpointing = threading.Thread(target=self._checkpoint, name="checkpoint", daemon=True)
            self._checkpointing.start()

    def _checkpoint(self) -> None:
        # What fails here is still in the log, and a write that fails as well will say so.
        with suppress(*errors()), closing(connect(self.path, self._key)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _open_writer(self) -> sqlite3.Connection:
        connection = connect(self.path, self._key)
        try:
            self._refuse_other_versions(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LONGEST_LOG}")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            _migrate(connection)
            if self._generation is not None:
                self._generation.begin(connection)
        except BaseException:
            connection.close()
            if self._generation is not None:
                self._generation.close()
            raise
        return connection

    def _refuse_other_versions(self, connection: sqlite3.Connection, oldest: int = 0) -> None:
        version = _version(connection)
        if version > len(migrations.ALL):
            raise StorageError(
                f"{self.path} was written by a newer tui-xmpp (version {version} of the archive; this "
                f"program knows {len(migrations.ALL)}). Install the newer program again; nothing was changed."
            )
        if version < oldest:
            raise StorageError(
                f"{self.path} was written by an older tui-xmpp. Start tui-xmpp once to convert it."
            )

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except errors() as error:
            raise StorageError(sentence(error, self.path)) from error


@contextmanager
def _inner(connection: sqlite3.Connection) -> Iterator[None]:
    # A full disk may have made SQLite undo the outer block: a part of it must not be kept alone.
    if not connection.in_transaction:
        raise StorageError("The disk failed in the middle of a change, and all of it was undone. Try again.")
    connection.execute("SAVEPOINT inside")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK TO inside")
            connection.execute("RELEASE inside")
        raise
    connection.execute("RELEASE inside")


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _migrate(connection: sqlite3.Connection) -> None:
    for number, statements in enumerate(migrations.ALL[_version(connection) :], _version(connection) + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def sentence(error: Exception, path: Path) -> str:
    """What went wrong with the database at *path*, and what to do; *error* is one of `errors()`."""
    # Extended result codes carry the kind of failure in their low byte.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return (
            f"The archive {path} is damaged. Nothing was deleted. Move the file away and start again: "
            "the server still has the recent history."
        )
    if code == sqlite3.SQLITE_FULL:
        return f"The disk with {path.parent} is full. Make room, then try again. Nothing kept is lost."
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return f"{path} cannot be written. Make the file and its directory writable for you, then try again."
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"Another program holds {path}. Close it, then try again."
    if code == sqlite3.SQLITE_CANTOPEN:
        return f"{path} cannot be opened. Check that the directory exists and belongs to you."
    if code == sqlite3.SQLITE_IOERR:
        return f"The disk failed while {path} was used ({error}). Check the disk, then try again."
    return f"The archive {path} could not be used: {error}."
