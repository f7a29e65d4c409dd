"""The other ways to a real server: WebSocket and BOSH, and everything through a proxy."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.server.chat_server import Account as ServerAccount
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tests.session.link.rig import Facts
from tests.session.transport.proxies import ProxyServer
from tui_xmpp.core.account import Account, TlsMode, TransportKind
from tui_xmpp.core.address import Address
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.session.connector import Connector
from tui_xmpp.session.opening import SignedIn
from tui_xmpp.session.resolver import Service
from tui_xmpp.session.stream import Stream

pytestmark = pytest.mark.server

DEADLINE = 20.0
HTTP = [TransportKind.WEBSOCKET, TransportKind.BOSH]


class NoDns:
    """Answers nothing, and counts who asks."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def services(self, service: str, domain: str) -> Sequence[Service]:
        self.asked.append(domain)
        return ()

    async def addresses(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return ("127.0.0.1",)


class Guest:
    """Somebody signed in through the connector, and what came for them."""

    def __init__(self, person: ServerAccount, server: ChatServer, **settings: object) -> None:
        self.address = Address.parse(person.address)
        self.account = Account(self.address, ca_file=str(server.ca_file), **settings)  # type: ignore[arg-type]
        self.password = person.password
        self.resolver = NoDns()
        self.bodies: asyncio.Queue[str] = asyncio.Queue()
        self.online = asyncio.Event()
        self.bound: Address | None = None
        self.reasons: list[str] = []
        facts = Facts()
        self.connector = Connector(
            lambda: Stream(self.account, facts=facts),
            self.account,
            password=self._password,
            facts=facts,
            clock=RealClock(),
            tell=self._tell,
            on_stream=self._on_stream,
            on_ready=self._on_ready,
            on_lost=lambda: None,
            resolver=self.resolver,
            rng=random.Random(1),
        )

    async def __aenter__(self) -> Guest:
        self.connector.start()
        try:
            async with asyncio.timeout(DEADLINE):
                await self.online.wait()
        except TimeoutError:
            await self.connector.stop()
            raise AssertionError(self.reasons) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connector.stop()

    @property
    def stream(self) -> Stream:
        assert self.connector.stream is not None
        return self.connector.stream

    def send(self, to: Guest, body: str) -> None:
        # To the resource: what comes for the account just before its presence may stay in the offline store.
        self.stream.write(f"<message to='{to.bound}' type='chat'><body>{body}</body></message>")

    async def receive(self) -> str:
        try:
            async with asyncio.timeout(DEADLINE):
                return await self.bodies.get()
        except TimeoutError:
            raise AssertionError(f"nothing came for {self.address}; the link: {self.reasons}") from None

    async def _password(self, reason: str) -> str | None:
        return self.password

    def _tell(self, change: object) -> None:
        self.reasons.append(change.reason)  # type: ignore[attr-defined]

    def _on_stream(self, stream: Stream) -> None:
        stream.add_event_handler("message", lambda message: self.bodies.put_nowait(message["body"]))

    async def _on_ready(self, signed: SignedIn) -> None:
        self.bound = signed.bound
        self.stream.write("<presence/>")
        self.online.set()


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def url(server: ChatServer, kind: TransportKind) -> str:
    return server.websocket_url if kind is TransportKind.WEBSOCKET else server.bosh_url


@pytest.mark.parametrize("kind", HTTP)
async def test_messages_go_both_ways(kind: TransportKind, server: ChatServer, accounts: Accounts) -> None:
    anna, ben = accounts(server, "anna", "ben")
    settings = {"transport": kind, "url": url(server, kind)}
    async with Guest(anna, server, **settings) as one, Guest(ben, server, **settings) as other:
        wire = one.stream.wire
        assert wire is not None and wire.kind is kind
        assert wire.certificate() is not None
        for number in range(5):
            one.send(other, f"there &lt;{number}&gt;")
            other.send(one, f"back {number}")
        assert [await other.receive() for _ in range(5)] == [f"there <{number}>" for number in range(5)]
        assert [await one.receive() for _ in range(5)] == [f"back {number}" for number in range(5)]
        assert wire.bytes_in > 1000
        assert wire.bytes_out > 500
        big = "x" * 100_000
        one.send(other, big)
        assert await other.receive() == big


@pytest.mark.parametrize("scheme", ["socks5", "http"])
@pytest.mark.parametrize("kind", [TransportKind.TCP, *HTTP])
async def test_all_goes_through_the_proxy(
    scheme: str, kind: TransportKind, server: ChatServer, accounts: Accounts
) -> None:
    (anna,) = accounts(server, "anna")
    settings: dict[str, object] = {"transport": kind}
    if kind is TransportKind.TCP:
        settings |= {"host": "localhost", "port": server.c2s_port, "tls": TlsMode.STARTTLS}
    else:
        settings |= {"url": url(server, kind)}
    async with (
        ProxyServer(scheme, user="me", password="p:w") as proxy,
        Guest(anna, server, proxy=f"{scheme}://me:p%3Aw@127.0.0.1:{proxy.port}", **settings) as one,
    ):
        one.send(one, "to myself")
        assert await one.receive() == "to myself"
        assert proxy.reached
        assert all(host == "localhost" for host, _ in proxy.reached)
        assert one.resolver.asked == []


@pytest.mark.parametrize("kind", HTTP)
async def test_the_web_server_of_the_domain_says_where(
    kind: TransportKind, server: ChatServer, accounts: Accounts
) -> None:
    (anna,) = accounts(server, "anna")
    async with ProxyServer("socks5") as proxy:
        proxy.ports[443] = server.https_port
        async with Guest(anna, server, transport=kind, proxy=f"socks5://127.0.0.1:{proxy.port}") as one:
            wire = one.stream.wire
            assert wire is not None and wire.kind is kind
            one.send(one, "to myself")
            assert await one.receive() == "to myself"
            assert proxy.reached[0] == ("localhost", 443)
            assert one.resolver.asked == []


@pytest.mark.parametrize("kind", HTTP)
async def test_nothing_is_lost_when_the_link_is_cut(
    kind: TransportKind, server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna, ben = accounts(server, "anna", "ben")
    changed = {"host": "", "port": 0, "tls": None, "transport": kind, "url": url(server, kind)}
    async with Person(ben, server, tmp_path / "ben") as other:
        await other.online()
        for run in range(2):
            async with Person(anna, server, tmp_path / "anna", changed=changed) as one:
                await one.online()
                for number in range(3):
                    await one.do(SendMessage(one.chat(other), f"{run} {number}"))
                    wire = stream_of(one).wire
                    assert wire is not None and wire.kind is kind
                    wire.abort()
                    await other.do(SendMessage(other.chat(one), f"back {run} {number}"))
                    await other.message(one, f"{run} {number}")
                    await one.message(other, f"back {run} {number}")
        bodies = [message.body for message in other.messages(one) if message.body[0] in "01"]
        assert bodies == [f"{run} {number}" for run in range(2) for number in range(3)]


def stream_of(person: Person) -> Stream:
    (running,) = person.session._accounts.values()
    stream = running.link.stream if running.link is not None else None
    assert stream is not None
    return stream
