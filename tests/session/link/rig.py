"""A connector with everything around it faked but the network."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tui_xmpp.core.account import Account, Connection, TlsMode
from tui_xmpp.core.address import Address
from tui_xmpp.core.events import ConnectionChanged
from tui_xmpp.session.connector import Connector
from tui_xmpp.session.dialling import Timeouts
from tui_xmpp.session.opening import SignedIn
from tui_xmpp.session.resolver import Service
from tui_xmpp.session.stream import Stream

OWN = Address.parse("juliet@example.org")
DEADLINE = 10.0
WATCHED = (
    "message",
    "presence",
    "roster_update",
    "session_start",
    "session_resumed",
    "auth_success",
)


class Facts:
    """A KeyValue in memory."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}

    def get(self, space: str, key: str) -> str | None:
        return self.values.get((space, key))

    def put(self, space: str, key: str, value: str) -> None:
        self.values[space, key] = value

    def delete(self, space: str, key: str) -> None:
        self.values.pop((space, key), None)


class TurnedClock:
    """A clock the test turns."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.seconds


class Names:
    """A resolver that knows what the test says."""

    def __init__(self, services: Mapping[str, Sequence[Service]] | None = None) -> None:
        self.known = services or {}

    async def services(self, service: str, domain: str) -> Sequence[Service]:
        return self.known.get(service, ())

    async def addresses(self, host: str) -> Sequence[str]:
        return ("127.0.0.1",)


class Rig:
    """Runs a Connector against a port on loopback and keeps what it tells."""

    def __init__(
        self,
        port: int,
        ca_file: Path,
        *,
        tls: TlsMode | None = TlsMode.STARTTLS,
        facts: Facts | None = None,
        passwords: Sequence[str | None] = ("secret",),
        allow_plain: bool = False,
        resource: str = "",
        sleep: Callable[[float], Awaitable[None]] | None = None,
        resolver: Names | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.facts = facts or Facts()
        self.clock = TurnedClock()
        self.told: list[ConnectionChanged] = []
        self.reached: list[str] = []
        """Events that got through to the library's handlers."""
        self.asked: list[str] = []
        """The reasons with which a password was asked for."""
        self.waits: list[float] = []
        self.ready = 0
        self.signed_in: list[SignedIn] = []
        self.lost = 0
        self.streams: list[Stream] = []
        self._passwords = list(passwords)
        self._changed = asyncio.Event()
        self._sleep = sleep
        self.account = Account(
            OWN,
            host="127.0.0.1" if resolver is None else "",
            port=port,
            tls=tls,
            ca_file=str(ca_file),
            allow_plain=allow_plain,
            resource=resource,
        )
        self.connector = Connector(
            lambda: Stream(self.account, facts=self.facts),
            self.account,
            password=self._password,
            facts=self.facts,
            clock=self.clock,
            tell=self._tell,
            on_stream=self._on_stream,
            on_ready=self._on_ready,
            on_lost=self._on_lost,
            resolver=resolver or Names(),
            rng=random.Random(7),
            sleep=self._wait,
            timeouts=timeouts or Timeouts(connect=5, step=5, probe=5),
        )

    async def __aenter__(self) -> Rig:
        self.connector.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connector.stop()
        for _turn in range(5):
            await asyncio.sleep(0)

    async def until(self, connection: Connection) -> ConnectionChanged:
        """Wait until the connector tells this state for the first time from now on, or has just told it."""
        async with asyncio.timeout(DEADLINE):
            while not self.told or self.told[-1].connection is not connection:
                self._changed.clear()
                await self._changed.wait()
        return self.told[-1]

    async def until_true(self, condition: Callable[[], bool]) -> None:
        """Wait for something that a told change, an event or the server brings about."""
        async with asyncio.timeout(DEADLINE):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    @property
    def states(self) -> list[Connection]:
        return [one.connection for one in self.told]

    @property
    def reasons(self) -> list[str]:
        return [one.reason for one in self.told]

    async def _password(self, reason: str) -> str | None:
        self.asked.append(reason)
        return self._passwords.pop(0) if len(self._passwords) > 1 else self._passwords[0]

    def _tell(self, change: ConnectionChanged) -> None:
        self.told.append(change)
        self._changed.set()

    def _on_stream(self, stream: Stream) -> None:
        self.streams.append(stream)
        for name in WATCHED:
            stream.add_event_handler(name, lambda data, name=name: self.reached.append(name))

    async def _on_ready(self, signed: SignedIn) -> None:
        self.ready += 1
        self.signed_in.append(signed)

    def _on_lost(self) -> None:
        self.lost += 1

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self._sleep is None:
            await asyncio.Event().wait()
        else:
            await self._sleep(seconds)
