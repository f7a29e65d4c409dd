"""Files by HTTPS, put on servers and fetched from them, behind the guards of G8."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, BinaryIO

from ..core.chat import ChatKey
from ..core.network import parse_proxy
from ..core.traffic import Category
from . import http_targets
from .failure import Failure
from .feature import Failed
from .http_targets import Target
from .resolver import Resolver, SystemResolver
from .transfer_pace import TransferPace
from .transport import tcp, tls
from .transport.carrying import Look
from .transport.proxy import open_through

if TYPE_CHECKING:
    import aiohttp

    from .account import AccountSession
    from .transport.https import Https

MOST_REDIRECTS = 3
MOST_BYTES = 1 << 30
"""Of a file whose size nobody has said."""
_REDIRECTS = (301, 302, 303, 307, 308)
_STORED = (200, 201, 204)
"""XEP-0363 §7 names 201; some services answer with the others."""
_LEAST_TOTAL, _MOST_TOTAL = 600.0, 24 * 3600.0
_TIMES_LONGER = 4
"""Than the link's rate promises."""
_RANGE = re.compile(r"bytes ([0-9]+)-[0-9]+/(?:[0-9]+|\*)")
_WORDS = {
    401: "does not allow it",
    403: "does not allow it",
    404: "does not have it, or not any more",
    410: "does not have it any more",
    413: "says that it is too large",
    507: "has no room for it",
}


class Incoming:
    """The answer to a GET; its content is read once."""

    def __init__(self, response: aiohttp.ClientResponse, exchange: _Exchange) -> None:
        self._response, self._exchange = response, exchange
        self.status = response.status
        length = response.headers.get("Content-Length", "")
        self.length = int(length) if length.isascii() and length.isdecimal() and len(length) < 19 else None
        """Bytes that follow; None: the server does not say."""
        tag = response.headers.get("ETag", "")
        # RFC 9110 §13.1.5: a weak one says nothing about parts.
        self.tag = tag if tag.startswith('"') and len(tag) < 256 else ""
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        self.start = 0
        """Where in the file the content begins (RFC 9110 §14.4); -1: the server does not say."""
        if self.status == 206:
            self.start = int(found[1]) if found and len(found[1]) < 19 else -1

    async def blocks(self, most: int) -> AsyncIterator[bytes]:
        """Yield the content as it comes; raises `Failed` as soon as it is more than *most* bytes."""
        got = 0
        async for block in self._response.content.iter_chunked(self._exchange.pace.block):
            got += len(block)
            if got > most:
                raise Failed("The server sends more than the file was said to have; it was cut off.", "size")
            self._exchange.went_on()
            yield block
            await self._exchange.pace.turn(len(block))


