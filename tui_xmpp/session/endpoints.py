"""Where to connect: from the account's settings, from DNS, and from what worked before."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tui_xmpp.core.value import value

from ..core.account import Account, TlsMode, TransportKind
from ..core.network import parse_url
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
    kind: TransportKind = TransportKind.TCP
    url: str = ""
    """Of WebSocket or BOSH."""
    name: str = ""
    """To ask for in TLS, for WebSocket and BOSH; empty: the host."""
    found_at: float = 0.0
    """When its addresses were last asked for, seconds since 1970; 0: never."""

    def __str__(self) -> str:
        how = _WORDS.get(self.kind) or ("direct TLS" if self.tls is TlsMode.DIRECT else "STARTTLS")
        return f"{how} to {self.host}:{self.port}"

    def same_place(self, other: Endpoint) -> bool:
        """Whether host, port and what is spoken there are the same."""
        return (self.host, self.port, self.tls, self.kind, self.url) == (
            other.host,
            other.port,
            other.tls,
            other.kind,
            other.url,
        )


_WORDS = {TransportKind.WEBSOCKET: "WebSocket", TransportKind.BOSH: "BOSH"}


def kinds(account: Account) -> tuple[TransportKind, ...]:
    """Return the transports the account may use, best first."""
    if account.transport is TransportKind.AUTO:
        return (TransportKind.TCP, TransportKind.WEBSOCKET, TransportKind.BOSH)
    return (account.transport,)


def at_url(url: str, *, addresses: Sequence[str] = (), name: str = "") -> Endpoint:
    """Return the endpoint of WebSocket or BOSH at *url*; raises ValueError when it is neither."""
    parsed = parse_url(url)
    host = server_name(parsed.host)
    return Endpoint(host, parsed.port, TlsMode.DIRECT, tuple(addresses), kind=parsed.kind, url=url, name=name)


def at_location(location: str, like: Endpoint) -> Endpoint | None:
    """Return where the server would like a session to be resumed (XEP-0198 §5), reached as *like* was.

    *location* is `host:port`, an IPv6 address in brackets, the port optional. None: it is not that.
    """
    if like.kind is not TransportKind.TCP or not location.isascii():
        return None
    host, colon, port = location.rpartition(":")
    if not colon or not port.isdigit():
        host, port = location, str(like.port)
    host = host.strip("[]")
    if not host or not 0 < int(port[:6]) < 65536 or any(char in host for char in "/@? "):
        return None
    return Endpoint(server_name(host), int(port), like.tls)


def configured(account: Account) -> tuple[Endpoint, ...]:
    """Return what the account's `host`, `port` and `tls` say; none when DNS is to be asked.

    Behind a proxy DNS is never asked: without a `host` it is the domain, at the usual ports.
    """
    if not account.host and not account.proxy:
        return ()
    host = server_name(account.host or account.address.domain)
    modes = (account.tls,) if account.tls else (TlsMode.DIRECT, TlsMode.STARTTLS)
    usual = {TlsMode.DIRECT: DIRECT_PORT, TlsMode.STARTTLS: STARTTLS_PORT}
    return tuple(Endpoint(host, account.port or usual[mode], mode) for mode in modes)


async def find(
    account: Account, resolver: Resolver, facts: KeyValue, rng: random.Random
) -> tuple[Endpoint, ...]:
    """Return the endpoints to try over TCP, best first; raises Failure when there are none."""
    known = recall(facts, account)
    if known is not None and known.kind is not TransportKind.TCP:
        known = None
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
        "kind": endpoint.kind.value,
        "url": endpoint.url,
        "name": endpoint.name,
        "found_at": endpoint.found_at,
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


def recall(facts: KeyValue, account: Account) -> Endpoint | None:
    """Return the endpoint that worked last, if the account's settings still allow it."""
    kept = facts.get(_MEMORY, str(account.address.bare))
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        read = json.loads(kept or "")
        endpoint = Endpoint(
            str(read["host"]),
            int(read["port"]),
            TlsMode(read["tls"]),
            tuple(str(address) for address in read["addresses"]),
            TransportKind(read.get("kind", TransportKind.TCP.value)),
            str(read.get("url", "")),
            str(read.get("name", "")),
            float(read.get("found_at", 0)),
        )
        if endpoint.kind in kinds(account) and _fits(account, endpoint):
            return endpoint
    return None


def _fits(account: Account, endpoint: Endpoint) -> bool:
    if endpoint.kind is not TransportKind.TCP:
        return not account.url or account.url == endpoint.url
    fixed = configured(account)
    if fixed:
        return any(endpoint.same_place(one) for one in fixed)
    return account.tls in (None, endpoint.tls)
