"""Somebody with our program: a session of ours on a real server, with a disk of its own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from tests.server.chat_server import Account as ServerAccount
from tests.server.chat_server import ChatServer
from tui_xmpp.core.account import Account, Connection, TlsMode, Token
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import Command
from tui_xmpp.core.events import AccountAdded, BookmarksChanged, ChatChanged, Event, RosterReplaced
from tui_xmpp.core.message import Message
from tui_xmpp.core.settings import Encryption, Link, Settings
from tui_xmpp.core.world import World, restore
from tui_xmpp.session.session import Session
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.cache import SqliteCache
from tui_xmpp.storage.custody import SqliteCustody
from tui_xmpp.storage.database import Database
from tui_xmpp.storage.keyvalue import SqliteKeyValue
from tui_xmpp.storage.ledger import SqliteLedger
from tui_xmpp.storage.sealed import SqliteSealed

E = TypeVar("E", bound=Event)
DEADLINE = 15.0


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class MemoryVault:
    """Passwords the test knows."""

    def __init__(self, passwords: dict[Address, str]) -> None:
        self.passwords = passwords
        self.kept: dict[Address, str] = {}
        self.tokens: dict[Address, Token | None] = {}
        self.secrets: dict[str, str] = {}

    async def password(self, account: Account) -> str | None:
        return self.passwords.get(account.address)

    async def remember(self, account: Address, password: str, *, keep: bool) -> str:
        self.passwords[account] = password
        if keep:
            self.kept[account] = password
        return ""

    async def forget(self, account: Address) -> None:
        self.passwords.pop(account, None)
        self.tokens.pop(account, None)

    async def token(self, account: Address) -> Token | None:
        return self.tokens.get(account)

    async def keep_token(self, account: Address, token: Token | None) -> None:
        self.tokens[account] = token

    async def secret(self, name: str) -> str | None:
        return self.secrets.get(name)

    async def keep_secret(self, name: str, secret: str | None) -> None:
        self.secrets.pop(name, None)
        if secret is not None:
            self.secrets[name] = secret


class MemoryConfiguration:
    """A config file nobody else reads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.added: list[Account] = []

    def load(self) -> Settings:
        return self.settings

    def add_account(self, account: Account) -> Settings:
        self.added.append(account)
        return self.settings

    def set_value(self, table: str, key: str, value: str | bool | int) -> Settings:
        return self.settings


class Person:
    """One session and what it has told."""

    def __init__(
        self,
        account: ServerAccount,
        server: ChatServer,
        folder: Path,
        *,
        resource: str = "",
        password: str | None = None,
        configured: bool = True,
        changed: Mapping[str, Any] | None = None,
        link: Link | None = None,
        omemo: bool = False,
        gpg_home: Path | None = None,
    ) -> None:
        self.address = Address.parse(account.address)
        self.config = Account(
            self.address,
            host="127.0.0.1",
            port=server.c2s_port,
            tls=TlsMode.STARTTLS,
            ca_file=str(server.ca_file),
            resource=resource,
        )
        self.config = replace(self.config, **(changed or {}))
        folder.mkdir(parents=True, exist_ok=True)
        self.database = Database(folder / "archive.db")
        self.archive = SqliteArchive(self.database)
        self.cache = SqliteCache(self.database)
        settings = Settings(
            accounts=(self.config,) if configured else (),
            link=link or Link(),
            encryption=Encryption(omemo=omemo, gpg_home=str(gpg_home or "")),
        )
        self.vault = MemoryVault({self.address: account.password if password is None else password})
        if password == "":
            self.vault.passwords.clear()
        self.configuration = MemoryConfiguration(settings)
        self.session = Session(
            settings,
            world=self._remembered(),
            archive=self.archive,
            cache=self.cache,
            custody=SqliteCustody(self.database),
            sealed=SqliteSealed(self.database),
            facts=SqliteKeyValue(self.database),
            ledger=SqliteLedger(self.database),
            vault=self.vault,
            configuration=self.configuration,
            clock=RealClock(),
        )
        self.told: list[Event] = []
        self._news = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    def _remembered(self) -> World:
        past: list[Event] = [AccountAdded(self.config)]
        past += [ChatChanged(chat) for chat in self.archive.chats()]
        past.append(RosterReplaced(self.address, tuple(self.cache.roster(self.address)[1])))
        past.append(BookmarksChanged(self.address, tuple(self.cache.bookmarks(self.address))))
        return restore(World(), past)

    @property
    def world(self) -> World:
        return self.session.world

    def chat(self, other: Person) -> ChatKey:
        return ChatKey(self.address, other.address)

    async def __aenter__(self) -> Person:
        events = self.session.events()

        async def listen() -> None:
            async for batch in events:
                self.told += batch
                self._news.set()

        self._listener = asyncio.create_task(listen())
        await self.session.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        if self._listener is not None:
            await asyncio.wait_for(self._listener, DEADLINE)
        self.database.close()

    async def do(self, command: Command) -> None:
        await self.session.do(command)

    async def online(self) -> Person:
        await self.until(
            lambda: self.world.accounts[self.address].connection is Connection.ONLINE, "to be online"
        )
        # Signed in is not yet ready: abilities come when the server has answered.
        await self.until(lambda: bool(self.world.accounts[self.address].abilities), "to know the server")
        await self.until(lambda: (self.address, self.address) in self.world.presences, "to be seen")
        return self

    async def until(self, condition: Callable[[], object], what: str = "a condition") -> None:
        """Wait until something is so; the failure says what was told last."""
        try:
            async with asyncio.timeout(DEADLINE):
                while not condition():
                    await self._more()
        except TimeoutError:
            last = "\n".join(str(one) for one in self.told[-12:])
            raise AssertionError(f"{self.address} waited in vain for {what}; told last:\n{last}") from None

    async def _more(self) -> None:
        """Until something is told, or a moment has passed: some conditions are on disk only."""
        self._news.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), 0.05)

    def happened(self, kind: type[E]) -> list[E]:
        return [one for one in self.told if isinstance(one, kind)]

    def messages(self, other: Person) -> tuple[Message, ...]:
        return self.archive.page(self.chat(other)).messages

    async def message(self, other: Person, body: str) -> Message:
        """Wait for a message with this text in the chat with somebody."""
        found: list[Message] = []

        def look() -> bool:
            found[:] = [one for one in self.messages(other) if one.body == body]
            return bool(found)

        await self.until(look, f"the message {body!r}")
        return found[0]
