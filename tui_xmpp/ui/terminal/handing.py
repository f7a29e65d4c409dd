"""Hands the terminal to another program and takes it back; the session goes on meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from textual.app import App


@contextmanager
def handed_over(app: App[Any]) -> Iterator[None]:
    """The terminal is as it was before the program began; what happens meanwhile is drawn afterwards.

    Raises SuspendNotSupported where there is no terminal to hand over.
    """
    with app.suspend():
        # Ctrl+C is for the other program. A handler of ours, other than SIG_IGN, does not pass on to it.
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


async def run_in_terminal(app: App[Any], command: Sequence[str]) -> int:
    """Let a program have the terminal until it ends; returns its exit code.

    Raises OSError where it does not start, ValueError for a command that cannot be one, SuspendNotSupported.
    """
    with handed_over(app):
        process = await asyncio.create_subprocess_exec(*command)
        return await process.wait()


async def line_typed(descriptor: int = 0) -> None:
    """Return when somebody ended a line in the terminal that was handed over, or the terminal is gone."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
    os.read(descriptor, 4096)


def can_be_continued() -> bool:
    """Whether a shell with job control started us: it alone can continue what was stopped."""
    parent = os.getppid()
    try:
        return os.getsid(parent) == os.getsid(0) and os.getpgid(parent) != os.getpgrp()
    except OSError:
        return False
