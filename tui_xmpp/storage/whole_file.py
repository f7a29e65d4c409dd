"""Writes a file whole or not at all: whoever reads it, also after a power cut, finds the old or the new."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(target: Path, content: bytes) -> None:
    """Put *content* in place of *target*, for the user alone. Raises OSError; then nothing was changed."""
    temporary = ""
    try:
        # mkstemp gives 0600.
        file, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(target)
        sync_directory(target.parent)
    except BaseException:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise


def forget_unfinished(target: Path) -> None:
    """Remove what killed writers of *target* left. Nobody may be writing it now. Raises OSError."""
    for left in target.parent.glob(f".{target.name}.*"):
        left.unlink(missing_ok=True)


def sync_directory(directory: Path) -> None:
    """See to it that names made and gone in it stay so after a power cut. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
