"""Keeps one account signed in: tries, says each step, waits, and stops where only the user can decide."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

from ..core.account import Account, Connection
from ..core.address import Address
from ..core.events import ConnectionChanged
from ..core.ports import Clock, KeyValue
from . import network
from .backoff import Backoff, Kind, kind_of
from .credentials import Credentials, Tokens
from .dialling import Dialler, Timeouts
from .failure import Failure, Refused, Weaker, WrongPassword
from .finding import STALE_SECONDS
from .opening import NothingToOpen, Opener, SignedIn
from .resolver import Resolver
from .stream import Stream
from .swallowed import Swallowed
from .timing import LinkTiming
from .transport.carrying import Look

STABLE_SECONDS = 30.0
_GOODBYE_SECONDS = 2.0
_LEAST_REFUSED_SECONDS = 10.0
"""Who was refused waits at least this long, whatever changes around."""
_LOOK_FURTHER = 10
_FIRST_STEPS = frozenset({Connection.RESOLVING, Connection.CONNECTING})

_log = logging.getLogger("tui-xmpp")


class Connector:
    """One account's connection; every change of it is told.

    *password* takes a reason (empty at first, else why the last one was refused) and returns a password,
    or None when the user gave none; *tokens* keeps what signs in without one, None: nothing does. *opener* is
    the session to open or to resume. *paced* says whether the link is so slow that a sign-in may not wait for
    each answer, *small_hello* whether TLS begins in half the bytes, *compressed* whether to ask for a
    compressed stream, *location* where the server would have a session resumed, *stale_seconds* how long the
    endpoint that worked is used without asking DNS, *unstreamed* is told what a connection took on which no
    stream began. *timing* is what is known of the link. *on_stream* is
    called once for each new stream before anything is sent on it, *on_ready* after each sign-in, *on_lost*
    after the end of each session.
    """

    def __init__(
        self,
        stream_factory: Callable[[], Stream],
        account: Account,
        *,
        password: Callable[[str], Awaitable[str | None]],
        facts: KeyValue,
        clock: Clock,
        tell: Callable[[ConnectionChanged], None],
        on_stream: Callable[[Stream], None],
        on_ready: Callable[[SignedIn], Awaitable[None]],
        on_lost: Callable[[], None],
        resolver: Resolver,
        rng: random.Random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timeouts: Timeouts | None = None,
        timing: LinkTiming | None = None,
        tokens: Tokens | None = None,
        opener: Opener | None = None,
        paced: Callable[[], bool] = lambda: False,
        small_hello: Callable[[], bool] = lambda: True,
        location: Callable[[], str] = lambda: "",
        stale_seconds: Callable[[], float] = lambda: STALE_SECONDS,
        compressed: Callable[[], bool] = lambda: False,
        unstreamed: Callable[[Look], None] = lambda _: None,
    ) -> None:
        self._account = account
        self._credentials = Credentials(password, tokens, clock.now)
        self._clock = clock
        self._tell = tell
        self._on_stream = on_stream
        self._on_ready = on_ready
        self._on_lost = on_lost
        self._sleep = sleep
        self._timing = timing or LinkTiming(facts, account.address, clock)
        self._dialler = Dialler(
            stream_factory,
            account,
            facts=facts,
            clock=clock,
            say=self._say,
            on_stream=self._take,
            resolver=resolver,
            rng=rng,
            timeouts=timeouts or self._timing,
            opener=opener or NothingToOpen(),
            paced=paced,
            small_hello=small_hello,
            location=location,
            stale_seconds=stale_seconds,
            quick=self._is_quick,
            compressed=compressed,
            unstreamed=unstreamed,
        )
        self._backoff = Backoff(rng, clock.monotonic, lambda: self._timing.rtt)
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._told: ConnectionChanged | None = None
        self._tries = 0
        self._quiet = False
        """Trying again and again: only what comes of it is told."""
        self._securing: Swallowed | None = None
        self._tried_at = 0.0
        self._refused_at: float | None = None
        """Since when we wait because somebody refused us, monotonic seconds; None: not because of that."""
        self._stream: Stream | None = None
        self._online = False
        self._leaving = False
        self._accept_weaker = ""
        self._offered_weaker = ""

    @property
    def stream(self) -> Stream | None:
        """The stream while signed in or signing in; None otherwise."""
        return self._stream

    def start(self) -> None:
        """Begin to connect and stay connected; without effect while that is so already."""
        if self._task is None or self._task.done():
            self._leaving = False
            self._wake.clear()
            self._task = asyncio.get_running_loop().create_task(self._run())

    def connect_now(self) -> None:
        """The user asks for a connection: ends a wait and a refusal, and consents to what was refused."""
        self._backoff.reset()
        self._quiet = False
        if self._task is None or self._task.done():
            self._accept_weaker, self._offered_weaker = self._offered_weaker, ""
        self._wake.set()
        self.start()

    def surroundings_changed(self) -> None:
        """The network of this computer changed, or it woke up: what was out of reach may be in reach."""
        if (
            self._refused_at is not None
            and self._clock.monotonic() - self._refused_at < _LEAST_REFUSED_SECONDS
        ):
            return
        self._backoff.afresh()
        stream = self._stream
        wire = None if stream is None else stream.wire
        if stream is None or wire is None:
            self._timing.path_changed()
        elif network.goes_elsewhere(wire.socket()):
            self._timing.path_changed()
            if not self._online:
                # Whoever watches the stream once it is bound does not yet.
                stream.fail(Failure("The network changed."))
        self._wake.set()

    async def forget_token(self) -> None:
        """Forget the token that signs in, and have the server forget it too (XEP-0484 §3.6); raises Failure.

        It is forgotten here also when the server cannot be reached.
        """
        await self._dialler.revoke(self._credentials)

    async def stop(self, *, leave: bool = True) -> None:
        """Stay offline, within two seconds; *leave*: close the stream, else the server keeps the session."""
        self._leaving = True
        task, self._task = self._task, None
        stream, was_online = self._stream, self._online
        if stream is not None and was_online:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await (stream.close if leave else stream.leave_open)(_GOODBYE_SECONDS)
        if task is not None and not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._timing.save()
        self._say(Connection.OFFLINE, "")

    async def _run(self) -> None:
        while True:
            try:
                await self._attempt()
            except Failure as failure:
                if self._leaving or not await self._goes_on(failure):
                    return
            except Exception as error:
                _log.exception("The connection failed in an unforeseen way")
                sentence = f"The connection failed in an unforeseen way ({type(error).__name__})."
                await self._wait(sentence, Kind.REFUSED)

    async def _goes_on(self, failure: Failure) -> bool:
        """Do what a failure asks for; say whether to try again."""
        if isinstance(failure, WrongPassword):
            return True
        if isinstance(failure, Refused):
            self._offered_weaker = failure.mechanism if isinstance(failure, Weaker) else ""
            self._say(Connection.REFUSED, failure.sentence)
            return False
        if failure.condition == "timeout":
            self._timing.not_connected()
        await self._wait(failure.sentence, kind_of(failure))
        return True

    async def _attempt(self) -> None:
        """Connect, stay until the stream ends, and raise why it did."""
        self._tried_at = asyncio.get_running_loop().time()
        try:
            await self._credentials.prepare()
            self._say(Connection.RESOLVING, f"looking up {self._account.address.domain}")
            stream, signed = await self._reach()
        except BaseException as error:
            self._stream = None
            if isinstance(error, WrongPassword):
                self._credentials.refused(error.sentence)
            raise
        finally:
            self._credentials.forget()
        self._credentials.accepted()
        self._accept_weaker = ""
        self._timing.connected()
        await self._stay(stream, signed)

    async def _reach(self) -> tuple[Stream, SignedIn]:
        """Sign in; start over when nothing comes on the way to TLS."""
        self._securing = Swallowed(self._timing, self._dialler.look)
        try:
            async with self._securing:
                return await self._dialler.reach(self._credentials, self._accept_weaker)
        except TimeoutError:
            raise Failure("The server does not answer. Check the network.", "timeout") from None
        finally:
            self._securing = None

    def _is_quick(self) -> bool:
        """Whether this is one of many tries: only every tenth looks further than where it last was."""
        self._tries = self._tries + 1 if self._quiet else 0
        return self._tries % _LOOK_FURTHER > 0

    def _time(self, connection: Connection) -> None:
        """Take the time from the first SYN to verified TLS."""
        if self._securing is None:
            return
        if connection is Connection.CONNECTING:
            self._securing.begin()
        elif connection is Connection.SECURING:
            self._securing.end()

    async def _stay(self, stream: Stream, signed: SignedIn) -> None:
        began = self._clock.monotonic()
        self._online = True
        ready: asyncio.Task[None] | None = None
        try:
            # First, so that whoever hears of it and asks something at once finds the account online.
            ready = asyncio.ensure_future(self._get_ready(signed))
            self._say(Connection.ONLINE, "signed in", signed.bound)
            await asyncio.wait({stream.lost})
        finally:
            self._online = False
            if ready is not None:
                ready.cancel()
            if self._clock.monotonic() - began >= STABLE_SECONDS:
                self._backoff.good()
            self._drop(stream)
            self._on_lost()
        raise stream.lost.result()

    async def _get_ready(self, signed: SignedIn) -> None:
        try:
            await self._on_ready(signed)
        except Exception:
            _log.exception("Not everything could be asked for after signing in")

    def _take(self, stream: Stream) -> None:
        self._stream = stream
        self._on_stream(stream)

    def _drop(self, stream: Stream) -> None:
        stream.fail(Failure("The link was given up."))
        if self._stream is stream:
            self._stream = None

    async def _wait(self, sentence: str, kind: Kind) -> None:
        took = asyncio.get_running_loop().time() - self._tried_at
        seconds, self._quiet = self._backoff.next(kind, took)
        told = self._told
        if not (self._quiet and told and told.connection is Connection.WAITING and told.reason == sentence):
            retry_at = self._clock.now() + timedelta(seconds=seconds)
            self._pass_on(ConnectionChanged(self._account.address, Connection.WAITING, sentence, retry_at))
        self._wake.clear()
        self._refused_at = self._clock.monotonic() if kind is Kind.REFUSED else None
        waits = {asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(self._wake.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._refused_at = None
            for one in waits:
                one.cancel()

    def _say(self, connection: Connection, reason: str, full_address: Address | None = None) -> None:
        self._time(connection)
        # While it is tried every second, the reason for it stays on the screen.
        if not self._quiet or connection not in _FIRST_STEPS:
            self._pass_on(ConnectionChanged(self._account.address, connection, reason, None, full_address))

    def _pass_on(self, change: ConnectionChanged) -> None:
        self._told = change
        self._tell(change)
