"""One try to sign in: from the account's endpoints to a bound session."""

from __future__ import annotations

import contextlib
import logging
import random
import socket
import ssl
from collections.abc import Callable

from tui_xmpp.core.value import value

from ..core.account import Account, Connection, TlsMode, Token, TransportKind
from ..core.ports import Clock, KeyValue
from . import certificate, endpoints, reaching
from .certificate import Certificate
from .credentials import Credentials
from .endpoints import Endpoint
from .failure import BadCertificate, Failure, Refused, Stale, WrongPassword
from .finding import STALE_SECONDS, Finder
from .opening import Opener, SignedIn, Unresumed
from .resolver import Resolver
from .revoking import revoke
from .securing import over_tcp
from .server_memory import Habit, ServerMemory
from .sign_in import open_apart, sign_in
from .stream import Stream
from .timing import LinkTiming
from .transport import probe, tcp_info, tls
from .transport.carrying import Look
from .transport.tcp_info import TcpInfo
from .transport.wire import Wire
from .unstreamed import Unstreamed

_log = logging.getLogger("tui-xmpp")


@value
class Timeouts:
    """Seconds to wait for the server, for each step."""

    connect: float = 15.0
    step: float = 30.0
    probe: float = 10.0
    fresh: float = 3.0
    """Until a connection that does not stand yet gets a fresh one beside it."""
    patience: float = 30.0
    """In which something must be acknowledged by the peer's kernel."""


