"""Notices that the link of one bound stream is dead, without ever dropping one that is only slow."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable
from typing import Protocol

from .network import goes_elsewhere, is_gone
from .timing import LinkTiming
from .transport import tcp, tcp_info
from .transport.tcp_info import Measurable, TcpInfo

IDLE_SECONDS = 60.0
"""Of silence before the server is asked for a sign of life, on a link that costs little."""
_LOOK_SECONDS = 2.0
"""Between two looks while something is under way."""
_URGENT_LOOK_SECONDS = 0.5
_LEAST_PAUSE = 0.05
_URGENT_SECONDS = 2.0
_MOST_ASKED = 64

_log = logging.getLogger("tui-xmpp")


class Watched(Protocol):
    """The wire, as much of it as is looked at."""

    @property
    def waiting(self) -> int:
        """As `Wire.waiting`."""

    def socket(self) -> socket.socket | None:
        """As `Wire.socket`."""


class Timers(Protocol):
    """As much of an event loop as is needed."""

    def time(self) -> float:
        """As `asyncio.AbstractEventLoop.time`."""

    def call_at(self, when: float, callback: Callable[[], None], /) -> asyncio.TimerHandle:
        """As `asyncio.AbstractEventLoop.call_at`."""


class Liveness:
    """Of one stream, from binding to its end.

    *ask* puts a question to the server (`<r/>`, XEP-0198 §4) whose writing is told by `asked`; *dead* is
    called once, with the reason for the log, when the link will bring nothing any more. *idle_seconds*: how
    long the server may say nothing before it is asked. *look* reads what the kernel knows.
    """

    def __init__(
        self,
        timing: LinkTiming,
        wire: Watched,
        *,
        ask: Callable[[], None],
        dead: Callable[[str], None],
        idle_seconds: float = IDLE_SECONDS,
        look: Callable[[Measurable | None], TcpInfo | None] = tcp_info.read,
        loop: Timers | None = None,
    ) -> None:
        self._loop: Timers = loop or asyncio.get_running_loop()
        self._timing = timing
        self._wire = wire
        self._ask = ask
        self._dead = dead
        self._idle = idle_seconds
        self._look = look
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False
        self._heard_at = self._loop.time()
        self._asked: deque[float] = deque(maxlen=_MOST_ASKED)
        """When the questions without an answer were written, oldest first."""
        self._goal: int | None = None
        """How much TCP must have acknowledged for the oldest question to have left; None: not known yet."""
        self._left_at: float | None = None
        """When it was seen to have left."""
        self._received: int | None = None
        """What the kernel had received at the last look."""
        self._reached_at = self._heard_at
        """What was written before is known to have reached the server."""
        self._flying_since: float | None = None
        """When TCP was first seen to owe an acknowledgement; None: it owes none."""
        self._said_at: float | None = None
        self._looked_at = self._heard_at
        self._rechecked_at = self._heard_at - idle_seconds
        self._urgent_since: float | None = None
        """When something happened to this computer that may have ended the link."""
        # Shorter while signing in; from here on we notice sooner, and the kernel is the last resort.
        tcp.allow_silence(wire.socket())
        self._schedule(self._idle)

    @property
    def timing(self) -> LinkTiming:
        """What is known of the link."""
        return self._timing

    def idle_changed(self, seconds: float) -> None:
        """The server may say nothing for so long from now on."""
        self._idle = seconds
        if not self._asked:
            self._schedule(max(0.0, self._heard_at + seconds - self._loop.time()))

    # --- what happened ----------------------------------------------------------------------------------

    def heard(self) -> None:
        """Anything came from the server."""
        self._heard_at = self._loop.time()
        self._urgent_since = None

    def said(self) -> None:
        """Anything was written."""
        if self._said_at is None and not self._stopped:
            self._said_at = self._loop.time()
            self._schedule(_LOOK_SECONDS)

    def asked(self) -> None:
        """A question was written that the server answers at once (`<r/>`)."""
        if not self._asked:
            self._goal = self._left_at = None
        self._asked.append(self._loop.time())
        self._schedule(_LOOK_SECONDS)

    def answered(self) -> None:
        """The server answered the oldest question (`<a/>`)."""
        if self._asked:
            self._reached_at = self._asked.popleft()
            self._timing.answered(self._loop.time() - self._reached_at)
            self._goal = self._left_at = None

    def woke(self) -> None:
        """The computer woke up: find out at once whether the link is still there."""
        if not self._stopped and not self._ended_here():
            self._ask_urgently()

    def network_changed(self) -> None:
        """The network of this computer changed: find out at once whether the link is still there."""
        if self._stopped or self._ended_here():
            return
        # Much of what the kernel tells is not about us: a router announces itself again and again.
        now = self._loop.time()
        if now - self._rechecked_at >= self._idle or goes_elsewhere(self._wire.socket()):
            self._rechecked_at = now
            self._ask_urgently()

    def _ended_here(self) -> bool:
        if is_gone(self._wire.socket()):
            self._die("our own address is gone")
        return self._stopped

    def _ask_urgently(self) -> None:
        if self._urgent_since is None:
            self._urgent_since = self._loop.time()
            self._ask()
            self._schedule(_URGENT_LOOK_SECONDS)

    def stop(self) -> None:
        """The stream is over."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- what follows -----------------------------------------------------------------------------------

    def check(self) -> None:
        """Look now; called by itself when it is time to."""
        if self._stopped:
            return
        now = self._loop.time()
        info = self._look(self._wire.socket())
        waiting = self._wire.waiting
        busy = waiting > 0 or (info is not None and (info.in_flight > 0 or info.unsent > 0))
        if info is not None:
            self._timing.looked(info, waiting=waiting > 0 or info.unsent > 0)
            self._follow(info, waiting, now)
        self._looked_at = now
        reason = self._path_is_dead(info, now) or self._answer_is_overdue(info, now)
        if reason:
            self._die(reason)
            return
        if not self._asked and now - self._heard_at >= self._idle:
            self._ask()
        if busy or self._asked:
            self._schedule(_LOOK_SECONDS if self._urgent_since is None else _URGENT_LOOK_SECONDS)
        else:
            self._said_at = None
            # A question that could not be put is put again when it is time for the next one.
            silent = now - self._heard_at
            self._schedule(self._idle - silent % self._idle)

    def _follow(self, info: TcpInfo, waiting: int, now: float) -> None:
        # A TLS record is up to 16 KiB and is read only when it is whole: a minute at 2,400 bit/s.
        if self._received is not None and info.received > self._received:
            self.heard()
        self._received = info.received
        if info.in_flight == 0:
            self._flying_since = None
        elif self._flying_since is None:
            self._flying_since = now if self._said_at is None else max(self._said_at, self._looked_at)
        if info.retransmits > 0:
            tcp.repeat_within(self._wire.socket(), 4 * self._timing.rto)
        if self._asked and self._left_at is None:
            # Rather too much than too little: what TLS has passed on to a full socket is not told by anybody.
            if self._goal is None:
                self._goal = info.acked + info.in_flight + info.unsent + waiting
            if info.acked >= self._goal or info.in_flight + info.unsent + waiting == 0:
                self._left_at = now

    def _path_is_dead(self, info: TcpInfo | None, now: float) -> str:
        """Say so when TCP is owed an acknowledgement and the peer's kernel is silent.

        A closed window is no sign of death: the probes of it come in longer and longer intervals.
        """
        if info is None or self._flying_since is None:
            return ""
        came = max(now - info.silence, self._heard_at)
        silent = now - max(came, self._flying_since)
        limit = max(self._timing.patience, 3 * info.rto if info.retransmits == 0 else 0.0)
        if self._urgent_since is not None and came < self._urgent_since:
            limit = min(limit, self._urgent_limit)
            silent = min(silent, now - self._urgent_since)
        return f"nothing was acknowledged for {silent:.1f} s" if silent >= limit else ""

    def _answer_is_overdue(self, info: TcpInfo | None, now: float) -> str:
        """Say so when the server had the question and has said nothing since.

        While the question stands behind our own upload, or the answer behind our own download, it is early.
        """
        if not self._asked:
            return ""
        since, limit = self._asked[0], self._timing.patience * self._timing.doubt
        if info is not None:
            if self._left_at is None:
                return ""
            # What a proxy or a modem has acknowledged may stand in front of its slow side for as long again.
            began = since if self._said_at is None else self._said_at
            limit = max(limit, 3 * (self._left_at - max(began, self._reached_at)))
            since = max(since, self._left_at - _LOOK_SECONDS)
        else:
            if self._urgent_since is not None and self._heard_at < self._urgent_since:
                since, limit = max(since, self._urgent_since), self._urgent_limit * self._timing.doubt
            limit = max(limit, 3 * self._timing.seconds_for(self._wire.waiting))
        silent = now - max(since, self._heard_at)
        if silent < limit:
            return ""
        self._timing.doubted()
        return f"the server did not answer for {silent:.1f} s"

    @property
    def _urgent_limit(self) -> float:
        return max(_URGENT_SECONDS, 4 * (self._timing.rtt or 0.0))

    def _die(self, reason: str) -> None:
        self.stop()
        _log.info("The link is dead: %s", reason)
        self._dead(reason)

    def _schedule(self, seconds: float) -> None:
        """Look again in *seconds*, or earlier if that was planned."""
        if self._stopped:
            return
        at = self._loop.time() + max(seconds, _LEAST_PAUSE)
        if self._timer is not None:
            if self._timer.when() <= at and not self._timer.cancelled():
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._due)

    def _due(self) -> None:
        self._timer = None
        self.check()
