"""A connector with everything around it faked but the network."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from tui_xmpp.core.account import Account, Connection, TlsMode, Token
from tui_xmpp.core.address import Address
from tui_xmpp.core.events import ConnectionChanged
from tui_xmpp.session import gate
from tui_xmpp.session.binding import MANAGED
from tui_xmpp.session.connector import Connector
from tui_xmpp.session.dialling import Timeouts
from tui_xmpp.session.opening import Resumption, SignedIn
from tui_xmpp.session.resolver import Service
from tui_xmpp.session.stream import Stream
from tui_xmpp.session.timing import LinkTiming
from tui_xmpp.session.transport.wire import Closing, Item, Wire

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

    def clear(self, space: str, *, but: tuple[str, ...]) -> None:
        for one in [one for one in self.values if one[0] == space and not one[1].startswith(but)]:
            del self.values[one]


class Kept:
    """Tokens kept in memory."""

    def __init__(self, token: Token | None = None) -> None:
        self.now = token
        self.all: list[Token | None] = []

    async def token(self) -> Token | None:
        return self.now

    async def keep_token(self, token: Token | None) -> None:
        self.now = token
        self.all.append(token)


class Opened:
    """A session that asks for the roster, for stream management where there is any, and for nothing else."""

    def __init__(self) -> None:
        self.stream: Stream | None = None
        self.held: Resumption | None = None
        """What to resume."""
        self.inlined: list[frozenset[str]] = []
        """One for each session that was opened."""
        self.established_as: list[SignedIn] = []

    def resumption(self) -> Resumption | None:
        return self.held

    def open(self, inlined: frozenset[str]) -> None:
        self.inlined.append(inlined)
        assert self.stream is not None
        if MANAGED in self.stream.offered and gate.RESUMPTION not in inlined:
            self.stream.write(f"<enable xmlns='{gate.RESUMPTION}' resume='true'/>")
        self.stream.write("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>")

    def established(self, signed_in: SignedIn) -> None:
        self.established_as.append(signed_in)


class Recorded(Stream):
    """A stream that notes each packet of ours, and where something came between two of them."""

    def attach(self, wire: Wire) -> None:
        self.packets: list[str] = getattr(self, "packets", [])
        self.waited: int = getattr(self, "waited", 0)
        """How often we waited for the server before we said more."""
        self._heard = False
        self.heard = b""
        write = wire.write

        def noted(items: Sequence[Item]) -> None:
            if not isinstance(items[0], Closing):
                self.packets.append("".join(str(item) for item in items))
                self.waited, self._heard = self.waited + self._heard, False
            write(items)

        wire.write = noted  # type: ignore[method-assign]
        super().attach(wire)

    def received(self, data: bytes) -> None:
        self._heard = True
        self.heard += data
        super().received(data)

    @property
    def flights(self) -> int:
        """Packets with a wait between them, up to now."""
        return self.waited + 1


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
        timing: LinkTiming | None = None,
        own: Address = OWN,
        tokens: Kept | None = None,
        opener: Opened | None = None,
        paced: bool = False,
        small_hello: bool = True,
        compressed: bool = False,
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
        self.streams: list[Recorded] = []
        self.opener = opener or Opened()
        self._passwords = list(passwords)
        self._changed = asyncio.Event()
        self._sleep = sleep
        self.account = Account(
            own,
            host="127.0.0.1" if resolver is None else "",
            port=port,
            tls=tls,
            ca_file=str(ca_file),
            allow_plain=allow_plain,
            resource=resource,
        )
        self.connector = Connector(
            self._make_stream,
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
            timeouts=timeouts or (None if timing else Timeouts(connect=5, step=5, probe=5)),
            timing=timing,
            tokens=tokens,
            opener=self.opener,
            paced=lambda: paced,
            small_hello=lambda: small_hello,
            compressed=lambda: compressed,
        )

    async def __aenter__(self) -> Self:
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

    def _make_stream(self) -> Recorded:
        made = Recorded(self.account, facts=self.facts)
        self.streams.append(made)
        return made

    def _on_stream(self, stream: Stream) -> None:
        self.opener.stream = stream
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
