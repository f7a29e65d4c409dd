"""Addresses of servers and proxies as the configuration writes them, and what is wrong with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .account import TransportKind
from .value import value

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_SCHEMES = {"wss": TransportKind.WEBSOCKET, "https": TransportKind.BOSH}
_PORT = 443


@value
class Url:
    """Where a WebSocket or BOSH is."""

    kind: TransportKind
    host: str
    port: int


@value
class Proxy:
    """What everything goes through."""

    scheme: str
    """`socks5` or `http`."""
    host: str
    port: int
    user: str = ""
    password: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def __repr__(self) -> str:
        return f"Proxy({self})"


def parse_url(text: str) -> Url:
    """Return what *text* says; raises ValueError with the reason, to follow the name of the setting."""
    parts = _split(text)
    kind = _SCHEMES.get(parts.scheme)
    if kind is None:
        raise ValueError("must begin with wss:// (WebSocket) or https:// (BOSH)")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must be without a name and password")
    if parts.fragment:
        raise ValueError("must be without a #")
    host = _host(parts)
    return Url(kind, host, _port(parts) or _PORT)


def parse_proxy(text: str) -> Proxy:
    """Return what *text* says, its `%` signs decoded (RFC 3986 §2.1); raises ValueError as `parse_url`."""
    from urllib.parse import unquote

    parts = _split(text)
    if parts.scheme not in ("socks5", "http"):
        raise ValueError("must begin with socks5:// or http://")
    host = _host(parts)
    port = _port(parts)
    if not port:
        raise ValueError(f"must have a port, like {parts.scheme}://{parts.hostname}:1080")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must end with the port")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if any(len(one.encode()) > 255 for one in (user, password)) or ":" in user:
        raise ValueError("has a name or password that proxies do not know")
    return Proxy(parts.scheme, host, port, user, password)


def url_fault(text: str, transport: TransportKind) -> str:
    """Say why *text* is no `url` for *transport*; empty: nothing is wrong."""
    if not text:
        return ""
    try:
        kind = parse_url(text).kind
    except ValueError as error:
        return str(error)
    if transport is TransportKind.TCP:
        return 'is of use with transport = "websocket" or "bosh" only'
    if transport not in (TransportKind.AUTO, kind):
        fitting = next(scheme for scheme, one in _SCHEMES.items() if one is transport)
        return f'must begin with {fitting}:// for transport = "{transport.value}"'
    return ""


def proxy_fault(text: str) -> str:
    """Say why *text* is no `proxy`; empty: nothing is wrong."""
    try:
        if text:
            parse_proxy(text)
    except ValueError as error:
        return str(error)
    return ""


def _split(text: str) -> SplitResult:
    # Most accounts have neither a url nor a proxy, and start sooner without it.
    from urllib.parse import urlsplit

    if any(char.isspace() or not char.isprintable() for char in text):
        raise ValueError("must be without spaces")
    try:
        return urlsplit(text)
    except ValueError:
        raise ValueError("is not an address") from None


def _host(parts: SplitResult) -> str:
    if not parts.hostname:
        raise ValueError("must name a host")
    return parts.hostname


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or 0
    except ValueError:
        raise ValueError("has a port that is none") from None
