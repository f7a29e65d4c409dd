"""Where to connect: from the account's settings, from DNS, and from what worked before."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tui_xmpp.core.value import value

from ..core.account import Account, TlsMode
from ..core.ports import KeyValue
from .failure import Failure
from .resolver import DnsFailure, Resolver, Service
from .transport.tls import server_name

DIRECT_PORT = 5223
STARTTLS_PORT = 5222

_MEMORY = "endpoint"
_SERVICES = ((TlsMode.DIRECT, "xmpps-client"), (TlsMode.STARTTLS, "xmpp-client"))


@value
class Endpoint:
    """One place to connect to."""

    host: str
    """A host name in A-labels, or an IP address."""
    port: int
    tls: TlsMode
    addresses: tuple[str, ...] = ()
    """Where the host was last found; used when DNS does not answer."""

    def __str__(self) -> str:
        how = "direct TLS" if self.tls is TlsMode.DIRECT else "STARTTLS"
        return f"{how} to {self.host}:{self.port}"

    def same_place(self, other: Endpoint) -> bool:
        """Whether host, port and way of TLS are the same."""
        return (self.host, self.port, self.tls) == (other.host, other.port, other.tls)


def configured(account: Account) -> tuple[Endpoint, ...]:
    """Return what the account's `host`, `port` and `tls` say; none when DNS is to be asked."""
    if not account.host:
        return ()
    host = server_name(account.host)
    modes = (account.tls,) if account.tls else (TlsMode.DIRECT, TlsMode.STARTTLS)
    usual = {TlsMode.DIRECT: DIRECT_PORT, TlsMode.STARTTLS: STARTTLS_PORT}
    return tuple(Endpoint(host, account.port or usual[mode], mode) for mode in modes)


async def find(
    account: Account, resolver: Resolver, facts: KeyValue, rng: random.Random
) -> tuple[Endpoint, ...]:
    """Return the endpoints to try, best first; raises Failure with a sentence when there are none."""
    known = _recalled(facts, account)
    fixed = configured(account)
    if fixed:
        return _good_first(fixed, known)
    try:
        asked = await _discover(account, resolver, rng)
    except DnsFailure:
        if known is not None:
            return (known,)
        raise Failure(
            f"DNS does not answer, so {account.address.domain} could not be found. Check the network.", "dns"
        ) from None
    return _good_first(asked, known)


async def locate(endpoint: Endpoint, resolver: Resolver) -> Endpoint:
    """Return the endpoint with its addresses; raises Failure when the host does not exist."""
    try:
        found = tuple(await resolver.addresses(endpoint.host))
    except DnsFailure:
        if endpoint.addresses:
            return endpoint
        raise Failure(
            f"DNS does not answer, so {endpoint.host} could not be found. Check the network.", "dns"
        ) from None
    if not found:
        raise Failure(
            f"There is no server called {endpoint.host}. Check the part of your address after the @.",
            "no-host",
        )
    return replace(endpoint, addresses=found)


def remember(facts: KeyValue, account: Account, endpoint: Endpoint) -> None:
    """Keep the endpoint that worked, to try it first next time."""
    value = {
        "host": endpoint.host,
        "port": endpoint.port,
        "tls": endpoint.tls.value,
        "addresses": list(endpoint.addresses),
    }
    facts.put(_MEMORY, str(account.address.bare), json.dumps(value))


async def _discover(account: Account, resolver: Resolver, rng: random.Random) -> tuple[Endpoint, ...]:
    domain = server_name(account.address.domain)
    wanted = [(mode, name) for mode, name in _SERVICES if account.tls in (None, mode)]
    answers = await asyncio.gather(
        *(resolver.services(name, domain) for _, name in wanted), return_exceptions=True
    )
    endpoints: list[Endpoint] = []
    answered: list[Sequence[Service]] = []
    for (mode, _), answer in zip(wanted, answers, strict=True):
        if isinstance(answer, BaseException):
            if not isinstance(answer, DnsFailure):
                raise answer
            continue
        answered.append(answer)
        endpoints += [
            Endpoint(one.target, one.port, mode) for one in ordered(answer, rng) if one.target != "."
        ]
    if endpoints:
        return tuple(endpoints)
    if len(answered) < len(wanted):
        raise DnsFailure(domain)
    # RFC 2782: "A Target of "." means that the service is decidedly not available at this domain."
    if any(answered):
        raise Failure(
            f"{account.address.domain} says that it has no chat service. Check the address.", "no-host"
        )
    # RFC 6120 §3.2.2: without SRV records, the domain itself at port 5222.
    if account.tls is TlsMode.DIRECT:
        return (Endpoint(domain, DIRECT_PORT, TlsMode.DIRECT),)
    return (Endpoint(domain, STARTTLS_PORT, TlsMode.STARTTLS),)


def ordered(services: Iterable[Service], rng: random.Random) -> list[Service]:
    """Return SRV records in the order to try them: by priority, then by weighted chance (RFC 2782)."""
    result: list[Service] = []
    groups: dict[int, list[Service]] = {}
    for service in services:
        groups.setdefault(service.priority, []).append(service)
    for _, group in sorted(groups.items()):
        while group:
            # Weight 0 keeps a small chance.
            weights = [service.weight or 0.01 for service in group]
            result.append(group.pop(rng.choices(range(len(group)), weights)[0]))
    return result


def _good_first(endpoints: Sequence[Endpoint], known: Endpoint | None) -> tuple[Endpoint, ...]:
    if known is None:
        return tuple(endpoints)
    first = [replace(one, addresses=known.addresses) for one in endpoints if one.same_place(known)]
    return (*first, *(one for one in endpoints if not one.same_place(known)))


def _recalled(facts: KeyValue, account: Account) -> Endpoint | None:
    kept = facts.get(_MEMORY, str(account.address.bare))
    with contextlib.suppress(ValueError, KeyError, TypeError):
        read = json.loads(kept or "")
        addresses = tuple(str(address) for address in read["addresses"])
        endpoint = Endpoint(str(read["host"]), int(read["port"]), TlsMode(read["tls"]), addresses)
        if account.tls in (None, endpoint.tls):
            return endpoint
    return None
