"""The stream of one account: the library's client behind our own reader, gate, TLS and sign-in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections import deque
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from slixmpp.jid import JID
from slixmpp.xmlstream.xmlstream import NotConnectedError

from ..core.account import Account, TlsMode
from ..core.address import Address
from ..core.ports import KeyValue
from . import gate
from .failure import Failure, Violation
from .gate import Gate, Phase
from .reader import Closed, Dropped, Header, Limits, Reader
from .sentences import of_stream_error
from .tamed_client import TamedClient
from .transport import tls

CONNECTED = "connected"
AUTHENTICATED = "auth_success"
BOUND = "session_bind"
STARTED = "session_start"
ENDED = "session_end"
LOST = "disconnected"

_LONGEST_PAUSE = 64 * 1024
_MOST_EARLY = 1000
_NAME = "tui-xmpp"

_log = logging.getLogger(_NAME)


class Stream(TamedClient):
    """One stream, used once: a lost one is thrown away and the next is a new object.

    Nothing reaches the library's handlers before the server has authenticated us over verified TLS.
    """

    def __init__(self, account: Account, *, facts: KeyValue, limits: Limits | None = None) -> None:
        self.account = account
        self.facts = facts
        self.phase_gate = Gate(account.address)
        self.bytes_in = 0
        """Bytes of XML received."""
        self.bytes_out = 0
        """Bytes of XML sent."""
        self.offered: frozenset[str] = frozenset()
        """Tags of what the server offered last (RFC 6120 §4.3.2)."""
        self.last_error = ""
        """Why the stream ended, as a sentence; empty while it stands."""
        self._limits = limits or Limits()
        self._direct = False
        self._reader: Reader | None = None
        self._held: bytearray | None = None
        self._inbox: deque[Header | ET.Element] = deque()
        self._arrived = asyncio.Event()
        self._early: list[ET.Element] = []
        self._closing = False
        self.awaited_id = ""
        """Id of the iq whose answer `take` is to return, while the session has not begun."""
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[Failure] = loop.create_future()
        """Done when the stream has ended; its result says why."""
        self.tls_context = tls.context(account.ca_file, direct=False)
        address = account.address
        wanted = f"{address.bare}/{account.resource}" if account.resource else str(address.bare)
        super().__init__(wanted, self.tls_context)
        self.stream_header = (
            f"<stream:stream to={quoteattr(address.domain)} xmlns:stream='{self.stream_ns}' "
            f"xmlns='{self.default_ns}' version='1.0'>"
        )

    # --- the life of the link ----------------------------------------------------------------------

    @property
    def secure(self) -> bool:
        """Whether TLS to the account's domain stands."""
        return self.phase_gate.phase is not Phase.CLEAR

    async def open(self, connected: socket.socket, mode: TlsMode, *, timeout: float) -> None:
        """Take over a connected socket and make it secure; raises ssl.SSLError, OSError, Failure.

        *timeout* is in seconds, for each step. By STARTTLS nothing is said but the stream header and
        `<starttls/>` before TLS (RFC 6120 §5.4).
        """
        loop = asyncio.get_running_loop()
        name = tls.server_name(self.account.address.domain)
        if mode is TlsMode.DIRECT:
            await loop.create_connection(
                lambda: self,
                sock=connected,
                ssl=tls.context(self.account.ca_file, direct=True),
                server_hostname=name,
                ssl_handshake_timeout=timeout,
            )
        else:
            await loop.create_connection(lambda: self, sock=connected)
            await self._negotiate_tls(name, timeout)
        if self.certificate() is None:
            raise Violation("The link is not secure. It was cut.")
        self.phase_gate.phase = Phase.SECURED

    async def _negotiate_tls(self, name: str, timeout: float) -> None:
        await self.begin(timeout)
        self.say(f"<starttls xmlns='{gate.TLS}'/>")
        answer = await self.take(timeout)
        if answer.tag != gate.PROCEED:
            raise Failure("The server failed to begin encryption. Nothing was sent.")
        transport = self.transport
        if transport is None:
            raise self._why()
        # RFC 6120 §5.4.3.3: nothing may follow <proceed/> in clear; what did would be taken for secure.
        if self._held:
            raise self.fail(Violation("Something was slipped in behind the server's consent to encrypt."))
        loop = asyncio.get_running_loop()
        made = await loop.start_tls(
            transport, self, self.tls_context, server_hostname=name, ssl_handshake_timeout=timeout
        )
        if made is None or self.lost.done():
            raise self._why()
        self._attach(made)

    async def begin(self, timeout: float) -> ET.Element:
        """Open the stream, or open it anew (RFC 6120 §4.3.3), and return the features the server sends."""
        self._renew()
        self.say(self.stream_header)
        header = await self._next(timeout)
        if not isinstance(header, Header):
            raise self.fail(Violation("The server skipped a step while signing in. The link was cut."))
        features = await self.take(timeout)
        if features.tag != gate.FEATURES:
            raise self.fail(Violation("The server skipped a step while signing in. The link was cut."))
        self.offered = frozenset(one.tag for one in features)
        return features

    def say(self, text: str) -> None:
        """Write a step of the sign-in; raises the Failure that ended the stream."""
        try:
            self.send_raw(text)
        except NotConnectedError:
            raise self._why() from None

    async def take(self, timeout: float) -> ET.Element:
        """Return the next top-level element before binding; raises Failure after *timeout* seconds."""
        item = await self._next(timeout)
        if isinstance(item, Header):
            raise self.fail(Violation("The server opened its stream twice. The link was cut."))
        return item

    async def _next(self, timeout: float) -> Header | ET.Element:
        if not self._inbox and not self.lost.done():
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._arrived.wait()
        ended = self.lost.result() if self.lost.done() else None
        # What came before an honest end still counts; what came before a violation is never used.
        if isinstance(ended, Violation):
            raise ended
        if self._inbox:
            return self._inbox.popleft()
        raise ended or Failure("The server does not answer.", "timeout")

    def release(self) -> bytes:
        """Return what arrived behind a boundary, for the reader of the stream that begins now."""
        held, self._held = bytes(self._held or b""), None
        return held

    def _renew(self) -> None:
        held = self.release()
        negotiating = self.phase_gate.phase in _NEGOTIATING
        self._reader = Reader(self._limits, gate.BOUNDARIES if negotiating else frozenset())
        if held:
            self._feed(held)

    def bind_to(self, address: Address) -> None:
        """The server bound *address*: from now on the library's handlers get stanzas."""
        self.boundjid = JID(str(address))
        self.bound = True
        self.phase_gate.phase = Phase.BOUND
        self.features.add("bind")
        self.event(BOUND, self.boundjid)
        self.session_bind_event.set()

    def start_session(self) -> None:
        """Let queued stanzas out and tell the library's handlers."""
        self.sessionstarted = True
        self.event(STARTED)
        early, self._early = self._early, []
        for element in early:
            self._spawn_event(element)

    def start_queue(self) -> None:
        """Begin to write what the library queues."""
        if self._run_out_filters is None:
            self._run_out_filters = asyncio.ensure_future(self.run_filters())

    def certificate(self) -> bytes | None:
        """Return the server's certificate (DER); None without TLS."""
        secured = self.transport and self.transport.get_extra_info("ssl_object")
        return secured.getpeercert(True) if isinstance(secured, (ssl.SSLObject, ssl.SSLSocket)) else None

    def fail(self, failure: Failure) -> Failure:
        """Cut the link at once because of *failure*; returns it, or the one that came first."""
        if not self.lost.done():
            self._end(failure)
        self._reader = None
        self.abort()
        return self.lost.result()

    def _end(self, failure: Failure) -> None:
        self.last_error = failure.sentence
        self.lost.set_result(failure)
        self._arrived.set()

    async def close(self, deadline: float) -> None:
        """Close the stream (RFC 6120 §4.4), and cut the link after *deadline* seconds."""
        if self.transport is not None and not self.lost.done():
            with contextlib.suppress(Exception):
                if self._session_started:
                    async with asyncio.timeout(deadline / 2):
                        await self.waiting_queue.join()
            self._say_goodbye()
            await asyncio.wait({self.lost}, timeout=deadline)
        self.fail(Failure("You left."))

    def _say_goodbye(self) -> None:
        if not self._closing:
            self._closing = True
            with contextlib.suppress(Failure, NotConnectedError):
                self.send_raw(self.stream_footer)

    def _why(self) -> Failure:
        return self.lost.result() if self.lost.done() else self.fail(Failure("The link broke."))

    # --- bytes ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport, send_event: bool = True) -> None:
        """The link stands; nothing is said yet."""
        if self.lost.done():
            if isinstance(transport, asyncio.Transport):
                transport.abort()
            return
        self._attach(transport)
        self.event(CONNECTED)

    def _attach(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.socket = transport.get_extra_info("ssl_object") or transport.get_extra_info("socket")

    def data_received(self, data: bytes | str) -> None:
        """Read bytes; whatever is wrong with them ends the stream and reaches nobody."""
        chunk = data.encode() if isinstance(data, str) else data
        self.bytes_in += len(chunk)
        self._feed(chunk)

    def _feed(self, chunk: bytes) -> None:
        if self.lost.done():
            return
        if self._held is not None or self._reader is None:
            self._hold(chunk)
            return
        reader = self._reader
        try:
            for item in reader.feed(chunk):
                self._dispatch(item)
                if self.lost.done():
                    return
        except Failure as failure:
            self.fail(failure)
            return
        if reader.rest is not None:
            self._held = bytearray(reader.rest)

    def _hold(self, chunk: bytes) -> None:
        if self._held is None:
            self._held = bytearray()
        self._held += chunk
        if len(self._held) > _LONGEST_PAUSE:
            self.fail(Violation("The server spoke before it was its turn. The link was cut."))

    def _dispatch(self, item: Header | ET.Element | Dropped | Closed) -> None:
        if isinstance(item, Closed):
            self._say_goodbye()
            self.fail(Failure("The server closed the link."))
        elif isinstance(item, Dropped):
            if self.phase_gate.phase is not Phase.BOUND:
                raise Violation("The server sent something out of all proportion before you were signed in.")
            _log.warning("A stanza was left out: %s", item.reason)
        elif isinstance(item, Header):
            self.phase_gate.open(item.element)
            self.start_stream_handler(item.element)  # type: ignore[no-untyped-call]
            self._put(item)
        elif self.phase_gate.admit(item):
            self._deliver(item)

    def _deliver(self, element: ET.Element) -> None:
        if element.tag == gate.ERROR:
            self.fail(of_stream_error(element, self.account.address.domain, trusted=self.secure))
        elif self.sessionstarted or element.tag.startswith(f"{{{gate.RESUMPTION}}}"):
            self._spawn_event(element)
        elif self.phase_gate.phase is Phase.BOUND and element.get("id") != self.awaited_id:
            self._early.append(element)
            if len(self._early) > _MOST_EARLY:
                raise Violation("The server sent too much before the session had begun. The link was cut.")
        else:
            self._put(element)

    def _put(self, item: Header | ET.Element) -> None:
        self._inbox.append(item)
        self._arrived.set()

    def send_raw(self, data: str | bytes) -> None:
        """Write bytes; nothing but the stream's own beginning goes out before TLS."""
        raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
        if not self.secure and not _may_go_in_clear(raw, self.stream_header):
            raise Violation("Something was about to be sent before the link was secure. It was kept back.")
        if self.transport is None or self.lost.done():
            raise NotConnectedError
        self.bytes_out += len(raw)
        self.transport.write(raw)

    def eof_received(self) -> None:
        """The peer will send no more; the transport closes."""

    def connection_lost(self, exception: BaseException | None) -> None:
        """The link is gone: tell everybody who waits for something from it."""
        if not self.lost.done():
            self._end(Failure("The link broke."))
        if self.transport is None:
            return
        self._reader = None
        super().connection_lost(exception)
        self.give_up()


_NEGOTIATING = frozenset({Phase.CLEAR, Phase.SECURED})


def _may_go_in_clear(raw: bytes, header: str) -> bool:
    return raw in (header.encode(), f"<starttls xmlns='{gate.TLS}'/>".encode(), b"</stream:stream>")
