"""What protects a message, and what its mark in column 0 says."""

from __future__ import annotations

from enum import Enum


class Protection(Enum):
    """How a stored message was protected on its way."""

    CLEAR = "clear"
    """Readable by the servers; no mark."""
    SEALED = "sealed"
    """End-to-end encrypted by a device that is trusted or undecided: `-`."""
    VERIFIED = "verified"
    """End-to-end encrypted by a verified device: `=`."""
    ATTENTION = "attention"
    """Something to look at: clear in an encrypted chat, undecryptable, a doubtful sender: `!`."""

    @property
    def mark(self) -> str:
        """The one character for column 0."""
        return _MARKS[self]


_MARKS = {
    Protection.CLEAR: " ",
    Protection.SEALED: "-",
    Protection.VERIFIED: "=",
    Protection.ATTENTION: "!",
}
