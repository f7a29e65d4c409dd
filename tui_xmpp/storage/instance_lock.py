"""One instance for one data directory: two would send and read the same messages twice."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from tui_xmpp.core.ports import AlreadyRunning, StorageError


class InstanceLock:
    """Held from creation until `release`, or until the process ends in whatever way."""

    def __init__(self, path: Path) -> None:
        """Take the lock file at *path*.

        Raises `AlreadyRunning`, with the number of the process that holds it, and `StorageError`.
        """
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"{path} cannot be opened: {(error.strerror or '').lower()}.") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise AlreadyRunning(
                f"tui-xmpp is already running with {path.parent} (process {holder})."
                " Use that one, or give this one a directory of its own with --data."
            ) from None
        except OSError as error:
            os.close(self._file)
            raise StorageError(f"{path} cannot be locked: {(error.strerror or '').lower()}.") from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another instance have it. The file stays: removing it would let two take it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
