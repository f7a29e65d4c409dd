"""Where to connect: settings, DNS, and what worked before."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from tests.session.link.rig import OWN, Facts, Names
from tui_xmpp.core.account import Account, TlsMode
from tui_xmpp.core.address import Address
from tui_xmpp.session import endpoints
from tui_xmpp.session.endpoints import Endpoint
from tui_xmpp.session.failure import Failure
from tui_xmpp.session.resolver import DnsFailure, Service, SystemResolver

ACCOUNT = Account(OWN)
DIRECT, STARTTLS = TlsMode.DIRECT, TlsMode.STARTTLS


class NoDns(Names):
    async def services(self, service: str, domain: str) -> Sequence[Service]:
        raise DnsFailure

    async def addresses(self, host: str) -> Sequence[str]:
        raise DnsFailure


async def found(
    account: Account, services: Mapping[str, Sequence[Service]], facts: Facts | None = None
) -> list[tuple[str, int, TlsMode]]:
    made = await endpoints.find(account, Names(services), facts or Facts(), random.Random(1))
    return [(one.host, one.port, one.tls) for one in made]


async def test_a_host_in_the_settings_is_the_only_one() -> None:
    one = replace(ACCOUNT, host="xmpp.example.net")
    both = [("xmpp.example.net", 5223, DIRECT), ("xmpp.example.net", 5222, STARTTLS)]
    assert await found(one, {"xmpp-client": [Service(0, 0, 5222, "evil.example")]}) == both
    assert await found(replace(one, tls=STARTTLS), {}) == both[1:]
    assert await found(replace(one, port=443), {}) == [
        ("xmpp.example.net", 443, DIRECT),
        ("xmpp.example.net", 443, STARTTLS),
    ]


async def test_direct_tls_goes_first_then_by_priority() -> None:
    services = {
        "xmpp-client": [Service(5, 0, 5222, "b"), Service(1, 0, 5222, "a")],
        "xmpps-client": [Service(9, 0, 443, "c")],
    }
    assert await found(ACCOUNT, services) == [
        ("c", 443, DIRECT),
        ("a", 5222, STARTTLS),
        ("b", 5222, STARTTLS),
    ]
    assert await found(replace(ACCOUNT, tls=STARTTLS), services) == [
        ("a", 5222, STARTTLS),
        ("b", 5222, STARTTLS),
    ]


def test_weight_decides_by_chance() -> None:
    services = [Service(1, 90, 1, "heavy"), Service(1, 10, 1, "light"), Service(1, 0, 1, "none")]
    rng = random.Random(3)
    firsts = Counter(endpoints.ordered(services, rng)[0].target for _ in range(1000))
    assert 850 < firsts["heavy"] < 950
    assert len(endpoints.ordered(services, rng)) == 3


async def test_without_records_the_domain_itself() -> None:
    assert await found(ACCOUNT, {}) == [("example.org", 5222, STARTTLS)]
    wide = replace(ACCOUNT, address=Address.parse("juliet@bücher.example"))
    assert await found(wide, {}) == [("xn--bcher-kva.example", 5222, STARTTLS)]


async def test_a_dot_says_that_there_is_no_service() -> None:
    nothing = {"xmpp-client": [Service(0, 0, 0, ".")], "xmpps-client": [Service(0, 0, 0, ".")]}
    with pytest.raises(Failure, match="no chat service"):
        await found(ACCOUNT, nothing)
    assert await found(ACCOUNT, {**nothing, "xmpp-client": [Service(0, 0, 5222, "a")]}) == [
        ("a", 5222, STARTTLS)
    ]


async def test_what_worked_goes_first_and_is_used_when_dns_is_silent() -> None:
    facts = Facts()
    good = Endpoint("b", 5222, STARTTLS, ("192.0.2.7",))
    endpoints.remember(facts, ACCOUNT, good)
    services = {"xmpp-client": [Service(1, 0, 5222, "a"), Service(2, 0, 5222, "b")]}
    assert (await found(ACCOUNT, services, facts))[0] == ("b", 5222, STARTTLS)
    (stale,) = await endpoints.find(ACCOUNT, NoDns(), facts, random.Random(1))
    assert (await endpoints.locate(stale, NoDns())).addresses == ("192.0.2.7",)
    with pytest.raises(Failure, match="DNS does not answer"):
        await endpoints.find(ACCOUNT, NoDns(), Facts(), random.Random(1))


async def test_a_damaged_memory_is_no_memory() -> None:
    for damaged in ("", "{", "[]", '{"host": 1}', '{"host":"a","port":"x","tls":"direct","addresses":[]}'):
        facts = Facts()
        facts.put("endpoint", str(OWN), damaged)
        assert await found(ACCOUNT, {}, facts) == [("example.org", 5222, STARTTLS)]


async def test_an_unknown_host_is_named() -> None:
    class Nobody(Names):
        async def addresses(self, host: str) -> Sequence[str]:
            return ()

    with pytest.raises(Failure, match=r"no server called xmpp\.example"):
        await endpoints.locate(Endpoint("xmpp.example", 1, DIRECT), Nobody())


async def test_an_ip_address_needs_no_dns() -> None:
    assert await SystemResolver().addresses("127.0.0.1") == ("127.0.0.1",)
    assert await SystemResolver().addresses("[::1]") == ("::1",)
