"""The steps from a secure link to a session, as few as the server takes (RFC 6120 §6, §7; XEP-0388)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from xml.etree import ElementTree as ET

from ..core.account import Connection, TransportKind
from . import advertised, binding, exchange, fast, gate, sasl, sasl2
from .advertised import Advertised
from .binding import Entry
from .compression import Compression
from .credentials import Credentials
from .failure import Failure, Stale, Violation, WrongPassword
from .gate import Phase
from .opening import Opener, SignedIn
from .sentences import of_sasl_failure
from .server_memory import Habit, ServerMemory
from .stream import AUTHENTICATED, Stream
from .ways import Chooser, Way

PACE = 0.03
"""Seconds between two flights of which the second does not wait for the answer to the first.

Servers lose what they read in one piece with the end of a sign-in."""

_APART = 0.1
"""Seconds after the opening of a stream, on a link that is so thin that it has not left yet: what follows is
read apart from it."""

_BROKEN_ORDER = frozenset(
    {
        "bad-format",
        "bad-namespace-prefix",
        "incorrect-encoding",
        "invalid-mechanism",
        "invalid-namespace",
        "invalid-xml",
        "malformed-request",
        "not-authorized",
        "not-well-formed",
        "restricted-xml",
        "unsupported-feature",
        "unsupported-stanza-type",
    }
)
"""Conditions a server names when it did not expect what it got."""


def open_apart(stream: Stream) -> None:
    """Open the stream by a packet of its own: for a thin link, as soon as TLS stands.

    What the server offers comes down while our proof goes up, and not in one TLS record with the verdict,
    which would have to arrive whole.
    """
    stream.renew()
    stream.say(stream.opening())
    stream.flush()


async def sign_in(
    stream: Stream,
    credentials: Credentials,
    opener: Opener,
    memory: ServerMemory,
    *,
    tell: Callable[[Connection, str], None],
    timeout: float,
    accept_weaker: str = "",
    paced: bool = False,
    opened: bool = False,
    careful: bool = False,
    compressed: bool = False,
) -> SignedIn:
    """Authenticate, go on with the old session or open a new one, and say how that ended.

    *timeout* is in silent seconds for each answer of the server; *accept_weaker* names a mechanism the user
    agreed to although a better one was seen before; *careful* waits for each answer; *compressed* asks for a
    compressed stream where the server has any. Raises Failure; Stale when what was remembered did not hold,
    or a token was refused: with *careful* a new try may go well.

    With *paced* the session is asked for a moment after our last proof, before the verdict on it has come.
    Nothing is trusted the sooner for it: what is said by then goes to the server whose certificate was
    verified, and what comes is held back until `<success/>` has carried the server's own proof (RFC 5802 §5).

    *opened* says that `open_apart` was called.
    """
    quick = not careful and memory.takes(Habit.PIPELINING) and _kind(stream) is not TransportKind.BOSH
    attempt = _Attempt(
        stream,
        credentials,
        opener,
        memory,
        tell=tell,
        timeout=timeout,
        accept_weaker=accept_weaker,
        quick=quick,
        paced=paced and quick and memory.takes(Habit.PACING),
        opened=opened,
        compression=Compression(stream, memory, wanted=compressed),
    )
    try:
        return await attempt.run()
    except Stale:
        memory.forget()
        raise
    except (Violation, WrongPassword):
        raise
    except Failure as failure:
        broken = failure.condition in _BROKEN_ORDER
        if attempt.hurried and (broken or failure.condition == "timeout"):
            memory.failed(Habit.PACING)
        elif attempt.ran_ahead and broken:
            memory.failed(Habit.PIPELINING)
        if not attempt.ran_ahead or not broken:
            raise
        memory.forget()
        raise Stale(failure.sentence, failure.condition) from None


class _Attempt:
    """One sign-in under way."""

    def __init__(
        self,
        stream: Stream,
        credentials: Credentials,
        opener: Opener,
        memory: ServerMemory,
        *,
        tell: Callable[[Connection, str], None],
        timeout: float,
        accept_weaker: str,
        quick: bool,
        paced: bool,
        opened: bool,
        compression: Compression,
    ) -> None:
        self.ran_ahead = False
        """Something was said on the strength of what is remembered."""
        self.hurried = False
        """The session was asked for before the verdict."""
        self._stream = stream
        self._credentials = credentials
        self._opener = opener
        self._memory = memory
        self._tell = tell
        self._timeout = timeout
        self._quick = quick
        self._paced = paced
        self._is_open = opened
        self._compression = compression
        self._chooser = Chooser(
            stream, credentials, opener, memory, accept_weaker=accept_weaker, inlines=not compression.likely
        )
        self._opened = False
        self._resumed = False

    async def run(self) -> SignedIn:
        """Do it."""
        stream = self._stream
        self._tell(Connection.AUTHENTICATING, "signing in")
        known = self._memory.advertised if self._quick else None
        way = None
        if self._is_open:
            await asyncio.sleep(_APART)
        if known is not None and await self._chooser.can(known):
            way = await self._chooser.way(known)
        if not self._is_open:
            stream.renew()
            stream.say(stream.opening())
        if way is not None:
            self.ran_ahead = True
            self._begin(way)
        found = advertised.read(await stream.greeting(self._timeout))
        if way is None:
            await self._drop_useless_token(found)
            way = await self._chooser.way(found)
            self._begin(way)
        elif not way.offered_by(found):
            # Nothing that is left may be safe enough: then it is said at once.
            self._chooser.mechanism(found)
            raise Stale("The server offers other ways to sign in than before.")
        if isinstance(way.mechanism, sasl.Scram):
            way.mechanism.offer = found.offer(sasl2=way.namespace == gate.SASL2)
        signed = await (self._by_one_request(way) if way.namespace == gate.SASL2 else self._by_steps(way))
        self._memory.saw(found)
        stream.bind_to(signed.bound)
        self._opener.established(signed)
        stream.start_session()
        return signed

    async def _drop_useless_token(self, found: Advertised) -> None:
        token = await self._credentials.token()
        if token is None or not self._chooser.binds or await self._chooser.token(found) is not None:
            return
        await self._credentials.keep_token(None)
        if not self._credentials.knows_password:
            raise Stale("The server no longer takes the kept sign-in.")

    def _begin(self, way: Way) -> None:
        stream = self._stream
        stream.phase_gate.exchange = way.namespace
        if way.namespace == gate.SASL2:
            stream.phase_gate.judge = partial(self._judge, way)
            stream.on_offered = self._saw_offer
        stream.say(way.request(stream, self._memory))
        if self.ran_ahead and way.token is not None:
            # A token needs one step, and no stream begins anew behind it: all goes in one flight.
            if self._opens_inline(way):
                self._open(way)
            elif self._compression.likely:
                self._compression.say()

    def _judge(self, way: Way, success: ET.Element) -> Phase:
        phase = way.judge(self._stream.phase_gate, success)
        self._resumed = success.find(gate.RESUMED) is not None
        return phase

    def _saw_offer(self, tags: frozenset[str]) -> None:
        # XEP-0198 §8.2: behind a resumption there are none; what some servers send then says less than usual.
        if not self._resumed:
            self._memory.saw_bound(tags)

    def _opens_inline(self, way: Way) -> bool:
        """Whether it is certain already what session there will be, and what its server offers."""
        return way.asked.binds and way.asked.resumption is None and self._likely is not None

    @property
    def _likely(self) -> frozenset[str] | None:
        """What the server offers a session, as far as it was ever seen to; None: it was not."""
        return self._memory.bound or self._memory.session

    def _open(self, way: Way) -> None:
        if not self._opened:
            self._opened = True
            if self._likely is not None:
                self._stream.offered = self._likely
            self._opener.open(way.asked.enabled)

    async def _prove(
        self,
        way: Way,
        go_on: Callable[[], None] | None,
        refusal: Callable[[ET.Element], Failure] = of_sasl_failure,
    ) -> ET.Element:
        """Go through the exchange and return `<success/>`; *go_on* can be called before that has come."""
        loop = asyncio.get_running_loop()
        timers: list[asyncio.TimerHandle] = []

        def hurry() -> None:
            if self._stream.lost.done():
                return
            self.hurried = self.ran_ahead = True
            if go_on is not None:
                go_on()

        def later() -> None:
            self._stream.flush()
            timers.append(loop.call_later(PACE, hurry))

        ahead = later if self._paced and go_on is not None else None
        try:
            if ahead is not None and way.mechanism.name == sasl.PLAIN:
                ahead()
            success = await exchange.prove(
                self._stream, way.mechanism, timeout=self._timeout, on_last=ahead, refusal=refusal
            )
        finally:
            for timer in timers:
                timer.cancel()
        self._chooser.pin(way)
        self._stream.authenticated = True
        self._stream.event(AUTHENTICATED)
        self._stream.start_queue()
        self._tell(Connection.BINDING, "starting the session")
        return success

    async def _by_steps(self, way: Way) -> SignedIn:
        known = self._memory.session if self._quick else None
        entry = self._entry(restarts=True, known=known)
        await self._prove(way, entry.say if known is not None else None)
        self.ran_ahead |= known is not None
        self._stream.phase_gate.phase = Phase.AUTHENTICATED
        return await entry.finish(self._timeout)

    def _entry(self, *, restarts: bool, known: frozenset[str] | None) -> Entry:
        return Entry(
            self._stream,
            self._opener,
            self._memory,
            restarts=restarts,
            known=known,
            compression=self._compression,
        )

    async def _by_one_request(self, way: Way) -> SignedIn:
        stream, memory = self._stream, self._memory
        go_on = partial(self._open, way) if self._opens_inline(way) else None
        try:
            success = await self._prove(way, go_on, of_sasl_failure if way.token is None else _of_token)
        except Stale:
            await self._credentials.keep_token(None)
            raise
        given = fast.granted(success, way.asked.token if way.token is None else way.token.mechanism)
        if given is not None:
            await self._credentials.keep_token(given)
        resumed, failed = success.find(gate.RESUMED), success.find(gate.RESUMPTION_FAILED)
        if resumed is not None and way.asked.resumption is not None:
            stream.offered = self._likely or frozenset()
            return SignedIn(way.asked.resumption.bound, resumed=binding.resumed_at(resumed))
        count = None if failed is None else binding.handled(failed)
        bound = success.find(gate.BOUND)
        if bound is None:
            if self._opened:
                raise Stale("The server did not let the session begin.")
            known = memory.session if self._quick else None
            entry = self._entry(restarts=False, known=known)
            signed = await entry.finish(self._timeout)
            return signed if count is None else SignedIn(signed.bound, failed=count)
        if self._likely is None:
            await binding.features_of(stream, self._timeout)
        self._open(way)
        full = stream.phase_gate.own(sasl2.identity(success), bound=True)
        return SignedIn(full, failed=count, enabled=bound.find(gate.ENABLED))


def _of_token(failure: ET.Element) -> Failure:
    refused = of_sasl_failure(failure)
    if refused.condition == "temporary-auth-failure":
        return refused
    # XEP-0484 §4.1: "the client SHOULD discard the token and automatically fall back".
    return Stale("The server no longer takes the kept sign-in.", refused.condition)


def _kind(stream: Stream) -> TransportKind | None:
    return None if stream.wire is None else stream.wire.kind
