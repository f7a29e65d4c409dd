"""One installation of ours behind a link: a process that is started, told, killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from tests.link import driver
from tests.server.chat_server import Account, ChatServer
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Message
from tui_xmpp.storage.opening import open_reader
from tui_xmpp.storage.paths import locate

ROOT = Path(__file__).parents[2]
DEADLINE = 60.0
Line = dict[str, Any]


class Client:
    """The process, what it has told in all its lives, and its archive."""

    def __init__(
        self,
        folder: Path,
        account: Account,
        server: ChatServer,
        *,
        port: int = 0,
        more: str = "",
        omemo: bool = False,
        **keys: str | int | bool,
    ) -> None:
        """`port`: where a link to the server's direct TLS listens; 0: straight to the server.

        `keys` are further keys of its `[[account]]`, `more` is further text of its configuration. Nothing is
        sealed unless `omemo` says so: what is counted and lost is told apart from what sealing costs.
        """
        self._more = more
        self._omemo = omemo
        self.account = account
        self.address = Address.parse(account.address)
        self.folder = folder
        self.told: list[Line] = []
        """Everything, of all lives."""
        self.lives = 0
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._is_leaving = False
        self._said: list[str] = []
        self._accepted: list[str] = []
        (folder / "config").mkdir(parents=True)
        (folder / driver.PASSWORD).write_text(account.password, encoding="utf-8")
        self._keys: dict[str, str | int | bool] = {
            "address": account.address,
            "host": "127.0.0.1",
            "port": port or server.direct_tls_port,
            "tls": "direct",
            "ca_file": str(server.ca_file),
            **keys,
        }
        self._write_config()

    def move(self, port: int) -> None:
        """Look for the server at another port from the next life on."""
        self.set(port=port)

    def set(self, **keys: str | int | bool) -> None:
        """Set keys of its `[[account]]` for the next life."""
        self._keys.update(keys)
        self._write_config()

    def _write_config(self) -> None:
        lines = [
            "[[account]]",
            *(f"{key} = {json.dumps(value)}" for key, value in self._keys.items()),
            self._more,
            "[encryption]",
            f"omemo = {json.dumps(self._omemo)}",
        ]
        (self.folder / "config" / "config.toml").write_text("\n".join(lines), encoding="utf-8")

    # --- life -----------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """Of the living process."""
        assert self._process is not None
        return self._process.pid

    async def start(self, environment: Mapping[str, str] = os.environ) -> Client:
        """Begin a life; returns at once."""
        assert self._process is None
        self.lives += 1
        with (self.folder / "errors.txt").open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.link.driver", str(self.folder)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                cwd=ROOT,
                env={**environment, "XDG_RUNTIME_DIR": ""},
            )
        self._listening = asyncio.create_task(self._listen(self._process))
        return self

    async def online(self) -> Client:
        """Start if need be, and return once signed in."""
        if self._process is None:
            await self.start()
        await self.until(self.is_online, "to be online")
        return self

    def is_online(self) -> bool:
        """Whether the last it said of the connection in this life is that it stands."""
        for line in reversed(self.told):
            if line["told"] == "connection":
                return bool(line["state"] == "online")
            if line["told"] == "started":
                return False
        return False

    def hears(self, other: Client) -> bool:
        """Whether the last it heard of somebody is that they are there."""
        shows = [
            line["show"]
            for line in self.told
            if line["told"] == "presence" and line["address"] == other.account.address
        ]
        return bool(shows) and shows[-1] != "offline"

    async def kill(self) -> None:
        """Kill -9: nothing of it has time for anything."""
        if self._process is not None:
            self._is_leaving = True
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            await self._gone()

    def freeze(self) -> None:
        """It stands still: the kernel takes what comes, it reads nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        os.kill(self.pid, signal.SIGCONT)

    async def quit(self, how: Literal["suspend", "leave"] = "suspend") -> None:
        """End as its user ends it: the session is left with the server for a while, or closed."""
        self._is_leaving = True
        self.tell("quit", how=how)
        await self._gone()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def _gone(self) -> None:
        assert self._process is not None and self._listening is not None
        await asyncio.wait_for(self._process.wait(), DEADLINE)
        await asyncio.wait_for(self._listening, DEADLINE)
        self._process = None
        self._is_leaving = False

    @property
    def _has_crashed(self) -> bool:
        return self._process is not None and self._process.returncode is not None and not self._is_leaving

    # --- talk -----------------------------------------------------------------------------------------

    def tell(self, do: str, **fields: str) -> None:
        """Give an order; what becomes of it is told."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **fields}).encode() + b"\n")

    def say(self, to: Client, text: str) -> None:
        """Send a message; it is safe once "accepted" is told."""
        if text not in self._said:
            self._said.append(text)
        self.tell("send", chat=to.account.address, text=text)

    def unheard(self, to: Client) -> list[str]:
        """After a death: the texts that it did not take, as its user sees when looking into the chat.

        What is there was taken: it died before it could say so.
        """
        answered = set(self._accepted)
        kept = {one.body for one in self.archive(to) if one.outgoing}
        given = [text for text in self._said if text not in answered]
        self._accepted += [text for text in given if text in kept]
        return [text for text in given if text not in kept]

    def accepted(self) -> list[str]:
        """The texts it has taken from the user, in order."""
        return self._accepted

    async def takes(self, text: str) -> None:
        """Wait until it has taken a text."""
        await self.until(lambda: text in self._accepted[-100:], f"{text!r} to be taken")

    def messages_told(self, other: Client) -> list[Line]:
        """Everything it said of messages with somebody."""
        return [one for one in self.told if one["told"] == "message" and one["chat"] == other.account.address]

    def copies(self, other: Client) -> dict[str, set[str]]:
        """The archive ids under which each text of a chat came over the wire, in all lives: one is right."""
        found: dict[str, set[str]] = {}
        for one in self.told:
            if one["told"] == "copy" and one["chat"] == other.account.address:
                found.setdefault(one["body"], set()).add(one["archive_id"])
        return found

    async def until(
        self, condition: Callable[[], object], what: str, seconds: float = DEADLINE, *, every: float = 0.05
    ) -> float:
        """Wait until something is so, looking at every news and `every` so many seconds.

        Returns the seconds it took. The failure says what was told last.
        """
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    assert not self._has_crashed, f"{self.address} ended by itself:\n{self.errors()}"
                    self._news.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), every)
        except TimeoutError:
            last = "\n".join(map(str, self.told[-15:]))
            raise AssertionError(
                f"{self.address} waited in vain for {what}; told last:\n{last}\n{self.errors()}"
            ) from None
        return time.monotonic() - began

    def errors(self) -> str:
        """The last of what it wrote to stderr and to its log of faults."""
        files = (self.folder / "errors.txt", self.folder / "data" / "errors.log")
        return "\n".join(file.read_text(encoding="utf-8")[-2000:] for file in files if file.exists())

    # --- its disk -------------------------------------------------------------------------------------

    def archive(self, other: Client) -> list[Message]:
        """Its whole chat with somebody, as it would be shown, oldest first; also after its death."""
        reader, database = open_reader(locate(self.folder / "config", self.folder / "data"))
        try:
            found: list[Message] = []
            chat = ChatKey(self.address, other.address)
            page = reader.page(chat, limit=500)
            found[:0] = page.messages
            while not page.at_start and page.messages:
                page = reader.page(chat, before=page.messages[0].place, limit=500)
                found[:0] = page.messages
            return found
        finally:
            database.close()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            # What was killed in the middle of a word has not said it.
            if line.endswith(b"\n"):
                told = json.loads(line)
                self.told.append(told)
                if told["told"] == "accepted":
                    self._accepted.append(told["text"])
                self._news.set()
