"""Whether an archive is encrypted, and by which key.

A database of SQLCipher cannot be told from a damaged one, so a small file beside it says which it is. What
the database itself begins with goes first: the two are never replaced at one moment. The start looks here
before it shows anything, so nothing is imported that it does not need.
"""

from __future__ import annotations

import os
from pathlib import Path

KEY_BYTES = 32
"""SQLCipher's AES-256; the key is random, so that nothing has to be derived from it."""
SECRET = "archive"
"""Under which name the key is kept among the secrets."""
# SQLite, "Database File Format" §1.3.1.
_PLAIN = b"SQLite format 3\0"
_WORDS = (
    "The archive beside this file is encrypted by SQLCipher. Its key is in the keyring or in the vault.\n"
    "Keep this file: it tells an encrypted archive from a damaged one, and its key from another.\n"
)


def is_encrypted(database: Path) -> bool:
    """Whether a key is needed to open *database*; one that is not there yet is made as the last one was.

    Never to be asked while this process has it open: closing the file once more would drop SQLite's locks
    (SQLite, "How To Corrupt An SQLite Database File" §2.2).
    """
    return marker(database).exists() and not _is_plain(database)


def is_key(database: Path, key: bytes) -> bool:
    """Whether *key* is the one of *database*. Raises OSError."""
    return f"\nkey {_check(key)}\n" in marker(database).read_text("utf-8", "replace")


def mark(database: Path, key: bytes) -> None:
    """Say that *database* is encrypted by *key*, or will be in a moment. Raises OSError."""
    from .whole_file import write_whole

    write_whole(marker(database), f"{_WORDS}key {_check(key)}\n".encode())


def unmark(database: Path) -> None:
    """Say that *database* is plain. Raises OSError."""
    from .whole_file import sync_directory

    marker(database).unlink(missing_ok=True)
    sync_directory(database.parent)


def marker(database: Path) -> Path:
    """The file that says it."""
    return database.with_suffix(".encrypted")


def new_key() -> bytes:
    """A key nobody can guess."""
    return os.urandom(KEY_BYTES)


def read_key(secret: str | None) -> bytes | None:
    """The key that is kept as *secret*; None: there is none that can be read."""
    try:
        key = bytes.fromhex(secret or "")
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def _is_plain(database: Path) -> bool:
    try:
        with database.open("rb") as file:
            return file.read(len(_PLAIN)) == _PLAIN
    except FileNotFoundError:
        return False


def _check(key: bytes) -> str:
    from hashlib import sha256

    return sha256(b"tui-xmpp archive\0" + key).hexdigest()[:16]
