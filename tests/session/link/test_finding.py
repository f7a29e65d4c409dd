"""In which order a server is looked for, and whom that is asked of."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.session.link.rig import OWN, Facts
from tui_xmpp.core.account import Account, TlsMode, TransportKind
from tui_xmpp.session import endpoints, host_meta
from tui_xmpp.session.endpoints import Endpoint
from tui_xmpp.session.failure import Failure
from tui_xmpp.session.finding import Finder
from tui_xmpp.session.host_meta import HostMeta, Link
from tui_xmpp.session.resolver import DnsFailure, Service

ACCOUNT = Account(OWN)
DIRECT, STARTTLS = TlsMode.DIRECT, TlsMode.STARTTLS
WEBSOCKET, BOSH, TCP = TransportKind.WEBSOCKET, TransportKind.BOSH, TransportKind.TCP
NOW = 1_000_000.0
META = HostMeta((Link(BOSH, "https://web.example/bosh"), Link(WEBSOCKET, "wss://web.example/ws")), 600)


class Dns:
    """Knows the records it was given; one address for each host."""

    def __init__(
        self, services: Mapping[str, Sequence[Service]] | None = None, *, silent: bool = False
    ) -> None:
        self.known = services or {}
        self.silent = silent
        self.asked: list[str] = []
        self.under_way = self.most_under_way = 0

    async def services(self, service: str, domain: str) -> Sequence[Service]:
        await self._ask(f"_{service}._tcp.{domain}")
        return self.known.get(service, ())

    async def addresses(self, host: str) -> Sequence[str]:
        await self._ask(host)
        return () if host == "nowhere" else (f"192.0.2.{len(host)}",)

    async def _ask(self, name: str) -> None:
        self.asked.append(name)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        if self.silent:
            raise DnsFailure


class Rig:
    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, account: Account = ACCOUNT, *, dns: Dns | None = None
    ) -> None:
        self.account = account
        self.dns = dns or Dns()
        self.facts = Facts()
        self.now = NOW
        self.meta: HostMeta | Failure = META
        self.web_asked = 0

        async def ask(domain: str, *_: object, **__: object) -> HostMeta:
            assert domain == "example.org"
            self.web_asked += 1
            if isinstance(self.meta, Failure):
                raise self.meta
            return self.meta

        async def dial(_: Endpoint) -> socket.socket:
            raise AssertionError

        monkeypatch.setattr(host_meta, "ask", ask)
        self.finder = Finder(
            account,
            resolver=self.dns,
            facts=self.facts,
            rng=random.Random(1),
            now=lambda: datetime.fromtimestamp(self.now, UTC),
            dial=dial,
            context=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    def knows(self, endpoint: Endpoint) -> None:
        endpoints.remember(self.facts, self.account, endpoint)

    async def ways(self, most: int = 99, **settings: Any) -> list[str]:
        """The first endpoints; nobody is asked for a further one."""
        found: list[str] = []
        async with contextlib.aclosing(self.finder.ways(**settings)) as ways:
            async for one in ways:
                found.append(f"{one} at {', '.join(one.addresses)}")
                if len(found) == most:
                    break
        return found


GOOD = Endpoint("good.example", 443, DIRECT, ("192.0.2.99",), found_at=NOW - 100)


async def test_what_is_fresh_needs_no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch)
    rig.knows(GOOD)
    assert await rig.ways(1) == ["direct TLS to good.example:443 at 192.0.2.99"]
    assert rig.dns.asked == []
    assert rig.web_asked == 0


async def test_dns_is_asked_once_what_is_fresh_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, dns=Dns({"xmpps-client": [Service(0, 0, 443, "good.example")]}))
    rig.knows(GOOD)
    assert await rig.ways(2) == [
        "direct TLS to good.example:443 at 192.0.2.99",
        "direct TLS to good.example:443 at 192.0.2.12",
    ]
    # With the address it failed at it is not tried again.
    rig.knows(replace(GOOD, addresses=("192.0.2.12",)))
    assert (await rig.ways(2))[1] == "WebSocket to web.example:443 at 192.0.2.11"


@pytest.mark.parametrize("age", [3601.0, -1.0])
async def test_what_is_stale_is_asked_for_anew(age: float, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, dns=Dns({"xmpps-client": [Service(0, 0, 443, "good.example")]}))
    rig.knows(replace(GOOD, found_at=NOW - age))
    assert await rig.ways(1) == ["direct TLS to good.example:443 at 192.0.2.12"]
    assert await rig.ways(1, stale_seconds=1e9) == [
        f"direct TLS to good.example:443 at 192.0.2.{99 if age > 0 else 12}"
    ]


async def test_what_is_stale_is_better_than_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, dns=Dns(silent=True))
    rig.knows(replace(GOOD, found_at=0.0))
    rig.meta = Failure("no")
    assert await rig.ways() == ["direct TLS to good.example:443 at 192.0.2.99"]


async def test_all_names_are_looked_up_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [Service(number, 0, 5222, f"host-{number}") for number in range(5)]
    rig = Rig(monkeypatch, dns=Dns({"xmpp-client": records}))
    assert len(await rig.ways(5)) == 5
    assert rig.dns.most_under_way == 5


async def test_a_host_that_does_not_exist_does_not_hide_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [Service(0, 0, 5222, "nowhere"), Service(1, 0, 5222, "somewhere")]
    rig = Rig(monkeypatch, dns=Dns({"xmpp-client": records}))
    assert await rig.ways(1) == ["STARTTLS to somewhere:5222 at 192.0.2.9"]


async def test_the_web_server_is_asked_last_and_its_answer_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch)
    tcp = ["STARTTLS to example.org:5222 at 192.0.2.11"]
    web = ["WebSocket to web.example:443 at 192.0.2.11", "BOSH to web.example:443 at 192.0.2.11"]
    assert await rig.ways(1) == tcp
    assert rig.web_asked == 0
    assert await rig.ways() == tcp + web
    assert await rig.ways() == tcp + web
    assert rig.web_asked == 1
    rig.now += 601
    rig.meta = Failure("gone")
    # XEP-0487 §3.2: what has expired is better than nothing.
    assert await rig.ways() == tcp + web
    assert rig.web_asked == 2


async def test_what_the_web_server_says_of_addresses_spares_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, replace(ACCOUNT, transport=WEBSOCKET))
    rig.meta = HostMeta(
        (
            Link(WEBSOCKET, "wss://b.example/ws", 0, "example.org", ("192.0.2.2",), 2),
            Link(WEBSOCKET, "wss://a.example/ws", 0, "example.org", ("192.0.2.1",), 1),
            Link(TCP, "", 443, "example.org", ("192.0.2.3",)),
        ),
        600,
    )
    assert await rig.ways() == [
        "WebSocket to a.example:443 at 192.0.2.1",
        "WebSocket to b.example:443 at 192.0.2.2",
    ]
    assert rig.dns.asked == ["example.org"]


async def test_direct_tls_is_taken_from_the_web_server_for_the_domain_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig(monkeypatch, dns=Dns({"xmpp-client": [Service(0, 0, 5222, "nowhere")]}))
    rig.meta = HostMeta(
        (Link(TCP, "", 443, "example.org", ("192.0.2.3",)), Link(TCP, "", 443, "e.example", ("192.0.2.4",))),
        600,
    )
    assert await rig.ways() == ["direct TLS to example.org:443 at 192.0.2.3"]


@pytest.mark.parametrize(
    ("transport", "found"),
    [
        (TCP, ["STARTTLS to example.org:5222 at 192.0.2.11"]),
        (WEBSOCKET, ["WebSocket to web.example:443 at 192.0.2.11"]),
        (BOSH, ["BOSH to web.example:443 at 192.0.2.11"]),
    ],
)
async def test_a_named_transport_is_the_only_one(
    transport: TransportKind, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(monkeypatch, replace(ACCOUNT, transport=transport))
    other = BOSH if transport is not BOSH else WEBSOCKET
    rig.knows(Endpoint("x", 1, DIRECT, ("192.0.2.1",), kind=other, url="u", found_at=NOW))
    assert await rig.ways() == found


async def test_a_url_of_the_account_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, replace(ACCOUNT, transport=WEBSOCKET, url="wss://my.example:8443/ws"))
    assert await rig.ways() == ["WebSocket to my.example:8443 at 192.0.2.10"]
    assert rig.web_asked == 0


async def test_without_a_way_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, replace(ACCOUNT, transport=BOSH))
    rig.meta = HostMeta((), 600)
    with pytest.raises(Failure, match="does not say where its bosh is"):
        await rig.ways()
    silent = Rig(monkeypatch, dns=Dns(silent=True))
    with pytest.raises(Failure, match="DNS does not answer"):
        await silent.ways()


async def test_behind_a_proxy_no_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, replace(ACCOUNT, proxy="socks5://127.0.0.1:9050"))
    assert await rig.ways() == [
        "direct TLS to example.org:5223 at ",
        "STARTTLS to example.org:5222 at ",
        "WebSocket to web.example:443 at ",
        "BOSH to web.example:443 at ",
    ]
    rig.knows(Endpoint("example.org", 5222, STARTTLS, found_at=NOW))
    assert await rig.ways(1) == ["STARTTLS to example.org:5222 at "]
    await rig.finder.refresh()
    assert rig.dns.asked == []


@pytest.mark.parametrize(
    ("location", "first"),
    [
        ("node-2.example:5299", "direct TLS to node-2.example:5299 at 192.0.2.14"),
        ("[2001:db8::1]:9222", "direct TLS to 2001:db8::1:9222 at 192.0.2.11"),
        ("node-2.example", "direct TLS to node-2.example:443 at 192.0.2.14"),
        ("good.example:443", "direct TLS to good.example:443 at 192.0.2.99"),
        ("a/b:1", "direct TLS to good.example:443 at 192.0.2.99"),
        ("x:99999999", "direct TLS to good.example:443 at 192.0.2.99"),
        ("nowhere:1", "direct TLS to good.example:443 at 192.0.2.99"),
    ],
)
async def test_a_location_to_resume_at_goes_first(
    location: str, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(monkeypatch)
    rig.knows(GOOD)
    assert await rig.ways(1, location=location) == [first]


async def test_a_refresh_keeps_what_is_still_there_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, dns=Dns({"xmpps-client": [Service(0, 0, 443, "good.example")]}))
    rig.knows(GOOD)
    await rig.finder.refresh()
    rig.now += 3599
    assert await rig.ways(1) == ["direct TLS to good.example:443 at 192.0.2.12"]
    asked = len(rig.dns.asked)
    rig.dns.silent = True
    await rig.finder.refresh()
    assert await rig.ways(1) == ["direct TLS to good.example:443 at 192.0.2.12"]
    # Gone from DNS: asked for at the next connection.
    rig.dns.silent, rig.dns.known = False, {"xmpps-client": [Service(0, 0, 443, "new.example")]}
    await rig.finder.refresh()
    assert await rig.ways(1) == ["direct TLS to new.example:443 at 192.0.2.11"]
    assert len(rig.dns.asked) > asked


@pytest.mark.parametrize(
    "kept", ["", "{", "[]", '{"until": 9e9, "links": [{"kind": "x"}]}', '{"until": "x"}']
)
async def test_a_damaged_memory_of_the_web_server_is_none(kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, replace(ACCOUNT, transport=BOSH))
    rig.facts.put("host-meta", "example.org", kept)
    assert await rig.ways() == ["BOSH to web.example:443 at 192.0.2.11"]
    assert json.loads(rig.facts.get("host-meta", "example.org") or "")["until"] == NOW + 600
