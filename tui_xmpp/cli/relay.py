"""Serves `send` and `watch` to other processes of the same user while an engine runs here.

A client writes one request as a JSON line, `{"verb": "send", "address": …}` or `{"verb": "watch"}`. The
answer is any number of `{"record": …}` lines and one `{"code": exit status, "words": sentence}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..core.ports import Engine
from .exit_codes import ExitCode, Failure
from .send import Sending, send
from .watch import watch

MAX_LINE = 4 * 1024 * 1024
"""Bytes of one request or answer."""
_REQUEST_SECONDS = 10.0
_CREDENTIALS = struct.Struct("3i")


def peer_uid(connection: socket.socket) -> int:
    """The user id of the process at the other end of a unix socket."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    return int(uid)


class Relay:
    """The server side of the control socket. Whoever starts one holds the instance lock."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._sends: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen at the path; a socket file left there by a crash is replaced. Raises OSError."""
        # We hold the lock, so nobody listens there any more. Anything but a socket is not ours to remove.
        with suppress(FileNotFoundError):
            if not stat.S_ISSOCK(self._path.lstat().st_mode):
                raise FileExistsError(f"{self._path} is in the way.")
            self._path.unlink()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(str(self._path))
            self._path.chmod(0o600)
            self._server = await asyncio.start_unix_server(self._accept, sock=listening, limit=MAX_LINE)
        except BaseException:
            listening.close()
            raise

    async def finish(self) -> None:
        """Stop listening, and return when every message under way is where its sender wants it."""
        if self._server is None:
            return
        self._server.close()
        self._path.unlink(missing_ok=True)
        await asyncio.gather(*self._sends, return_exceptions=True)

    async def close(self) -> None:
        """Stop listening, end what is under way and remove the socket file."""
        if self._server is None:
            return
        self._server.close()
        self._path.unlink(missing_ok=True)
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection: Any = writer.get_extra_info("socket")
        if peer_uid(connection) != os.getuid():
            writer.transport.abort()
            return
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                line = await reader.readline()
            answering = asyncio.ensure_future(self._answer(line, writer))
            # The client says nothing more, so its end is the only thing there is to read.
            leaving = asyncio.ensure_future(reader.read(1))
            try:
                await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                answering.cancel()
                leaving.cancel()
                await asyncio.gather(answering, leaving, return_exceptions=True)
        except (OSError, ValueError, TimeoutError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        code, words = ExitCode.OK, ""
        try:
            await self._perform(_request(line), writer)
        except Failure as failure:
            code, words = failure.code, str(failure)
        await _write(writer, {"code": int(code), "words": words})

    async def _perform(self, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if request["verb"] == "send":
            sending = asyncio.ensure_future(send(self._engine, _sending(request), own=False))
            self._sends.add(sending)
            sending.add_done_callback(self._sends.discard)
            await sending
        elif request["verb"] == "watch":
            async for record in watch(self._engine, str(request.get("account", ""))):
                await _write(writer, {"record": record})
        else:
            raise Failure("The running program does not know this command. Is it an older version?")


def _request(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except ValueError:
        request = None
    if not isinstance(request, dict) or not isinstance(request.get("verb"), str):
        raise Failure("The running program did not understand the request.", ExitCode.USAGE)
    return request


def _sending(request: dict[str, Any]) -> Sending:
    try:
        return Sending(
            address=str(request["address"]),
            text=str(request["text"]),
            account=str(request.get("account", "")),
            wait=str(request.get("wait", "taken")),
            timeout=float(request.get("timeout", 60.0)),
            room=bool(request.get("room", False)),
        )
    except (KeyError, TypeError, ValueError):
        raise Failure("The running program did not understand the request.", ExitCode.USAGE) from None


async def _write(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    writer.write(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
    await writer.drain()
