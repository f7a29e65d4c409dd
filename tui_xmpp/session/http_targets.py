"""Where files may be put and fetched from: on public servers by HTTPS, and where our own server is.

Guard G8, for promises 1 and 6: no address of somebody else leads a request into the user's own network, to
a file or in clear (CWE-918 server-side request forgery, CWE-601 redirects, CWE-319). Names are in
`file_names.py`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import quote, urljoin, urlsplit

from tui_xmpp.core.value import value

from .feature import Failed
from .resolver import DnsFailure, Resolver
from .transport import tls

_MOST_URL = 4096
_PRINTABLE = re.compile("[!-~]+")
_KEPT = "%/:?@!$&'()*+,;=~-._[]"
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)\.?", re.IGNORECASE)
"""The last label of what old resolvers read as an IPv4 address: 127.1, 0x7f000001."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


@value
class Target:
    """A server that may be connected to."""

    url: str
    """To ask for; without a fragment."""
    host: str
    """In A-labels; the certificate must have it."""
    port: int
    addresses: tuple[str, ...]
    """Checked: connect to these and do not look up again. Empty: the proxy looks the name up."""


def plain_url(text: str) -> str:
    """Return an `aesgcm://` address as the `https://` one it stands for; what is behind `#` stays here.

    What an address cannot hold is percent-encoded in its path (RFC 3987 §3.1), and nothing else is touched.
    """
    url = text.partition("#")[0]
    if url.startswith("aesgcm://"):
        url = f"https://{url.removeprefix('aesgcm://')}"
    scheme, middle, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{middle}{host}{slash}{quote(path, safe=_KEPT, errors='replace')}"


def redirected(url: str, location: str) -> str:
    """Return where a server sends us on to (RFC 9110 §10.2.2); raises `Failed`."""
    try:
        return urljoin(url, location).partition("#")[0]
    except ValueError:
        raise Failed("The server sends on to something that is no address.", "address") from None


async def checked(
    url: str, resolver: Resolver, *, own: Collection[str] = (), proxied: bool = False
) -> Target:
    """Return where *url* leads; raises `Failed` with a sentence where it leads to what is not public.

    *own* are addresses of the account's own server, which may be anywhere. *proxied*: a proxy will look the
    name up, which hides the addresses from us; then only names that say by themselves where they lead are
    refused.
    """
    host, port = _host(url)
    name = tls.server_name(host)
    literal = _ip(host)
    if literal is not None or proxied:
        if literal is None and _is_local_name(name):
            raise _private(host)
        if literal is not None and str(literal) not in own and not is_public(literal):
            raise _private(host)
        return Target(url, name, port, () if proxied else (str(literal),))
    try:
        found = await resolver.addresses(name)
    except DnsFailure:
        raise Failed(f"DNS gave no answer for {host}. Check the network.", "dns") from None
    if not found:
        raise Failed(f"There is no host {host}.", "dns")
    allowed = tuple(one for one in found if one in own or is_public(_ip(one)))
    if not allowed:
        raise _private(host)
    return Target(url, name, port, allowed)


def is_public(address: _Ip | None) -> bool:
    """Whether an address is one of the public internet; also what is embedded in one of IPv6."""
    if address is None:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if inside is None and address in _NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(inside)
    return address.is_global and not address.is_multicast


def _host(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or len(url) > _MOST_URL or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise Failed("That is not an address a file can be at.", "address")
    if parts.scheme != "https":
        raise Failed(f"{host} would be spoken to without encryption: only https is used.", "address")
    if parts.username is not None or parts.password is not None:
        raise Failed("The address of the file holds a name or password, and is not used.", "address")
    return host, port or 443


def _ip(host: str) -> _Ip | None:
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _is_local_name(host: str) -> bool:
    labels = host.rstrip(".").split(".")
    return (
        len(labels) == 1
        or labels[-1].lower() in ("localhost", "local", "internal", "lan", "home", "intranet")
        or bool(_NUMBER.fullmatch(labels[-1]))
    )


def _private(host: str) -> Failed:
    return Failed(f"{host} is in a private network, and not where your server is: it is not used.", "private")
