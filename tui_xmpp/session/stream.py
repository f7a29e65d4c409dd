"""The stream of one account: the library's client behind our own wire, reader, gate and sign-in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections import deque
from collections.abc import Callable
from xml.etree import ElementTree as ET

from slixmpp.jid import JID
from slixmpp.xmlstream.xmlstream import NotConnectedError

from ..core.account import Account
from ..core.address import Address
from ..core.ports import KeyValue
from . import gate
from .failure import LEFT, Failure, Violation
from .gate import Gate, Phase
from .gathering import Gathering
from .intake import Intake
from .listener import Listener
from .meter import Meter
from .reader import Closed, Dropped, Header, Limits, Reader
from .sentences import of_stream_error
from .tamed_client import TamedClient
from .transport.wire import Closing, Item, Opening, Wire, may_go_in_clear

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
    What is said in one turn of the event loop leaves in one packet.
    """

    def __init__(self, account: Account, *, facts: KeyValue, limits: Limits | None = None) -> None:
        self.account = account
        self.facts = facts
        self.phase_gate = Gate(account.address)
        self.wire: Wire | None = None
        """What carries the stream, once it stands."""
        self.offered: frozenset[str] = frozenset()
        """Tags of what the server offered last (RFC 6120 §4.3.2)."""
        self.last_error = ""
        """Why the stream ended, as a sentence; empty while it stands."""
        self.listener = Listener()
        """The session that is carried."""
        self.meter = Meter()
        self.read_bytes = 0
        """Text that came, before compression where there is one."""
        self.on_offered: Callable[[frozenset[str]], None] | None = None
        """Called with the tags the server offers, when it does so behind a binding (XEP-0388 §2.6.1)."""
        self.inline: frozenset[str] = frozenset()
        """Namespaces of what the request to bind is to begin with besides, where it can (XEP-0386 §3.2)."""
        self.not_inline: frozenset[str] = frozenset()  # And of what it is not to enable.
        self.server_caps = ""
        """`node#ver` of the server's capabilities, where it told them (XEP-0115 §6.3)."""
        self.heard_at = asyncio.get_running_loop().time()
        """When anything last came, in the loop's time."""
        self._limits = limits or Limits()
        self._reader: Reader | None = None
        self._held: bytearray | None = None
        self.is_full: Callable[[], bool] = lambda: False
        """Whether the session has enough to keep, so that more must wait."""
        self._intake = Intake(self, self._feed)
        self._inbox: deque[Header | ET.Element] = deque()
        self._arrived = asyncio.Event()
        self._early: list[ET.Element] = []
        self._unsaid = Gathering(self.flush)
        self._closing = False
        self.awaited_id = ""
        """Id of the iq whose answer `take` is to return, while the session has not begun."""
        self.lost: asyncio.Future[Failure] = asyncio.get_running_loop().create_future()
        """Done when the stream has ended; its result says why."""
        address = account.address
        wanted = f"{address.bare}/{account.resource}" if account.resource else str(address.bare)
        # The library opens no link; its context is never used.
        super().__init__(wanted, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    # --- the life of the link ----------------------------------------------------------------------

    @property
    def secure(self) -> bool:
        """Whether TLS to the account's domain stands."""
        return self.phase_gate.phase is not Phase.CLEAR

    def attach(self, wire: Wire) -> None:
        """Take the wire that carries the stream from now on."""
        self.wire = wire
        self.transport = wire  # type: ignore[assignment]
        wire.attach(self)

    def confirm_secure(self) -> None:
        """TLS stands: the verified certificate is asked for, so that nobody says so lightly."""
        if self.certificate() is None:
            raise self.fail(Violation("The link is not secure. It was cut."))
        self.phase_gate.phase = Phase.SECURED

    def opening(self) -> Opening:
        """The stream's header; over TLS with our own address (RFC 6120 §4.7.1)."""
        address = self.account.address
        return Opening(address.domain, str(address.bare) if self.secure else "")

    def renew(self) -> None:
        """The server begins the stream anew: read what comes from now on as another document."""
        held = self.release()
        negotiating = self.phase_gate.phase in _NEGOTIATING
        self._reader = Reader(self._limits, gate.BOUNDARIES if negotiating else frozenset())
        if held:
            self._feed(held)

    async def begin(self, timeout: float) -> ET.Element:
        """Open the stream, or open it anew (RFC 6120 §4.3.3), and return the features the server sends."""
        self.renew()
        self.say(self.opening())
        return await self.greeting(timeout)

    async def greeting(self, timeout: float) -> ET.Element:
        """Return the features that follow the server's header; raises Failure."""
        header = await self._next(timeout)
        if not isinstance(header, Header):
            raise self.fail(Violation("The server skipped a step while signing in. The link was cut."))
        features = await self.take(timeout)
        if features.tag != gate.FEATURES:
            raise self.fail(Violation("The server skipped a step while signing in. The link was cut."))
        self.note(features)
        return features

    def note(self, features: ET.Element) -> None:
        """Keep what the server offers, and what it is (XEP-0115 §6.3)."""
        self.offered = frozenset(one.tag for one in features)
        caps = features.find(_CAPS)
        if caps is not None:
            self.server_caps = f"{caps.get('node', '')}#{caps.get('ver', '')}"

    def say(self, *items: Item) -> None:
        """Write steps of the sign-in; raises the Failure that ended the stream."""
        for item in items:
            try:
                self._write(item)
            except NotConnectedError:
                raise self._why() from None

    async def take(self, timeout: float) -> ET.Element:
        """Return the next top-level element before binding; raises Failure after *timeout* silent seconds."""
        item = await self._next(timeout)
        if isinstance(item, Header):
            raise self.fail(Violation("The server opened its stream twice. The link was cut."))
        return item

    async def _next(self, timeout: float) -> Header | ET.Element:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not self._inbox and not self.lost.done():
            # A slow link that still brings bytes is not a dead one.
            left = max(began, self.heard_at) + timeout - loop.time()
            if left <= 0:
                break
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
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
        return None if self.wire is None else self.wire.certificate()

    def fail(self, failure: Failure) -> Failure:
        """Cut the link at once because of *failure*; returns it, or the one that came first."""
        if not self.lost.done():
            self._end(failure)
        self._reader = None
        self.abort()
        return self.lost.result()

    def _end(self, failure: Failure) -> None:
        self.meter.ending()
        self.last_error = failure.sentence
        self.lost.set_result(failure)
        self._arrived.set()

    async def close(self, deadline: float) -> None:
        """Close the stream (RFC 6120 §4.4), and cut the link after *deadline* seconds."""
        if not self.lost.done():
            self.listener.last_words()
        if self.wire is not None and not self.lost.done():
            with contextlib.suppress(Exception):
                if self._session_started:
                    async with asyncio.timeout(deadline / 2):
                        await self.waiting_queue.join()
            self._say_goodbye()
            await asyncio.wait({self.lost}, timeout=deadline)
        self.fail(Failure("You left.", LEFT))

    async def leave_open(self, deadline: float) -> None:
        """Cut the link without closing the stream: the server keeps the session (XEP-0198 §5).

        Waits up to *deadline* seconds for what was written to leave.
        """
        if not self.lost.done():
            self.listener.last_words()
        if self.wire is not None and not self.lost.done():
            self.flush()
            ends = asyncio.get_running_loop().time() + deadline
            while self.wire.waiting and asyncio.get_running_loop().time() < ends:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        self.fail(Failure("You left.", LEFT))

    def _say_goodbye(self) -> None:
        if not self._closing:
            self._closing = True
            with contextlib.suppress(Failure, NotConnectedError):
                self._write(Closing())
                self.flush()

    def _why(self) -> Failure:
        return self.lost.result() if self.lost.done() else self.fail(Failure("The link broke."))

    # --- bytes: what the wire tells ------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """Read bytes; whatever is wrong with them ends the stream and reaches nobody."""
        self._intake.put(data)

    def drained(self) -> None:
        """The wire has room again."""
        self.listener.has_room()

    def broken(self, error: BaseException | None) -> None:
        """The link is gone: tell everybody who waits for something from it."""
        self._intake.finish()
        if not self.lost.done():
            self._end(error if isinstance(error, Failure) else Failure("The link broke."))
        if self.transport is None:
            return
        self._reader = None
        super().connection_lost(error)
        self.give_up()

    def _feed(self, chunk: bytes) -> None:
        if self.lost.done():
            return
        if self._held is not None or self._reader is None:
            self._hold(chunk)
            return
        reader = self._reader
        try:
            for item in reader.feed(chunk):
                self.meter.came(item if isinstance(item, ET.Element) else None, reader.size)
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
            self.listener.left_out()
        elif isinstance(item, Header):
            self.phase_gate.open(item.element)
            self.start_stream_handler(item.element)  # type: ignore[no-untyped-call]
            self._put(item)
        elif self.phase_gate.admit(item):
            self._deliver(item)

    def _deliver(self, element: ET.Element) -> None:
        if element.tag == gate.ERROR:
            self.fail(of_stream_error(element, self.account.address.domain, trusted=self.secure))
        elif element.tag == gate.FEATURES and self.phase_gate.phase is Phase.BOUND:
            self.note(element)
            if self.on_offered is not None:
                self.on_offered(self.offered)
            self._put(element)
        elif self.sessionstarted:
            self._spawn_event(element)
        elif self.phase_gate.phase is Phase.BOUND and not self._is_step(element):
            self._early.append(element)
            if len(self._early) > _MOST_EARLY:
                raise Violation("The server sent too much before the session had begun. The link was cut.")
        else:
            self._put(element)

    def _is_step(self, element: ET.Element) -> bool:
        return element.tag in gate.LAST_STEPS or element.get("id") == self.awaited_id

    def _put(self, item: Header | ET.Element) -> None:
        self._inbox.append(item)
        self._arrived.set()

    # --- bytes: what we say --------------------------------------------------------------------------

    def send_raw(self, data: str | bytes) -> None:
        """The library sends something by itself: it goes the way of all stanzas."""
        text = data if isinstance(data, str) else data.decode()
        if self.sessionstarted and text.startswith(_STANZAS) and self.listener.library_says(text):
            return
        if text.strip() or not self.secure:
            self._write(text)

    def write(self, *elements: str) -> None:
        """Write complete elements; raises NotConnectedError once the stream has ended."""
        for element in elements:
            self._write(element)

    def _write(self, item: Item) -> None:
        if not self.secure and not may_go_in_clear(item):
            raise Violation("Something was about to be sent before the link was secure. It was kept back.")
        if self.wire is None or self.lost.done():
            raise NotConnectedError
        self._unsaid.put(item, self.listener.may_wait() if self.sessionstarted else 0.0)

    @property
    def waiting(self) -> int:
        """Bytes, about, that were written and that the network has not taken yet."""
        return self._unsaid.length + (0 if self.wire is None else self.wire.waiting)

    def flush(self) -> None:
        """Let go at once what was said."""
        said = self._unsaid.take()
        if not said or self.wire is None or self.lost.done():
            return
        if self.sessionstarted:
            said += self.listener.takes_along()
        self.wire.write(said)
        self.meter.said(said)
        self.listener.has_room()


_NEGOTIATING = frozenset({Phase.CLEAR, Phase.SECURED, Phase.AUTHENTICATED})
_CAPS = "{http://jabber.org/protocol/caps}c"
_STANZAS = ("<message", "<presence", "<iq")
