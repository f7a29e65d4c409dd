"""The clients whose traffic is measured, driven alike: ours in each link profile, and its peers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tests.bench import mcabber as mcabber_driver
from tests.bench import poezio as poezio_driver
from tests.bench.mcabber import Mcabber
from tests.bench.poezio import Poezio
from tests.link.client import Client
from tests.server.chat_server import Account, ChatServer
from tests.server.profanity import Profanity
from tui_xmpp.core.link import PROFILES


class Talker(Protocol):
    """One installation of one client, with an account of its own."""

    name: str
    account: Account
    folder: Path
    starts_tls: bool

    async def sign_in(self, port: int) -> None:
        """Start at this port and return once signed in."""

    async def open(self, to: str) -> None:
        """Show a chat."""

    async def say(self, text: str) -> None:
        """Send a message in the chat that is shown, without a notice that it is typed: not all tell that."""

    async def join(self, room: str) -> None:
        """Enter a room."""

    async def leave(self) -> None:
        """End, and the session with it."""

    async def drop(self) -> None:
        """End, whatever it does."""


class Ours:
    """Our engine in a process of its own, told what the screen would tell it."""

    starts_tls = False

    def __init__(
        self, profile: str, folder: Path, account: Account, server: ChatServer, *, more: str = ""
    ) -> None:
        """`more` is further text of its configuration."""
        self.name = profile
        self.account = account
        self.folder = folder
        self._client = Client(folder, account, server, link=profile, more=more)
        self._chat = ""

    def use(self, profile: str) -> None:
        """Begin with another profile from the next start on."""
        self.name = profile
        self._client.set(link=profile)

    def cell(self, name: str, text: str) -> None:
        """Change a cell of its link profile; empty: as the profile has it."""
        self._client.tell("cell", cell=name, text=text)

    async def sign_in(self, port: int) -> None:
        self._client.move(port)
        await self._client.start()
        await self._client.online()

    async def open(self, to: str) -> None:
        self._chat = to

    async def say(self, text: str) -> None:
        self._client.tell("send", chat=self._chat, text=text)
        await self._client.takes(text)

    async def join(self, room: str) -> None:
        self._client.tell("join", room=room)

    async def leave(self) -> None:
        await self._client.quit("leave")

    async def drop(self) -> None:
        await self._client.kill()

    @property
    def presences(self) -> int:
        """How many changes of presence it was told of in this life."""
        started = max(one["time"] for one in self._client.told if one["told"] == "started")
        return sum(one["told"] == "presence" and one["time"] > started for one in self._client.told)


class Peer:
    """Another client, typed into through a terminal."""

    def __init__(
        self, make: Callable[[Path], Profanity | Poezio | Mcabber], folder: Path, account: Account
    ) -> None:
        self._client = make(folder)
        self.name = self._client.name
        self.account = account
        self.folder = folder
        self.starts_tls = not isinstance(self._client, Poezio)
        self._server: ChatServer | None = None
        self._to = ""

    def at(self, server: ChatServer) -> Peer:
        """It signs in there."""
        self._server = server
        return self

    async def sign_in(self, port: int) -> None:
        assert self._server is not None
        await asyncio.to_thread(self._client.connect, self.account, self._server, port=port)

    async def open(self, to: str) -> None:
        await asyncio.to_thread(self._open, to)

    def _open(self, to: str) -> None:
        self._to = to
        match self._client:
            case Profanity():
                self._client.type(f"/msg {to}")
            case Poezio():
                self._client.command(f"/message {to}")
            case Mcabber():
                self._client.open(to)

    async def say(self, text: str) -> None:
        await asyncio.to_thread(self._say, text)

    def _say(self, text: str) -> None:
        match self._client:
            case Profanity():
                self._client.say(self._to, text)
            case _:
                self._client.command(f"/say {text}")

    async def join(self, room: str) -> None:
        await asyncio.to_thread(self._join, room)

    def _join(self, room: str) -> None:
        match self._client:
            case Poezio():
                self._client.command(f"/join {room}/{self.account.user}")
            case _:
                self._client.join(room, self.account.user)

    async def leave(self) -> None:
        await asyncio.to_thread(self._client.quit)

    async def drop(self) -> None:
        await asyncio.to_thread(self._client.close)


PROGRAMS: dict[str, Callable[[Path], Profanity | Poezio | Mcabber]] = {
    "profanity": Profanity,
    "poezio": Poezio,
    "mcabber": Mcabber,
}


def missing() -> list[str]:
    """The peers that are not installed (`.ci/install bench` says why)."""
    have = {"poezio": poezio_driver.version(), "mcabber": mcabber_driver.version()}
    return [name for name, version in have.items() if not version]


def talkers(folder: Path, accounts: dict[str, Account], server: ChatServer) -> list[Talker]:
    """All of them; *accounts* by the client's name."""
    ours = [Ours(name, folder / name, accounts[name], server) for name in PROFILES]
    peers = [
        Peer(make, folder / name, accounts[name]).at(server)
        for name, make in PROGRAMS.items()
        if name not in missing()
    ]
    return [*ours, *peers]


def shown(talker: Talker, tag: str) -> int:
    """How many of the texts `TAG-000`, `TAG-001`, … it has on its disk: what it has, it shows."""
    found: set[bytes] = set()
    for file in talker.folder.rglob("*"):
        if file.is_file():
            found.update(re.findall(rb"%s-\d{3}" % tag.encode(), file.read_bytes()))
    return len(found)
