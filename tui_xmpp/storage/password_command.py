"""Runs the user's `password_command`."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process

from tui_xmpp.core.ports import VaultError
from tui_xmpp.core.text import clean_line

_CHUNK = 65536
_LAST_SECONDS = 2.0


async def run(command: str, seconds: float) -> str:
    """The first line *command* prints; it is run by `sh`, with no input and no terminal.

    Raises `VaultError` when it fails, prints nothing, or is not done after *seconds*.
    """
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True
    )
    try:
        async with asyncio.timeout(seconds):
            (line, words), code = await _read(process), await process.wait()
    except TimeoutError:
        raise VaultError(
            f"password_command was not done after {seconds:g} seconds. Try it in a shell."
        ) from None
    except ValueError:
        raise VaultError("password_command printed a line that is too long for a password.") from None
    finally:
        await _end(process)
    if code != 0:
        said = f": {words}" if words else ""
        raise VaultError(f"password_command failed with code {code}{said}. Try it in a shell.")
    try:
        password = line.rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        raise VaultError("password_command printed bytes that are not UTF-8.") from None
    if not password:
        raise VaultError("password_command printed nothing on its first line. Try it in a shell.")
    return password


async def _read(process: Process) -> tuple[bytes, str]:
    if process.stdout is None or process.stderr is None:
        raise VaultError("password_command could not be read.")
    line, words = await asyncio.gather(_first_line(process.stdout), _last_line(process.stderr))
    return line, words


async def _first_line(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    # To the end: a command that cannot write on would never end.
    while chunk := await stream.read(_CHUNK):
        if b"\n" not in kept and len(kept) <= _CHUNK:
            kept += chunk
    line = kept.partition(b"\n")[0]
    if len(line) > _CHUNK:
        raise ValueError
    return line


async def _last_line(stream: asyncio.StreamReader) -> str:
    kept = b""
    while chunk := await stream.read(_CHUNK):
        kept = (kept + chunk)[-_CHUNK:]
    lines = kept.decode("utf-8", "replace").strip().splitlines()
    return clean_line(lines[-1], 200) if lines else ""


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    # asyncio tells the end of a process only when its output has been read; a stray child may hold that open.
    try:
        async with asyncio.timeout(_LAST_SECONDS):
            await _read(process)
            await process.wait()
    except (TimeoutError, ValueError):
        return
