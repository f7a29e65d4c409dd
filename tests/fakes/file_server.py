"""A scripted HTTPS server for files: it answers as the test says and remembers what it was asked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    raw: str


@dataclass(slots=True)
class Answer:
    """What to say; `cut` ends the connection after so many bytes of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    wait: asyncio.Event | None = None
    """Nothing of the body goes before this is set."""


Script = Callable[[Asked], Answer]


class FileServer:
    """Listens on loopback while it is used as a context."""

    def __init__(self, context: ssl.SSLContext, script: Script) -> None:
        self._context = context
        self.script = script
        self.asked: list[Asked] = []
        self.begun = asyncio.Event()
        """A request has come, all but its body."""
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> FileServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.begun.set()
        first, *lines = raw.strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        asked = Asked(method, path, headers, body, raw)
        self.asked.append(asked)
        answer = self.script(asked)
        told = {"Content-Length": str(len(answer.body)), **answer.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"HTTP/1.1 {answer.status} X\r\n{head}\r\n".encode())
        await writer.drain()
        if method == "HEAD":
            return True
        whole = answer.body if answer.cut is None else answer.body[: answer.cut]
        if answer.wait is not None:
            writer.write(whole[:1000])
            await writer.drain()
            await answer.wait.wait()
            whole = whole[1000:]
        writer.write(whole)
        await writer.drain()
        if answer.cut is not None:
            # What was written is to arrive before the end does.
            await asyncio.sleep(0)
            writer.close()
            return False
        return True


def ranged(asked: Asked, body: bytes, tag: str = '"one"') -> Answer:
    """Answer as a server that knows parts of files (RFC 9110 §14)."""
    wanted, same = asked.headers.get("range", ""), asked.headers.get("if-range", tag)
    if not wanted or same != tag:
        return Answer(200, body, {"ETag": tag})
    start = int(wanted.removeprefix("bytes=").partition("-")[0])
    if start >= len(body):
        return Answer(416, b"", {"Content-Range": f"bytes */{len(body)}"})
    part = {"ETag": tag, "Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
    return Answer(206, body[start:], part)