class HttpFiles:
    """Of one account: each transfer has a connection of its own, to an address that was checked."""

    def __init__(self, account: AccountSession) -> None:
        self._account = account
        self.resolver: Resolver = SystemResolver()
        self.pace = TransferPace(account)

    async def put(
        self,
        url: str,
        headers: Mapping[str, str],
        source: BinaryIO,
        size: int,
        *,
        chat: ChatKey,
        passed: Callable[[bytes], None],
    ) -> None:
        """Store *size* bytes of *source* at *url* (XEP-0363 §7); *passed* is told of each block that left.

        *headers* are those of the slot and the content's type. No redirect is followed. Raises `Failed`.
        """
        target = await self._target(url)
        changed = False

        async def blocks() -> AsyncIterator[bytes]:
            nonlocal changed
            left = size
            while left:
                block = await asyncio.to_thread(source.read, min(self.pace.block, left))
                if not block:
                    changed = True
                    raise EOFError
                yield block
                left -= len(block)
                passed(block)
                exchange.went_on()
                await self.pace.turn(len(block))

        async with self._exchange(target, chat, size) as exchange:
            whole = {**headers, "Content-Length": str(size)}
            try:
                async with exchange.https.exchange("PUT", target.url, whole, blocks()) as response:
                    if response.status in _REDIRECTS:
                        raise Failed(
                            f"{target.host} sends the file on to another address. It was not followed.",
                            "redirect",
                        )
                    if response.status not in _STORED:
                        raise _refused(target, response.status)
            except (OSError, EOFError, ValueError, _client_error()) as error:
                if changed:
                    raise Failed("The file became shorter while it was sent.", "changed") from None
                raise error

    @contextlib.asynccontextmanager
    async def get(
        self, url: str, *, chat: ChatKey, size: int | None, headers: Mapping[str, str], method: str = "GET"
    ) -> AsyncIterator[Incoming]:
        """Ask for what is at *url*, about *size* bytes, and follow three redirects, each checked anew.

        Raises `Failed`, for every status but 200, 206 and 416 too.
        """
        for _ in range(MOST_REDIRECTS + 1):
            target = await self._target(url)
            async with (
                self._exchange(target, chat, size) as exchange,
                exchange.https.exchange(method, target.url, headers) as response,
            ):
                location = response.headers.get("Location")
                if response.status in _REDIRECTS and location:
                    url = http_targets.redirected(url, location)
                    continue
                if response.status not in (200, 206, 416):
                    raise _refused(target, response.status)
                yield Incoming(response, exchange)
                return
        raise Failed("The file is sent on from one address to the next, too often.", "redirect")

    def own_addresses(self) -> frozenset[str]:
        """Return where the account's own server is, as the stream has found it."""
        stream = self._account.life.stream
        if stream is None or stream.wire is None or self._account.account.proxy:
            return frozenset()
        connected = stream.wire.socket()
        try:
            return frozenset() if connected is None else frozenset({str(connected.getpeername()[0])})
        except OSError:
            return frozenset()

    # --- inside -----------------------------------------------------------------------------------------

    async def _target(self, url: str) -> Target:
        proxied = bool(self._account.account.proxy)
        return await http_targets.checked(url, self.resolver, own=self.own_addresses(), proxied=proxied)

    @contextlib.asynccontextmanager
    async def _exchange(self, target: Target, chat: ChatKey, size: int | None) -> AsyncIterator[_Exchange]:
        from .transport.https import Https

        timing = self._account.life.timing
        https = Https(
            lambda: self._dial(target),
            context=self._context(target),
            server_name=target.host,
            timeout=timing.timeout(),
        )
        expected = MOST_BYTES if size is None else size
        total = min(max(_LEAST_TOTAL, _TIMES_LONGER * timing.seconds_for(expected)), _MOST_TOTAL)
        exchange = _Exchange(self._account, https, chat, self.pace, total=total, silence=timing.timeout())
        try:
            async with exchange.timeout:
                await https.connect()
                yield exchange
        except TimeoutError:
            raise Failed(f"{target.host} does not answer any more. Try again later.", "timeout") from None
        except ssl.SSLError as error:
            raise Failed(tls.failed(error, target.host).sentence, "certificate") from None
        except (OSError, _client_error()):
            raise Failed(f"{target.host} broke the transfer off. Try again.", "broken") from None
        except Failure as failure:
            raise Failed(failure.sentence, failure.condition) from None
        finally:
            await https.close()
            exchange.count()

    async def _dial(self, target: Target) -> socket.socket:
        account, timing = self._account.account, self._account.life.timing
        if account.proxy:
            proxy = parse_proxy(account.proxy)
            return await open_through(proxy, target.host, target.port, timeout=timing.connect)
        return await tcp.open_socket(
            target.addresses, target.port, timeout=timing.connect, fresh=timing.fresh
        )

    def _context(self, target: Target) -> ssl.SSLContext:
        """In our domain the user's own authority alone is trusted; elsewhere the system's are too."""
        account = self._account.account
        made = tls.context(account.ca_file, direct=False)
        domain = tls.server_name(account.address.domain)
        if account.ca_file and target.host != domain and not target.host.endswith(f".{domain}"):
            made.load_default_certs()
        return made


class _Exchange:
    """One connection while it is used: how long it may take, and what it has taken."""

    def __init__(
        self,
        account: AccountSession,
        https: Https,
        chat: ChatKey,
        pace: TransferPace,
        *,
        total: float,
        silence: float,
    ) -> None:
        self.https, self.pace = https, pace
        self._account, self._about = account, (Category.FILES, chat)
        self._counted, self._at = Look(), 0.0
        self._silence = silence
        now = asyncio.get_running_loop().time()
        self._ends = now + total
        self.timeout = asyncio.timeout_at(min(self._ends, now + silence))

    def went_on(self) -> None:
        """Something has passed: it may be silent for a while again."""
        now = asyncio.get_running_loop().time()
        if not self.timeout.expired():
            self.timeout.reschedule(min(self._ends, now + self._silence))
        if now - self._at >= 1.0:
            self._at = now
            self.count()

    def count(self) -> None:
        """Tell the meter what has passed since the last time."""
        look = self.https.carried() or Look((self.https.bytes_out, self.https.bytes_in))
        (up, down), (out, in_) = self._counted.tcp, self._counted.segments
        more = Look((look.tcp[0] - up, look.tcp[1] - down), (look.segments[0] - out, look.segments[1] - in_))
        self._counted = look
        if any(more.tcp):
            self._account.metering.unstreamed(more, self._about)


def _client_error() -> type[Exception]:
    import aiohttp

    return aiohttp.ClientError


def _refused(target: Target, status: int) -> Failed:
    words = _WORDS.get(status, "has a fault" if status >= 500 else "refuses it")
    return Failed(f"{target.host} {words} (HTTP {status}).", str(status))
