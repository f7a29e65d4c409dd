"""A TCP connection through a SOCKS5 (RFC 1928) or HTTP (RFC 9110 §9.3.6) proxy, which looks the name up."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import socket
import struct

from ...core.network import Proxy
from ..failure import Failure
from .tcp import open_socket

_MOST_REPLY = 16 * 1024
_NO_PASSWORD, _PASSWORD = 0, 2
_IPV4, _NAME, _IPV6 = 1, 3, 4
_ADDRESS_BYTES = {_IPV4: 4, _IPV6: 16}
_REFUSALS = {
    2: "does not allow it",
    3: "cannot reach its network",
    4: "cannot reach it or does not know it",
    5: "says that it refuses connections",
    6: "says that it does not answer",
}
"""By RFC 1928 §6."""


async def open_through(proxy: Proxy, host: str, port: int, *, timeout: float) -> socket.socket:
    """Return a non-blocking socket connected to *host* by *proxy*; raises Failure, which names the proxy.

    *timeout* is in seconds, for all of it. Only the proxy's own name is looked up here.
    """
    try:
        async with asyncio.timeout(timeout):
            connected = await _reach(proxy, timeout)
            try:
                ask = _socks if proxy.scheme == "socks5" else _connect
                await ask(connected, proxy, host, port)
            except BaseException:
                connected.close()
                raise
            return connected
    except TimeoutError:
        raise Failure(
            f"The proxy {proxy} did not reach {host} in time. Check the network.", "proxy"
        ) from None
    except (OSError, EOFError):
        raise Failure(f"The proxy {proxy} broke the connection to {host} off.", "proxy") from None


async def _reach(proxy: Proxy, timeout: float) -> socket.socket:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        return await open_socket(addresses, proxy.port, timeout=timeout)
    except (OSError, UnicodeError):
        raise Failure(
            f"The proxy {proxy} cannot be reached. Start it, or correct proxy for this account.", "proxy"
        ) from None


# --- SOCKS5 ------------------------------------------------------------------------------------------


async def _socks(connected: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    methods = bytes([_NO_PASSWORD, _PASSWORD] if proxy.user else [_NO_PASSWORD])
    await loop.sock_sendall(connected, bytes([5, len(methods)]) + methods)
    version, method = await _exactly(connected, 2)
    if version != 5:
        raise Failure(f"{proxy} is no SOCKS5 proxy. Correct proxy for this account.", "proxy")
    if method == _PASSWORD and proxy.user:
        # RFC 1929 §2.
        user, password = proxy.user.encode(), proxy.password.encode()
        await loop.sock_sendall(connected, bytes([1, len(user)]) + user + bytes([len(password)]) + password)
        if (await _exactly(connected, 2))[1] != 0:
            raise _unknown_user(proxy)
    elif method != _NO_PASSWORD:
        raise _unknown_user(proxy)
    await loop.sock_sendall(connected, b"\x05\x01\x00" + _address(host) + struct.pack("!H", port))
    _, reply, _, kind = await _exactly(connected, 4)
    if reply:
        raise _refused(proxy, host, _REFUSALS.get(reply, "has a fault"))
    length = (await _exactly(connected, 1))[0] if kind == _NAME else _ADDRESS_BYTES.get(kind, 0)
    await _exactly(connected, length + 2)


def _address(host: str) -> bytes:
    try:
        packed = ipaddress.ip_address(host).packed
    except ValueError:
        name = host.encode("ascii")
        return bytes([_NAME, len(name)]) + name
    return bytes([_IPV4 if len(packed) == 4 else _IPV6]) + packed


async def _exactly(connected: socket.socket, length: int) -> bytes:
    got = b""
    while len(got) < length:
        more = await asyncio.get_running_loop().sock_recv(connected, length - len(got))
        if not more:
            raise EOFError
        got += more
    return got


# --- HTTP --------------------------------------------------------------------------------------------


async def _connect(connected: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    there = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {there} HTTP/1.1", f"Host: {there}"]
    if proxy.user:
        secret = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {secret}")
    request = "\r\n".join([*lines, "", ""])
    await asyncio.get_running_loop().sock_sendall(connected, request.encode())
    reply = b""
    while not reply.endswith(b"\r\n\r\n"):
        # One byte at a time: what stands behind the empty line belongs to the connection.
        reply += await _exactly(connected, 1)
        if len(reply) > _MOST_REPLY or not b"HTTP/".startswith(reply[:5]):
            raise Failure(f"{proxy} is no HTTP proxy. Correct proxy for this account.", "proxy")
    status = [*reply.split(b" ", 2), b""][1][:3]
    if status == b"407":
        raise _unknown_user(proxy)
    # RFC 9110 §9.3.6: "Any 2xx (Successful) response indicates" that the tunnel stands.
    if not status.startswith(b"2"):
        raise _refused(proxy, host, f"refuses it (HTTP {status.decode('ascii', 'replace')})")


def _unknown_user(proxy: Proxy) -> Failure:
    return Failure(
        f"The proxy {proxy} wants another name or password. Correct proxy for this account.", "proxy"
    )


def _refused(proxy: Proxy, host: str, reason: str) -> Failure:
    return Failure(f"The proxy {proxy} does not connect to {host}: it {reason}.", "proxy")
