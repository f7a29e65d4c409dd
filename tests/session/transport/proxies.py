"""A small SOCKS5 and HTTP CONNECT proxy that says where it was sent."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import struct
from typing import Self


class ProxyServer:
    """Listens on loopback; whatever name it is given, it connects to 127.0.0.1."""

    def __init__(self, scheme: str, *, user: str = "", password: str = "", refuse: bool = False) -> None:
        self._serve_one = self._socks if scheme == "socks5" else self._http
        self._user = user
        self._password = password
        self._refuse = refuse
        self._tasks: set[asyncio.Task[None]] = set()
        self._onward: list[asyncio.StreamWriter] = []
        self.ports: dict[int, int] = {}
        """Where it connects instead, by the port it was asked for."""
        self.reached: list[tuple[str, int]] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for onward in self._onward:
            onward.transport.abort()
        # The transports close in the next turns of the loop.
        for _turn in range(5):
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, EOFError):
                await self._serve_one(reader, writer)
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        methods = await reader.readexactly((await reader.readexactly(2))[1])
        wanted = 2 if self._user else 0
        if wanted not in methods:
            writer.write(b"\x05\xff")
            return
        writer.write(bytes([5, wanted]))
        if wanted:
            user = await reader.readexactly((await reader.readexactly(2))[1])
            password = await reader.readexactly((await reader.readexactly(1))[0])
            known = (user.decode(), password.decode()) == (self._user, self._password)
            writer.write(bytes([1, not known]))
            if not known:
                return
        kind = (await reader.readexactly(4))[3]
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = str(await reader.readexactly(4 if kind == 1 else 16))
        (port,) = struct.unpack("!H", await reader.readexactly(2))
        self.reached.append((host, port))
        if self._refuse:
            writer.write(b"\x05\x05\x00\x01" + bytes(6))
            return
        # In pieces, as a slow network brings it.
        for piece in (b"\x05\x00\x00", b"\x03\x04", b"host\x00\x00"):
            writer.write(piece)
            await writer.drain()
        await self._join(reader, writer, port)

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        host, _, port = request.split()[1].rpartition(":")
        secret = base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        if self._user and f"Proxy-Authorization: Basic {secret}\r\n" not in request:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        self.reached.append((host, int(port)))
        if self._refuse:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        for piece in (b"HTTP/1.1 200 OK\r\n", b"Via: test\r\n", b"\r\n"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        await self._join(reader, writer, int(port))

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        there = await asyncio.open_connection("127.0.0.1", self.ports.get(port, port))
        self._onward.append(there[1])

        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                while data := await source.read(65536):
                    target.write(data)
                    await target.drain()
            target.transport.abort()

        await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))
