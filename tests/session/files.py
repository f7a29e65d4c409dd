"""What the tests of files need: an account whose files lie on a scripted server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tests.session.wire import Wire
from tui_xmpp.session.resolver import Service


class Names:
    """DNS: every name leads to loopback, but for those the test says otherwise of."""

    def __init__(self, addresses: Mapping[str, Sequence[str]] | None = None) -> None:
        self.known = dict(addresses or {})
        self.asked: list[str] = []

    async def services(self, service: str, domain: str) -> Sequence[Service]:
        return ()

    async def addresses(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self.known.get(host, ("127.0.0.1",))


def use_loopback(wire: Wire, ca_file: Path, *, own: bool = True) -> Names:
    """Trust an authority, and let names lead to loopback, where our own server is as well (`own`)."""
    names = Names()
    wire.account.account = replace(wire.account.account, ca_file=str(ca_file))
    wire.account.files.resolver = names
    addresses = frozenset({"127.0.0.1"} if own else ())
    wire.account.files.own_addresses = lambda: addresses  # type: ignore[method-assign]
    return names