class Dialler:
    """Knows where the account's server is and how to get in.

    *say* tells each step; *on_stream* gets each new stream before anything is sent on it. The endpoint that
    worked last is used without asking DNS for *stale_seconds*; *location* is where the server would like a
    session to be resumed (XEP-0198 §5). *quick*: look nowhere else this time. *compressed*: ask for
    compression. *unstreamed* is told what a connection took on which no stream was begun.
    """

    def __init__(
        self,
        stream_factory: Callable[[], Stream],
        account: Account,
        *,
        facts: KeyValue,
        clock: Clock,
        say: Callable[[Connection, str], None],
        on_stream: Callable[[Stream], None],
        resolver: Resolver,
        rng: random.Random,
        timeouts: Timeouts | LinkTiming,
        opener: Opener,
        paced: Callable[[], bool],
        small_hello: Callable[[], bool],
        stale_seconds: Callable[[], float] = lambda: STALE_SECONDS,
        location: Callable[[], str] = lambda: "",
        quick: Callable[[], bool] = lambda: False,
        compressed: Callable[[], bool] = lambda: False,
        unstreamed: Callable[[Look], None] = lambda _: None,
    ) -> None:
        self._make_stream = stream_factory
        self._account = account
        self._facts = facts
        self._clock = clock
        self._say = say
        self._on_stream = on_stream
        self._timeouts = timeouts
        self._opener = opener
        self._paced = paced
        self._small_hello = small_hello
        self._stale_seconds = stale_seconds
        self._location = location
        self._quick = quick
        self._compressed = compressed
        self._unstreamed = Unstreamed(unstreamed)
        self._contexts = tls.Contexts(account.ca_file)
        self._connected: socket.socket | None = None
        """The newest connection, only to look at."""
        self._stood_at = self._connecting = 0.0
        self._bare_failed = False
        """A try to make TLS with the barest hello came to nothing: there may be a box on the way."""
        self.finder = Finder(
            account,
            resolver=resolver,
            facts=facts,
            rng=rng,
            now=clock.now,
            dial=self._connect_to_look,
            context=lambda: self._contexts.get(direct=False, small=False),
            timeout=timeouts.step,
        )

    async def reach(self, credentials: Credentials, accept_weaker: str) -> tuple[Stream, SignedIn]:
        """Sign in at the first endpoint that lets us; raises the Failure that matters most.

        *accept_weaker* names a SASL mechanism the user agreed to although a better one was seen before.
        """
        try:
            return await self._reach(credentials, accept_weaker)
        finally:
            self._unstreamed.settle()

    async def _reach(self, credentials: Credentials, accept_weaker: str) -> tuple[Stream, SignedIn]:
        worst: Failure | None = None
        careful = False
        ways = self.finder.ways(
            stale_seconds=self._stale_seconds(), location=self._location(), known_only=self._quick()
        )
        async with contextlib.aclosing(ways):
            async for found in ways:
                try:
                    self._say(Connection.CONNECTING, str(found))
                    try:
                        return await self._sign_in(found, credentials, accept_weaker, careful=careful)
                    except Stale as stale:
                        if careful:
                            raise
                        _log.info("Once more with care: %s %s", stale.sentence, stale.condition)
                    # Once, whatever comes of it.
                    careful = True
                    await credentials.prepare()
                    return await self._sign_in(found, credentials, accept_weaker, careful=True)
                except BadCertificate as failure:
                    self._contexts.forget()
                    worst = failure
                except Failure as failure:
                    if failure.answered or isinstance(failure, (Refused, WrongPassword)):
                        raise
                    worst = worst if isinstance(worst, BadCertificate) else failure
        raise worst or Failure("No server was found.")

    async def revoke(self, credentials: Credentials) -> None:
        """Forget the account's token, here and, where the server can be reached, there; raises Failure."""
        token = await credentials.token()
        if token is None:
            return
        await credentials.keep_token(None)
        memory = ServerMemory(self._facts, self._account.address, self._clock.now)
        try:
            await self._revoke(token, memory)
        finally:
            self._unstreamed.settle()

    async def _revoke(self, token: Token, memory: ServerMemory) -> None:
        worst = Failure("No server was found.")
        async with contextlib.aclosing(self.finder.ways(stale_seconds=self._stale_seconds())) as ways:
            async for found in ways:
                try:
                    stream = await self._secured(found, memory, careful=True)
                except Failure as failure:
                    worst = failure
                    continue
                try:
                    await revoke(stream, token, memory, timeout=self._timeouts.step)
                finally:
                    stream.fail(Failure("You left."))
                return
        raise worst

    async def _sign_in(
        self, endpoint: Endpoint, credentials: Credentials, accept_weaker: str, *, careful: bool
    ) -> tuple[Stream, SignedIn]:
        memory = ServerMemory(self._facts, self._account.address, self._clock.now)
        stream = await self._secured(endpoint, memory, careful=careful, on_stream=self._on_stream)
        times, timeout, thin = self._timeouts, self._timeouts.step, False
        try:
            if isinstance(times, LinkTiming):
                times.shook_hands(self._connecting, self._clock.monotonic() - self._stood_at)
                timeout, thin = times.reply, times.thin
            if thin:
                open_apart(stream)
            self._tell_certificate(stream, endpoint)
            signed = await sign_in(
                stream,
                credentials,
                Unresumed(self._opener) if endpoint.kind is TransportKind.BOSH else self._opener,
                memory,
                tell=self._say,
                timeout=timeout,
                accept_weaker=accept_weaker,
                paced=self._paced(),
                opened=thin,
                careful=careful,
                compressed=self._compressed(),
            )
        except BaseException as error:
            if isinstance(error, Failure):
                error.answered = True
            stream.fail(Failure("The link was given up."))
            raise
        endpoints.remember(self._facts, self._account, endpoint)
        return stream, signed

    async def _secured(
        self,
        endpoint: Endpoint,
        memory: ServerMemory,
        *,
        careful: bool,
        on_stream: Callable[[Stream], None] | None = None,
    ) -> Stream:
        """Return a new stream whose server has shown its certificate; nothing was said on it over TLS.

        Who gives *on_stream* counts what it takes, from when it has a wire.
        """
        self._unstreamed.settle()
        is_tcp = endpoint.kind is TransportKind.TCP
        if is_tcp:
            link: socket.socket | Wire = await self._connect_to_look(endpoint)
        else:
            link = await self._open_wire(endpoint, counts=on_stream is not None)
        try:
            stream = self._make_stream()
            if on_stream is not None:
                on_stream(stream)
            stream.init_plugins()  # type: ignore[no-untyped-call]
        except BaseException:
            if isinstance(link, socket.socket):
                link.close()
            else:
                link.abort()
            raise
        try:
            if isinstance(link, socket.socket):
                await self._secure(stream, endpoint, link, memory, careful=careful)
            else:
                stream.attach(link)
                stream.confirm_secure()
        except BaseException as error:
            if isinstance(error, Failure):
                error.answered = stream.secure
            stream.fail(Failure("The link was given up."))
            raise
        finally:
            if on_stream is not None and stream.wire is not None:
                self._unstreamed.let_go()
        return stream

    async def _secure(
        self,
        stream: Stream,
        endpoint: Endpoint,
        connected: socket.socket,
        memory: ServerMemory,
        *,
        careful: bool,
    ) -> None:
        domain = self._account.address.domain
        small = not careful and self._small_hello() and memory.takes(Habit.SMALL_HELLO)
        bare = small and not self._bare_failed and memory.takes(Habit.BARE_HELLO)
        context = self._contexts.get(direct=endpoint.tls is TlsMode.DIRECT, small=small, bare=bare)
        # Until it went well: a box on the way may also swallow it, and then the whole try is given up.
        self._bare_failed |= bare
        quick = not careful and memory.takes(Habit.PIPELINING)
        try:
            await over_tcp(stream, connected, endpoint.tls, context, timeout=self._timeouts.step, quick=quick)
        except ssl.SSLError as error:
            if small and tls.asks_for_more(error):
                memory.failed(Habit.SMALL_HELLO)
                raise Stale(tls.failed(error, domain).sentence, "old-tls") from None
            failure = tls.failed(error, domain)
            if isinstance(failure, BadCertificate):
                failure = BadCertificate(failure.sentence + await self._shown(endpoint))
            raise failure from None
        except OSError:
            if small and not memory.is_proven(Habit.SMALL_HELLO):
                # There are boxes on the way that cut what they do not understand.
                memory.failed(Habit.SMALL_HELLO)
            raise Failure(f"{endpoint.host} broke the link off while it was being made secure.") from None
        if small:
            memory.worked(Habit.SMALL_HELLO)
        if bare:
            self._bare_failed = False
            memory.worked(Habit.BARE_HELLO)
        elif small and self._bare_failed and not memory.is_proven(Habit.BARE_HELLO):
            memory.failed(Habit.BARE_HELLO)

    def _tell_certificate(self, stream: Stream, endpoint: Endpoint) -> None:
        name = self._account.address.domain if endpoint.kind is TransportKind.TCP else endpoint.host
        der = stream.certificate()
        shown = Certificate.parse(der) if der else None
        if shown is not None:
            changed = certificate.compare(self._facts, name, shown)
            self._say(Connection.SECURING, ", ".join(filter(None, (shown.step(self._clock.now()), changed))))

    async def _shown(self, endpoint: Endpoint) -> str:
        der = await probe.presented(
            lambda: self._connect_to_look(endpoint),
            endpoint.tls,
            self._account.address.domain,
            timeout=self._timeouts.probe,
        )
        shown = Certificate.parse(der) if der else None
        return f" {shown.fields()}" if shown else ""

    async def _connect(self, endpoint: Endpoint) -> socket.socket:
        times = self._timeouts
        self._connected, began = None, self._clock.monotonic()
        self._connected = await reaching.open_socket(
            endpoint, self._account, timeout=times.connect, fresh=times.fresh, patience=times.patience
        )
        self._stood_at = self._clock.monotonic()
        self._connecting = self._stood_at - began
        return self._connected

    async def _connect_to_look(self, endpoint: Endpoint) -> socket.socket:
        """As `_connect`; what it carries is counted here until a stream counts it."""
        return self._unstreamed.hold(await self._connect(endpoint))

    def look(self) -> TcpInfo | None:
        """What the kernel knows of the newest connection; None: nothing."""
        return tcp_info.read(self._connected)

    async def _open_wire(self, endpoint: Endpoint, *, counts: bool) -> Wire:
        """*counts*: the stream on it will count what it carries."""
        connect = self._connect_to_look
        made = await reaching.open_wire(
            endpoint,
            lambda: connect(endpoint),
            context=self._contexts.get(direct=False, small=False),
            timeout=self._timeouts.step,
        )
        if counts:
            # What BOSH connects from now on is its own.
            connect = self._connect
        return made
