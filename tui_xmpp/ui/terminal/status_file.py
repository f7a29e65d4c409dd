"""A one-line file that says how much waits, for the status line of tmux and for other bars."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


class StatusFile:
    """`3!1` where three messages are unread and one of them is a mention; empty where nothing waits."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._said: str | None = None
        self._broken = False

    def use(self, path: str) -> None:
        """Write to this file from now on, if *path* is not empty; a file used before is emptied."""
        new = Path(path).expanduser() if path else None
        if new != self._path:
            self.end()
            self._path, self._said, self._broken = new, None, False

    def show(self, unread: int, mentions: int) -> str:
        """Say how many messages wait; returns why that cannot be written, the first time, else nothing."""
        said = f"{unread}{f'!{mentions}' if mentions else ''}\n" if unread else ""
        if self._path is None or said == self._said:
            return ""
        self._said = said
        temporary = ""
        try:
            # A new file in the place of the old: nobody reads half of it, and mkstemp gives 0600.
            descriptor, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            with os.fdopen(descriptor, "w") as file:
                file.write(said)
            Path(temporary).replace(self._path)
        except OSError as error:
            if temporary:
                with suppress(OSError):
                    Path(temporary).unlink()
            known, self._broken = self._broken, True
            return "" if known else f"status_file cannot be written: {error.strerror or error}: {self._path}"
        return ""

    def end(self) -> None:
        """Nobody keeps it true any more: it says nothing."""
        self.show(0, 0)
