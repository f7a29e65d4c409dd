"""The clients whose sign-ins are measured, driven alike: ours, profanity, poezio, and the yardstick."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path
from typing import Protocol

from tests.bench.poezio import Poezio
from tests.bench.yardstick import Yardstick
from tests.link.client import Client
from tests.server.chat_server import Account, ChatServer
from tests.server.profanity import Profanity


class Subject(Protocol):
    """One installation of one client, whose folder stays."""

    @property
    def name(self) -> str:
        """As the tables call it."""

    @property
    def resumes(self) -> bool:
        """Whether a new process can take a session over from the last one."""

    @property
    def starts_tls(self) -> bool:
        """Whether it begins in clear and upgrades; else TLS comes first."""

    async def sign_in(self, port: int) -> None:
        """Start at this port; returns at once or when signed in."""

    async def online(self) -> float:
        """Wait until it is signed in; returns when that was (monotonic)."""

    async def say(self, to: str, text: str) -> None:
        """Send a message."""

    async def leave(self) -> None:
        """End, and the session with it."""

    async def drop(self) -> None:
        """End, and leave the session to the server."""


class Ours:
    """Our engine in a process of its own."""

    resumes = True
    starts_tls = False

    def __init__(self, name: str, folder: Path, account: Account, server: ChatServer) -> None:
        self.name = name
        self.client = Client(folder, account, server)

    async def sign_in(self, port: int) -> None:
        self.client.move(port)
        await self.client.start()

    async def online(self) -> float:
        await self.client.online()
        return next(
            float(line["time"]) for line in reversed(self.client.told) if line.get("state") == "online"
        )

    async def say(self, to: str, text: str) -> None:
        self.client.tell("send", chat=to, text=text)

    async def leave(self) -> None:
        await self.client.quit("leave")

    async def drop(self) -> None:
        await self.client.quit("suspend")


class Theirs:
    """Another client, driven through a terminal; its sessions end with it."""

    resumes = False

    def __init__(self, client: Profanity | Poezio, account: Account, server: ChatServer) -> None:
        self.name = client.name
        self.starts_tls = isinstance(client, Profanity)
        self._client = client
        self._account = account
        self._server = server
        self._online = 0.0

    async def sign_in(self, port: int) -> None:
        await asyncio.to_thread(self._client.connect, self._account, self._server, port=port)
        self._online = time.monotonic()

    async def online(self) -> float:
        return self._online

    async def say(self, to: str, text: str) -> None:
        await asyncio.to_thread(self._client.say, to, text)

    async def leave(self) -> None:
        await asyncio.to_thread(self._client.quit)

    async def drop(self) -> None:
        await asyncio.to_thread(self._client.close)


def profanity(folder: Path, account: Account, server: ChatServer) -> Theirs:
    """profanity as it is shipped, but for notices on the desktop and the authority it trusts."""
    return Theirs(Profanity(folder), account, server)


def poezio(folder: Path, account: Account, server: ChatServer) -> Theirs:
    """poezio as it is shipped, but for the authority it trusts."""
    return Theirs(Poezio(folder), account, server)


class Least:
    """The yardstick, which reads and acknowledges until it is stopped."""

    resumes = True

    def __init__(self, folder: Path, account: Account, server: ChatServer, *, fast: bool) -> None:
        self.name = f"yardstick, {'token' if fast else 'password'}"
        self.starts_tls = not fast
        self._make = partial(Yardstick, folder, account, server, fast=fast)
        self._one: Yardstick | None = None
        self._online = 0.0
        self._reading: asyncio.Task[None] | None = None

    async def sign_in(self, port: int) -> None:
        self._one = self._make(port=port)
        await asyncio.to_thread(self._one.sign_in)
        self._online = time.monotonic()
        self._reading = asyncio.create_task(asyncio.to_thread(self._one.idle, 1.0))

    async def online(self) -> float:
        return self._online

    async def say(self, to: str, text: str) -> None:
        assert self._one is not None
        await self._read_out()
        await asyncio.to_thread(self._one.send, to, text)

    async def leave(self) -> None:
        assert self._one is not None
        await self._read_out()
        await asyncio.to_thread(self._one.leave)

    async def drop(self) -> None:
        assert self._one is not None
        await self._read_out()
        await asyncio.to_thread(self._one.drop)

    async def _read_out(self) -> None:
        if self._reading is not None:
            await self._reading
            self._reading = None
