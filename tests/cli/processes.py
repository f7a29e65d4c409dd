"""Which processes belong to a folder: those that name it on their command line."""

from __future__ import annotations

import os
import time
from pathlib import Path


def of_folder(folder: str) -> dict[int, str]:
    """Process ids and command lines; ended ones that nobody has waited for do not count."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if folder in command:
            found[int(entry.name)] = command
    return found


def wait_gone(folder: str, seconds: float = 20.0) -> dict[int, str]:
    """What is left of them after at most `seconds`."""
    deadline = time.monotonic() + seconds
    while (left := of_folder(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def wait_there(folder: str, word: str, seconds: float = 20.0) -> bool:
    """Whether a command line with this word appears among them within `seconds`."""
    deadline = time.monotonic() + seconds
    while not any(word in command for command in of_folder(folder).values()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
