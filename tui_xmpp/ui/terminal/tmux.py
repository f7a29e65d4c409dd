"""Asks the tmux this program runs in, which knows of the terminal outside of it."""

from __future__ import annotations

import asyncio

_PATIENCE = 1.0
"""Seconds; it is on this machine."""


async def ask_tmux(*arguments: str, given: bytes = b"") -> str | None:
    """Run one command of tmux, *given* on its input; return what it says, or None when it does not do it."""
    try:
        process = await asyncio.create_subprocess_exec(
            "tmux",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        said, _ = await asyncio.wait_for(process.communicate(given), _PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    return None if process.returncode else said.decode("utf-8", "replace").strip()
