"""Questions to DNS: which hosts serve a domain, and where they are."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Protocol

from tui_xmpp.core.value import value

TIMEOUT = 5.0
TRIES = 3

_NOTHING_THERE = frozenset({1, 4})
"""ARES_ENODATA and ARES_ENOTFOUND."""


class DnsFailure(Exception):
    """DNS gave no answer; whether the name exists is not known."""


@value
class Service:
    """One SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str
    """A host name; `.` says that the service is decidedly not there."""


class Resolver(Protocol):
    """Asks DNS; a test answers for it."""

    async def services(self, service: str, domain: str) -> Sequence[Service]:
        """Return the SRV records of `_service._tcp.domain`, none when there are none; raises DnsFailure."""

    async def addresses(self, host: str) -> Sequence[str]:
        """Return the IPv6 and IPv4 addresses of a host, none when there are none; raises DnsFailure."""


class SystemResolver:
    """Asks the name servers this computer is set up with; 5 seconds a try, 3 tries."""

    async def services(self, service: str, domain: str) -> Sequence[Service]:
        """As `Resolver.services`."""
        import aiodns
        import pycares

        try:
            async with aiodns.DNSResolver(timeout=TIMEOUT, tries=TRIES) as resolver:
                found = await resolver.query_dns(f"_{service}._tcp.{domain}", "SRV")
        except aiodns.error.DNSError as error:
            if _code(error) in _NOTHING_THERE:
                return ()
            raise DnsFailure(str(error)) from None
        return tuple(
            Service(record.data.priority, record.data.weight, record.data.port, _host(record.data.target))
            for record in found.answer
            if isinstance(record.data, pycares.SRVRecordData)
        )

    async def addresses(self, host: str) -> Sequence[str]:
        """As `Resolver.addresses`; the hosts file counts."""
        import aiodns

        try:
            return (str(ipaddress.ip_address(host.strip("[]"))),)
        except ValueError:
            pass
        if host.endswith(".local"):
            return await _multicast(host)
        try:
            async with aiodns.DNSResolver(timeout=TIMEOUT, tries=TRIES) as resolver:
                found = await resolver.getaddrinfo(host, family=socket.AF_UNSPEC, type=socket.SOCK_STREAM)
        except aiodns.error.DNSError as error:
            if _code(error) in _NOTHING_THERE:
                return ()
            raise DnsFailure(str(error)) from None
        return tuple(dict.fromkeys(_text(node.addr[0]) for node in found.nodes))


async def _multicast(host: str) -> Sequence[str]:
    """Ask the system's own resolver, which may know multicast DNS (RFC 6762)."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _host(target: str) -> str:
    return target.rstrip(".") or "."


def _text(address: bytes | str) -> str:
    return address.decode("ascii") if isinstance(address, bytes) else address


def _code(error: Exception) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0
