"""Where else a domain can be reached, as its web server says (XEP-0156, XEP-0487)."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeGuard
from xml.parsers import expat

from tui_xmpp.core.value import value

from ..core.account import TransportKind
from ..core.network import parse_url
from .failure import Failure

if TYPE_CHECKING:
    from .transport.https import Dial

PATH = "/.well-known/host-meta"
_MOST_BYTES = 64 * 1024
_MOST_LINKS = 32
_USUAL_SECONDS = 24 * 3600.0
_LONGEST_SECONDS = 7 * 24 * 3600.0
"""XEP-0487 §6 advises no more."""
_RELATION = "urn:xmpp:alt-connections:"
_KINDS = {
    f"{_RELATION}tls": TransportKind.TCP,
    f"{_RELATION}websocket": TransportKind.WEBSOCKET,
    f"{_RELATION}xbosh": TransportKind.BOSH,
}
_LINK = "http://docs.oasis-open.org/ns/xri/xrd-1.0}Link"


@value
class Link:
    """One way to connect."""

    kind: TransportKind
    """TCP stands for direct TLS (XEP-0368)."""
    url: str = ""
    """Of WebSocket or BOSH."""
    port: int = 0
    """Of direct TLS."""
    name: str = ""
    """To ask for in TLS, and to check the certificate for; empty: the host of the URL."""
    addresses: tuple[str, ...] = ()
    priority: int = 0
    weight: int = 0


@value
class HostMeta:
    """What a domain says."""

    links: tuple[Link, ...]
    seconds: float
    """How long that holds."""


async def ask(domain: str, dial: Dial, context: ssl.SSLContext, *, timeout: float) -> HostMeta:
    """Return what *domain* (in A-labels) says over HTTPS; *dial* opens a connection to its port 443.

    *timeout* is in seconds, for each step. Raises Failure when it says nothing that can be trusted; no
    redirect is followed.
    """
    import aiohttp

    from .transport.https import Https, HttpStatus

    https = Https(dial, context=context, server_name=domain, timeout=timeout)
    try:
        for path, read in ((f"{PATH}.json", read_json), (PATH, read_xml)):
            with contextlib.suppress(HttpStatus, ValueError):
                return read(await https.get(f"https://{domain}{path}", most=_MOST_BYTES, timeout=timeout))
    except (aiohttp.ClientError, OSError, TimeoutError):
        raise Failure(f"{domain} does not say how else it can be reached.", "no-host-meta") from None
    finally:
        await https.close()
    raise Failure(f"{domain} does not say how else it can be reached.", "no-host-meta")


def read_json(text: bytes) -> HostMeta:
    """Return what a JRD says (RFC 6415 appendix A, XEP-0487 §2.1); raises ValueError."""
    try:
        told = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(told, dict):
        raise ValueError("not a JRD")
    links = told.get("links")
    more = told.get("xmpp")
    seconds = more.get("ttl") if isinstance(more, dict) else None
    return HostMeta(
        tuple(_links(links if isinstance(links, list) else [])),
        min(float(seconds), _LONGEST_SECONDS) if _is_count(seconds) else _USUAL_SECONDS,
    )


def read_xml(text: bytes) -> HostMeta:
    """Return what an XRD says (RFC 6415 §3); raises ValueError, also for a DTD."""
    links: list[dict[str, str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == _LINK:
            links.append(attributes)

    def forbidden(*_: object) -> None:
        raise ValueError("a DTD")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = forbidden
    parser.EntityDeclHandler = forbidden
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
    return HostMeta(tuple(_links(links)), _USUAL_SECONDS)


def _links(found: list[Any]) -> Iterator[Link]:
    for one in found[:_MOST_LINKS]:
        kind = _KINDS.get(str(one.get("rel"))) if isinstance(one, dict) else None
        link = None if kind is None else _link(kind, one)
        if link is not None:
            yield link


def _link(kind: TransportKind, told: dict[str, Any]) -> Link | None:
    url, port = told.get("href"), told.get("port")
    if kind is TransportKind.TCP:
        if not _is_count(port) or not 0 < port < 65536 or not told.get("sni"):
            return None
        url = ""
    else:
        # XEP-0156 §2.2: "MUST only use connection URLs starting with 'https://' or 'wss://'".
        try:
            if not isinstance(url, str) or parse_url(url).kind is not kind:
                return None
        except ValueError:
            return None
        port = 0
    ips, name = told.get("ips"), told.get("sni")
    return Link(
        kind,
        url,
        port,
        name if isinstance(name, str) and name.isascii() else "",
        tuple(_addresses(ips if isinstance(ips, list) else [])),
        *(told[key] if _is_count(told.get(key)) else 0 for key in ("priority", "weight")),
    )


def _addresses(found: list[Any]) -> Iterator[str]:
    for one in found[:_MOST_LINKS]:
        with contextlib.suppress(ValueError):
            yield str(ipaddress.ip_address(str(one)))


def _is_count(told: object) -> TypeGuard[int]:
    return isinstance(told, int) and not isinstance(told, bool) and 0 <= told < 2**31
