"""The stream over BOSH (XEP-0124, XEP-0206), over HTTPS only."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import ssl
from collections import deque
from collections.abc import Sequence

import aiohttp

from ...core.account import TransportKind
from ..failure import Failure, Violation
from ..reader import Limits
from . import bosh_session, envelope
from .bosh_session import Created
from .carrying import Look
from .envelope import Envelope
from .https import Https
from .wire import Closing, Item, Opening, Receiver

_CONTENT = "text/xml; charset=utf-8"
_MOST_BYTES = Limits().whole_bytes + 64 * 1024
"""Of one answer: as much as of one stanza that is left out, and its wrapper."""
_MOST_REQUESTS = 2
_POLL_AFTER = 0.05
"""Seconds without a request before an empty one is sent: what is about to be said may go in it."""
_TRIES = 4


class BoshWire:
    """A `Wire` on one BOSH session: one request waits at the server, a second one carries what we say."""

    kind = TransportKind.BOSH

    def __init__(self, https: Https, url: str, *, timeout: float) -> None:
        self._https = https
        self._url = url
        self._timeout = timeout
        self._receiver: Receiver | None = None
        self._created: Created | None = None
        # XEP-0124 §14.1: large and random, and never above 2^53 - 1.
        self._rid = secrets.randbelow(2**50) + 2**32
        self._next_answer = self._rid
        self._answers: dict[int, Envelope] = {}
        self._queue: deque[Item] = deque()
        self._requests: set[asyncio.Task[None]] = set()
        self._poll: asyncio.TimerHandle | None = None
        self._closing = False
        self._is_held = False
        self._ended = False
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, https: Https, url: str, *, timeout: float) -> BoshWire:
        """Connect; raises ssl.SSLError, OSError, Failure.

        *timeout* is in seconds, how late the next part of an answer may be on this link.
        """
        try:
            await https.connect()
        except BaseException:
            await https.close()
            raise
        return cls(https, url, timeout=timeout)

    def attach(self, receiver: Receiver) -> None:
        """As `Wire.attach`."""
        self._receiver = receiver

    def write(self, items: Sequence[Item]) -> None:
        """As `Wire.write`: what waits for a request leaves in one body."""
        if not self._ended and not self._closing:
            self._queue.extend(one for one in items if not isinstance(one, str) or one.strip())
            self._pump()

    @property
    def waiting(self) -> int:
        """As `Wire.waiting`."""
        return sum(len(one) for one in self._queue if isinstance(one, str)) + self._https.waiting

    def hold(self, is_held: bool) -> None:
        """As `Wire.hold`: the server speaks only where it was asked (XEP-0124 §11)."""
        was_held, self._is_held = self._is_held, is_held
        if was_held and not is_held:
            self._pump()

    def abort(self) -> None:
        """As `Wire.abort`."""
        self._end(None)

    def certificate(self) -> bytes | None:
        """As `Wire.certificate`."""
        return self._https.certificate()

    def socket(self) -> socket.socket | None:
        """As `Wire.socket`: that of the connection opened last."""
        return self._https.socket()

    def carried(self) -> Look | None:
        """As `Wire.carried`, of all its connections."""
        return self._https.carried()

    @property
    def bytes_in(self) -> int:
        """As `Wire.bytes_in`, with the HTTP headers."""
        return self._https.bytes_in

    @property
    def bytes_out(self) -> int:
        """As `Wire.bytes_out`, with the HTTP headers."""
        return self._https.bytes_out

    # --- requests --------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Send what waits, as far as requests are free; keep one request at the server."""
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None
        while self._queue and not self._ended and not self._closing and self._is_free():
            self._send(self._next_body())
            if not self._queue:
                asyncio.get_running_loop().call_soon(self._drained)
        if self._created is not None and not (self._requests or self._ended or self._closing):
            self._poll = asyncio.get_running_loop().call_later(_POLL_AFTER, self._ask_for_more)

    def _is_free(self) -> bool:
        # XEP-0124 §11: more at a time than "requests" allows is an abuse.
        most = 1 if self._created is None else min(_MOST_REQUESTS, self._created.requests)
        return len(self._requests) < most

    def _next_body(self) -> str:
        first = self._queue[0]
        if isinstance(first, Opening):
            self._queue.popleft()
            if self._created is None:
                return bosh_session.creation(self._rid, first)
            # The server may answer to a request it holds already: the new stream begins here.
            asyncio.get_running_loop().call_soon(self._give, envelope.header({}, "1.0"))
            return bosh_session.restart(self._rid, self._created.sid, first)
        items: list[Item] = []
        while self._queue and not isinstance(self._queue[0], Opening):
            items.append(self._queue.popleft())
        self._closing = any(isinstance(one, Closing) for one in items)
        return bosh_session.request(self._rid, self._created.sid if self._created else "", items)

    def _ask_for_more(self) -> None:
        is_over = self._ended or self._closing
        if self._created is not None and not (self._requests or is_over or self._is_held):
            self._send(bosh_session.request(self._rid, self._created.sid, ()))

    def _send(self, body: str) -> None:
        task = asyncio.create_task(self._exchange(self._rid, body.encode("utf-8", "replace")))
        self._rid += 1
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    async def _exchange(self, rid: int, body: bytes) -> None:
        try:
            self._answers[rid] = bosh_session.read(await self._ask(body))
            task = asyncio.current_task()
            if task is not None:
                self._requests.discard(task)
            self._take_in_order()
        except Failure as failure:
            self._end(failure)
        if not self._ended:
            self._pump()

    def _take_in_order(self) -> None:
        # XEP-0124 §14.2: "The client MUST process responses [...] in the order the requests were made."
        while self._next_answer in self._answers and not self._ended:
            self._next_answer += 1
            self._take(self._answers.pop(self._next_answer - 1))

    async def _ask(self, body: bytes) -> bytes:
        """Send *body*, again if its connection breaks (XEP-0124 §14.3); raises Failure."""
        # XEP-0124 §7.2: the server may hold a request for "wait" seconds.
        wait = self._timeout + (0 if self._created is None else self._created.wait)
        # A session that was never created has nothing an identical request could go on with.
        tries = 1 if self._created is None else _TRIES
        for tried in range(1, tries + 1):
            try:
                return await self._https.post(
                    self._url, body, content_type=_CONTENT, most=_MOST_BYTES, timeout=wait
                )
            except ssl.SSLError:
                raise Failure("The secure link could not be made anew.") from None
            except (aiohttp.ClientError, OSError, TimeoutError):
                if tried == tries:
                    raise Failure("The link broke.") from None
                await asyncio.sleep(tried - 1)
        raise Failure("The link broke.")

    # --- answers ---------------------------------------------------------------------------------------

    def _take(self, body: Envelope) -> None:
        ends = body.attributes.get("type") == "terminate"
        if self._created is None:
            self._created = None if ends else bosh_session.created(body)
            attributes = {**body.attributes, "id": body.attributes.get("authid", "")}
            version = body.attributes.get(f"{{{bosh_session.XBOSH}}}version", "1.0")
            self._give(envelope.header(attributes, version))
        if body.attributes.get("type") == "error":
            raise Failure("The server could not read a request.")
        failure = bosh_session.end_of(body)
        if body.inner and not isinstance(failure, Violation):
            self._give(body.inner)
        if failure is not None:
            self._end(failure)
        elif ends or (self._closing and self._next_answer == self._rid):
            self._give(envelope.FOOTER)
            self._end(None)

    def _give(self, data: bytes) -> None:
        if self._receiver is not None and not self._ended:
            self._receiver.received(data)

    def _drained(self) -> None:
        if self._receiver is not None and not self._ended:
            self._receiver.drained()

    def _end(self, error: BaseException | None) -> None:
        if self._ended:
            return
        self._ended = True
        self._queue.clear()
        if self._poll is not None:
            self._poll.cancel()
        self._https.abort()
        self._ending = asyncio.create_task(self._finish(error))

    async def _finish(self, error: BaseException | None) -> None:
        if self._receiver is not None:
            self._receiver.broken(error)
        for request in list(self._requests):
            request.cancel()
        await asyncio.gather(*self._requests, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self._https.close()
