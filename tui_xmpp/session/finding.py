"""Finds the account's server: by what worked before, then DNS, then what its web server says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from socket import socket

from ..core.account import Account, TlsMode, TransportKind
from ..core.ports import KeyValue
from . import endpoints, host_meta
from .endpoints import Endpoint
from .failure import Failure
from .host_meta import HostMeta, Link
from .resolver import Resolver, Service
from .transport.tls import server_name

STALE_SECONDS = 3600.0
_MEMORY = "host-meta"
_HTTPS_PORT = 443
_MOST_TARGETS = 8
"""Of SRV records: more are of no use to anybody."""

Dial = Callable[[Endpoint], Awaitable[socket]]
"""Opens a TCP connection to an endpoint, through the account's proxy if it has one."""


class Finder:
    """One account's. *dial* and *context* are for asking the web server of its domain."""

    def __init__(
        self,
        account: Account,
        *,
        resolver: Resolver,
        facts: KeyValue,
        rng: random.Random,
        now: Callable[[], datetime],
        dial: Dial,
        context: Callable[[], ssl.SSLContext],
        timeout: float = 15.0,
    ) -> None:
        self._account = account
        self._resolver = resolver
        self._facts = facts
        self._rng = rng
        self._now = now
        self._dial = dial
        self._context = context
        self._timeout = timeout
        self._kinds = endpoints.kinds(account)

    async def ways(
        self, *, stale_seconds: float = STALE_SECONDS, location: str = "", known_only: bool = False
    ) -> AsyncGenerator[Endpoint, None]:
        """Yield endpoints with their addresses, best first; the next is looked for when it is asked for.

        The one that worked last comes without a question to anybody while its addresses are fresher than
        *stale_seconds*; before it *location*, where a session can be resumed best (XEP-0198 §5).
        *known_only*: if there is such a one, no other. Raises the Failure that kept it from finding any, at
        the end.
        """
        tried: list[Endpoint] = []
        failures: list[Failure] = []
        for first in await self._known(stale_seconds, location):
            tried.append(first)
            yield first
        if tried and known_only:
            return
        for look in (self._over_tcp, self._over_http):
            async with contextlib.aclosing(look(failures)) as found:
                async for one in found:
                    if not any(_is_again(one, before) for before in tried):
                        tried.append(one)
                        yield one
        if not tried:
            raise failures[0] if failures else Failure("No server was found.")

    async def refresh(self) -> None:
        """Ask DNS anew for the endpoint that worked last, so that the next connection need not."""
        known = endpoints.recall(self._facts, self._account)
        if known is None or self._account.proxy:
            return
        with contextlib.suppress(Failure):
            if known.kind is TransportKind.TCP:
                listed = await endpoints.find(self._account, self._resolver, self._facts, self._rng)
                if not any(one.same_place(known) for one in listed):
                    endpoints.remember(self._facts, self._account, replace(known, found_at=0.0))
                    return
            endpoints.remember(self._facts, self._account, await self._locate(known))

    async def _known(self, stale_seconds: float, location: str) -> Sequence[Endpoint]:
        known = endpoints.recall(self._facts, self._account)
        if known is None:
            return ()
        first: list[Endpoint] = []
        preferred = endpoints.at_location(location, known) if location else None
        if preferred is not None and not preferred.same_place(known):
            with contextlib.suppress(Failure):
                first.append(await self._locate(preferred))
        # What worked in a network that let nothing else through is not to be used for good.
        age = self._now().timestamp() - known.found_at
        if 0 <= age < stale_seconds and (known.addresses or self._account.proxy):
            first.append(known)
        return first

    async def _over_tcp(self, failures: list[Failure]) -> AsyncGenerator[Endpoint, None]:
        if TransportKind.TCP not in self._kinds:
            return
        try:
            found = await endpoints.find(self._account, self._resolver, self._facts, self._rng)
        except Failure as failure:
            failures.append(failure)
            return
        async with contextlib.aclosing(self._located(found, failures)) as located:
            async for one in located:
                yield one

    async def _over_http(self, failures: list[Failure]) -> AsyncGenerator[Endpoint, None]:
        if self._account.transport is TransportKind.TCP:
            return
        if self._account.url:
            found = [endpoints.at_url(self._account.url)]
        else:
            try:
                links = await self._links()
            except Failure as failure:
                failures.append(failure)
                return
            found = self._of_links(links)
        if self._account.transport is not TransportKind.AUTO and not found:
            failures.append(
                Failure(
                    f"{self._account.address.domain} does not say where its "
                    f"{self._account.transport.value} is. Ask its operator, and set url for this account.",
                    "no-host-meta",
                )
            )
        wanted = [one for one in found if one.kind in self._kinds]
        async with contextlib.aclosing(self._located(wanted, failures, anew=False)) as located:
            async for one in located:
                yield one

    async def _located(
        self, found: Sequence[Endpoint], failures: list[Failure], *, anew: bool = True
    ) -> AsyncGenerator[Endpoint, None]:
        """Yield what can be located, in order; all are looked up side by side."""
        tasks = [asyncio.create_task(self._locate(one, anew=anew)) for one in found[:_MOST_TARGETS]]
        try:
            for task in tasks:
                try:
                    located = await task
                except Failure as failure:
                    failures.append(failure)
                    continue
                yield located
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _locate(self, endpoint: Endpoint, *, anew: bool = True) -> Endpoint:
        now = self._now().timestamp()
        # Behind a proxy no name is looked up here, not even the server's own.
        if self._account.proxy or (endpoint.addresses and not anew):
            return replace(endpoint, found_at=now)
        located = await endpoints.locate(endpoint, self._resolver)
        # DNS that does not answer leaves the addresses of before.
        return located if located is endpoint else replace(located, found_at=now)

    # --- what the web server says --------------------------------------------------------------------

    def _of_links(self, links: Sequence[Link]) -> list[Endpoint]:
        made: list[Endpoint] = []
        domain = server_name(self._account.address.domain)
        for kind in (TransportKind.TCP, TransportKind.WEBSOCKET, TransportKind.BOSH):
            for link in self._ordered([one for one in links if one.kind is kind]):
                if kind is not TransportKind.TCP:
                    made.append(endpoints.at_url(link.url, addresses=link.addresses, name=link.name))
                # Over TCP the certificate is checked for the domain and nothing else.
                elif link.name == domain and self._account.tls is not TlsMode.STARTTLS:
                    made.append(Endpoint(domain, link.port, TlsMode.DIRECT, link.addresses))
        return made

    def _ordered(self, links: Sequence[Link]) -> list[Link]:
        # XEP-0487 §2.1: "Use as defined in RFC 2782".
        records = [Service(link.priority, link.weight, 0, str(number)) for number, link in enumerate(links)]
        return [links[int(record.target)] for record in endpoints.ordered(records, self._rng)]

    async def _links(self) -> Sequence[Link]:
        domain = server_name(self._account.address.domain)
        kept = self._kept(domain)
        now = self._now().timestamp()
        if kept is not None and now < kept[0]:
            return kept[1]
        try:
            told = await self._ask(domain)
        except Failure:
            # XEP-0487 §3.2: "and also fall back to expired data if needed".
            if kept is not None:
                return kept[1]
            raise
        links = [{**asdict(one), "kind": one.kind.value} for one in told.links]
        self._facts.put(_MEMORY, domain, json.dumps({"until": now + told.seconds, "links": links}))
        return told.links

    async def _ask(self, domain: str) -> HostMeta:
        there = await self._locate(Endpoint(domain, _HTTPS_PORT, TlsMode.DIRECT, kind=TransportKind.BOSH))

        async def dial() -> socket:
            return await self._dial(there)

        return await host_meta.ask(domain, dial, self._context(), timeout=self._timeout)

    def _kept(self, domain: str) -> tuple[float, tuple[Link, ...]] | None:
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            read = json.loads(self._facts.get(_MEMORY, domain) or "")
            links = tuple(
                Link(
                    **{
                        **one,
                        "kind": TransportKind(one["kind"]),
                        "addresses": tuple(map(str, one["addresses"])),
                    }
                )
                for one in read["links"]
            )
            return float(read["until"]), links
        return None


def _is_again(one: Endpoint, before: Endpoint) -> bool:
    return one.same_place(before) and set(one.addresses) <= set(before.addresses)
