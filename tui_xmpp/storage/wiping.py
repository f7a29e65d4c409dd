"""Overwrites a file before its name goes, as far as the file system lets one."""

from __future__ import annotations

import os
from pathlib import Path

_CHUNK = 1024 * 1024


def wipe(path: Path) -> None:
    """Write noise over a file that nothing else names, and remove it; one that is not there is no error.

    A file with another name is another's too: then only this name goes. File systems and disks that write
    elsewhere (copy on write, flash) keep the old bytes for a while. Raises OSError.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        found = os.fstat(file)
        if found.st_nlink == 1:
            left = found.st_size
            while left > 0:
                left -= os.write(file, os.urandom(min(left, _CHUNK)))
            os.fsync(file)
            os.ftruncate(file, 0)
    finally:
        os.close(file)
    path.unlink(missing_ok=True)
