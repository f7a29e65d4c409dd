"""How long the link of one account takes, and so how long to wait for it (RFC 6298)."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable

from tui_xmpp.core.value import value

from ..core.address import Address
from ..core.ports import Clock, KeyValue
from .transport.tcp_info import TcpInfo

_MEMORY = "timing"
_SAVE_SECONDS = 300.0

_LEAST_WAIT = 30.0
_MOST_WAIT = 600.0
_CONNECT_SECONDS = 15.0
_UNKNOWN_CONNECT_SECONDS = 30.0
_MOST_CONNECT_SECONDS = 120.0
_FRESH_SECONDS = 0.8
_UNKNOWN_FRESH_SECONDS = 3.0
_OVERDUE_SECONDS = 2.0
_UNKNOWN_OVERDUE_SECONDS = 8.0
_UNKNOWN_RATE = 1200.0
"""Bits a second to reckon with while nothing is known: the least on which a sign-in can succeed at all."""
_SIGN_IN_BYTES = 4500
"""The largest step of a sign-in: the certificates of a server."""
_HANDSHAKES = 10
"""How many times as long as a handshake a step of a sign-in may take: no step is much larger."""
_LEAST_SECURE = 5.0
_RECORD = 16 * 1024
"""Bytes of the longest TLS record, which is read only when it is whole (RFC 8446 §5.1)."""
_THIN_SECONDS = 1.5
"""About two kilobytes in so many seconds beyond the round trip: some 9,600 bit/s."""
_NEAR_RTT = 0.5
_PATIENCE = 10.0
_FAR_PATIENCE = 20.0
_MOST_DOUBT, _QUICK_DOUBT = 8.0, 2.0
_RATE_GAIN = 0.25


class RoundTrip:
    """A smoothed round trip (RFC 6298 §2), in seconds."""

    def __init__(self, smoothed: float | None = None, variation: float = 0.0) -> None:
        self.smoothed = smoothed
        self.variation = variation

    def take(self, seconds: float) -> None:
        """Take one measurement."""
        if not math.isfinite(seconds) or seconds < 0:
            return
        if self.smoothed is None:
            # RFC 6298 §2.2: "SRTT <- R, RTTVAR <- R/2".
            self.smoothed, self.variation = seconds, seconds / 2
            return
        # RFC 6298 §2.3: the variation first, with the old smoothed value; alpha = 1/8, beta = 1/4.
        self.variation += (abs(self.smoothed - seconds) - self.variation) / 4
        self.smoothed += (seconds - self.smoothed) / 8

    @property
    def limit(self) -> float:
        """The retransmission timeout (RFC 6298 §2.3, K = 4); 0 while nothing was measured."""
        return 0.0 if self.smoothed is None else self.smoothed + 4 * self.variation


@value
class Sensed:
    """One measurement; None: this was not measured by it."""

    path: float | None = None
    """Seconds to the next TCP endpoint and back."""
    answer: float | None = None
    """Seconds to the server and back, and what it did meanwhile."""
    rate: float | None = None
    """Bits a second that went up while more waited."""


class LinkTiming:
    """What is known of the link of one account; outlives streams and processes.

    Two round trips are kept apart: the kernel's, which may end at a proxy, and that of the server's answers.
    """

    def __init__(
        self, facts: KeyValue, account: Address, clock: Clock, patience: Callable[[], float] = lambda: 1.0
    ) -> None:
        """`patience`: how many times longer than usual to wait for answers."""
        self._stretch = patience
        self._facts = facts
        self._account = str(account.bare)
        self._clock = clock
        self.path = RoundTrip()
        """To the next TCP endpoint and back."""
        self.answer = RoundTrip()
        """From a question on the stream to its answer."""
        self.securing = RoundTrip()
        """From the first SYN to verified TLS."""
        self.thin = False
        """The link takes seconds for what a handshake takes: little at a time gets through sooner."""
        self._shook: float | None = None
        """Seconds the last handshake took beyond TCP's."""
        self.sensed: Callable[[Sensed], None] = lambda _: None
        """Told of each measurement."""
        self._rate: float | None = None
        self._floor: float | None = None
        self._acked: tuple[float, int] | None = None
        self._missed = 0
        self._doubt = 1.0
        self._saved_at = clock.monotonic()
        self._load()

    # --- what was measured ------------------------------------------------------------------------------

    def connected(self) -> None:
        """A connection stood in time."""
        self._missed = 0

    def secured(self, seconds: float) -> None:
        """Verified TLS stood *seconds* after the first SYN."""
        self._missed = 0
        self.securing.take(seconds)

    def shook_hands(self, connecting: float, securing: float) -> None:
        """TCP took *connecting* seconds, about one round trip, and TLS *securing*, one more and its bytes."""
        self.thin = securing - connecting > _THIN_SECONDS
        self._shook = securing
        self.sensed(Sensed(path=connecting, answer=securing))

    def path_changed(self) -> None:
        """We are on another network: what a sign-in took on the last one says nothing."""
        self.securing = RoundTrip()

    def not_connected(self) -> None:
        """Nothing answered in time: maybe the time was too short (RFC 6298 §5.5)."""
        self._missed += 1

    def answered(self, seconds: float) -> None:
        """The server answered a question after *seconds*."""
        self._doubt = 1.0
        self.answer.take(seconds)
        self.sensed(Sensed(answer=seconds))
        self._save_sometimes()

    def doubted(self) -> None:
        """A link was given up although the peer's kernel still answered: be more patient next time."""
        self._doubt = min(self._doubt * 2, _MOST_DOUBT)

    def signed_in(self) -> None:
        """A session stands on another link: if that was quick, the last one was dead rather than slow."""
        if not self.thin:
            self._doubt = min(self._doubt, _QUICK_DOUBT)

    def looked(self, info: TcpInfo, *, waiting: bool) -> None:
        """The kernel told this; *waiting*: something waited to be sent since the last look."""
        if info.rtt > 0:
            # It has smoothed already, over far more measurements than we see.
            self.path = RoundTrip(info.rtt, info.rttvar)
        if info.delivery_rate > 0:
            self._floor = max(info.delivery_rate * 8, (self._floor or 0.0) * (1 - _RATE_GAIN))
        now, before, rate = self._clock.monotonic(), self._acked, None
        self._acked = (now, info.acked) if waiting else None
        if before is not None and waiting and now > before[0] and info.acked > before[1]:
            rate = 8 * (info.acked - before[1]) / (now - before[0])
            self._rate = rate if self._rate is None else self._rate + (rate - self._rate) * _RATE_GAIN
        self.sensed(Sensed(path=info.rtt or None, rate=rate))
        self._save_sometimes()

    # --- what follows from it -----------------------------------------------------------------------------

    @property
    def rtt(self) -> float | None:
        """The round trip to reckon with, in seconds; None: not known."""
        known = [one.smoothed for one in (self.path, self.answer) if one.smoothed is not None]
        return max(known, default=None)

    @property
    def rto(self) -> float:
        """When an answer is overdue, in seconds; 0: not known."""
        return max(self.path.limit, self.answer.limit)

    @property
    def rate(self) -> float | None:
        """Bits a second upwards; None: not known."""
        return self._rate if self._rate is not None else self._floor

    def seconds_for(self, size: int) -> float:
        """How long *size* bytes take on this link."""
        return 8 * size / max(self.rate or _UNKNOWN_RATE, 1.0)

    def timeout(self, bytes_expected: int = 0) -> float:
        """Seconds to wait for an answer of *bytes_expected* bytes before it will not come any more."""
        wanted = 6 * (self.rtt or 0.0) + 3 * self.seconds_for(bytes_expected)
        return min(max(_LEAST_WAIT, wanted) * self._stretch(), _MOST_WAIT)

    @property
    def silence(self) -> float:
        """Seconds without a word of somebody who was telling much, before no more will come."""
        return self.timeout(_RECORD) if self.rate is not None else 2 * self.timeout()

    @property
    def connect(self) -> float:
        """Seconds for a connection to stand; longer after each time it did not."""
        rtt = self.rtt
        base = _UNKNOWN_CONNECT_SECONDS if rtt is None else max(_CONNECT_SECONDS, 6 * rtt)
        return min(base * (1 << min(self._missed, 4)), _MOST_CONNECT_SECONDS)

    @property
    def secure(self) -> float | None:
        """Seconds for verified TLS to stand before it is worth starting over; None: not known."""
        if self.securing.smoothed is None:
            return None
        return max(_LEAST_SECURE, 3 * self.securing.limit) * (1 << min(self._missed, 8))

    @property
    def step(self) -> float:
        """Seconds of silence to allow for each step of a sign-in."""
        return self.timeout(_SIGN_IN_BYTES)

    @property
    def reply(self) -> float:
        """Seconds of silence to allow for each step of a sign-in; the handshake told what they take."""
        if self._shook is None:
            return self.step
        wanted = 6 * (self.rtt or 0.0) + _HANDSHAKES * self._shook
        return min(max(_LEAST_WAIT, wanted), _MOST_WAIT)

    @property
    def probe(self) -> float:
        """Seconds to see the certificate of a server that could not prove itself, only to describe it."""
        return self.step / 3

    @property
    def fresh(self) -> float:
        """Seconds after which a connection that does not stand yet gets a fresh one beside it."""
        rtt = self.rtt
        return _UNKNOWN_FRESH_SECONDS if rtt is None else max(_FRESH_SECONDS, 3 * rtt)

    @property
    def overdue(self) -> float:
        """Seconds after which it is worth asking whether an answer can come at all."""
        rtt = self.rtt
        return _UNKNOWN_OVERDUE_SECONDS if rtt is None else max(_OVERDUE_SECONDS, 4 * rtt)

    @property
    def patience(self) -> float:
        """Seconds a link may owe us a sign of life before it is dead."""
        rtt = self.rtt
        base = _PATIENCE if rtt is not None and rtt < _NEAR_RTT else _FAR_PATIENCE
        return max(base, 3 * self.rto)

    @property
    def doubt(self) -> float:
        """How many times longer than usual to wait for an answer over a path that is not dead."""
        return self._doubt

    # --- across processes ----------------------------------------------------------------------------------

    def save(self) -> None:
        """Keep what is known for the next process."""
        self._saved_at = self._clock.monotonic()
        known = {
            "path": _pair(self.path),
            "answer": _pair(self.answer),
            "securing": _pair(self.securing),
            "rate": None if self.rate is None else round(self.rate),
        }
        text = json.dumps(known)
        if text != self._facts.get(_MEMORY, self._account):
            self._facts.put(_MEMORY, self._account, text)

    def _save_sometimes(self) -> None:
        if self._clock.monotonic() - self._saved_at >= _SAVE_SECONDS:
            self.save()

    def _load(self) -> None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            read = json.loads(self._facts.get(_MEMORY, self._account) or "")
            path, answer, securing = (_measured(read[name]) for name in ("path", "answer", "securing"))
            self._floor = None if read["rate"] is None else max(float(read["rate"]), 1.0)
            self.path, self.answer, self.securing = path, answer, securing


def _pair(one: RoundTrip) -> list[float] | None:
    return None if one.smoothed is None else [round(one.smoothed, 4), round(one.variation, 4)]


def _measured(pair: list[float] | None) -> RoundTrip:
    if pair is None:
        return RoundTrip()
    smoothed, variation = (float(one) for one in pair)
    if not (0 <= smoothed < _MOST_WAIT and 0 <= variation < _MOST_WAIT):
        raise ValueError("no time a link takes")
    return RoundTrip(smoothed, variation)
