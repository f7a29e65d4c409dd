"""The meter of one account: what it spends, on what and how fast, for the screen and the ledger."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ..core.account import TransportKind
from ..core.chat import ChatKey, ChatKind
from ..core.contact import Subscription
from ..core.events import Level, Notice, RatesChanged
from ..core.ports import StorageError
from ..core.traffic import Amount, Category, Rates, Report, Spent
from . import categories
from .categories import About, category_of
from .meter import Meter
from .tally import KEEPALIVE, LOGIN, Carried, Tally, Way
from .transport import carrying
from .transport.carrying import Look
from .transport.tcp_wire import as_text
from .transport.wire import Item

if TYPE_CHECKING:
    from .account import AccountSession
    from .budget import Budget
    from .stream import Stream

TICK = 1.0
"""Seconds between two looks while anything moves."""
WINDOW = 5
"""Looks that a rate is measured over."""
SAVE_SECONDS = 30.0
MINUTES = 60
_KEPT_DAYS = 40
"""Days of which the ledger keeps hours and chats."""
_MOST_ASKED = 1000
_MOST_ADDED = 64.0
"""Bytes that TLS and WebSocket add to a packet."""
_SEEN = (Subscription.TO, Subscription.BOTH)
_CHANGES_AN_HOUR, _CHANGE_BYTES = 4, 326


class Metering(Meter):
    """Counts each element as it passes, asks the kernel once a second what TCP has carried, and adds it up.

    A quiet link costs nothing: no timer runs. Of connections that lost a race only the kernel knows, and they
    have carried no payload.
    """

    def __init__(self, account: AccountSession, budget: Budget) -> None:
        self._account = account
        self._ledger = budget.ledger
        self._budget = budget
        self._tally = Tally()
        self._stream: Stream | None = None
        self._has_shaken_hands = False
        self._at_tick = (0, 0)
        """Of TCP, at the last tick."""
        self._packets = [0, 0]
        self._texts = [0, 0]
        """Bytes written and read on this link, before compression."""
        self._last: tuple[Look, tuple[int, int, int, int]] | None = None
        """What the kernel told, and what we had counted then."""
        self._asked: dict[str, About] = {}
        """What requests that wait for an answer are about, by id."""
        self._before = Amount()
        """Carried by this link at the last tick."""
        self._rates: deque[Amount] = deque(maxlen=WINDOW)
        self._told: Rates | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._saving: asyncio.TimerHandle | None = None
        self._is_old = True
        """What the ledger keeps of long ago has not been put together yet."""
        self._day = self._local_day()
        self._today = self._spent_today()
        self._unkept: list[Spent] = []
        """What the disk has refused."""
        self._minutes: deque[tuple[int, int]] = deque(maxlen=MINUTES)
        """Which minute, and its bytes; of those that had any."""
        self._cuts = 0
        self._deaf_since: float | None = None
        self._unheard = 0.0
        """Bytes that were spared and are less than one."""
        self._here: dict[About, Spent] = {}
        """What this process has spent."""

    # --- what passes ----------------------------------------------------------------------------------

    def begin(self, stream: Stream) -> None:
        """A new stream: count what it carries."""
        self._stream, stream.meter = stream, self
        self._tally.begin()
        self._packets, self._texts, self._last, self._before = [0, 0], [0, 0], None, Amount()
        self._has_shaken_hands = False

    def said(self, items: Sequence[Item]) -> None:
        """As `Meter.said`."""
        texts = [as_text(item) for item in items]
        for item, text in zip(items, texts, strict=True):
            size = len(text.encode("utf-8", "replace"))
            self._texts[Way.UP] += size
            about = self._about_said(text) if isinstance(item, str) else LOGIN
            self._tally.count(Way.UP, about, size, 1 / len(items))
        self._packets[Way.UP] += 1
        self._note_handshake()
        self._wake()

    def _note_handshake(self) -> None:
        """With the first words over TLS: all that has passed before was its handshake."""
        if not self._has_shaken_hands and self._stream is not None and self._stream.secure:
            self._settle()

    def came(self, element: ET.Element | None, size: int) -> None:
        """As `Meter.came`."""
        self._tally.count(Way.DOWN, LOGIN if element is None else self._about_came(element), size, 1.0)
        self._packets[Way.DOWN] += 1
        self._wake()

    def ending(self) -> None:
        """As `Meter.ending`."""
        self._settle(over=True)

    def lost(self) -> None:
        """The link is gone: what it took is kept."""
        self._cuts += self._account.alive
        self._look()
        self._spare_presence()
        self._stream = self._deaf_since = None
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        self._asked.clear()
        self.save()

    def unstreamed(self, look: Look, about: About = LOGIN) -> None:
        """A connection on which no stream is counted has carried so much more, and is over maybe."""
        self._tally.add(about, look.tcp, look.segments)
        self._count(Amount(*look.tcp))
        self._save_later()

    def spared(self, category: Category, up: int, down: int, chat: ChatKey | None = None) -> None:
        """Something was left out because of the profile that would have taken about so many bytes."""
        self._tally.spare((category, chat), up, down)
        self._save_later()

    def _spare_presence(self) -> None:
        """Count what the contacts whose presence is kept off would have cost since last time.

        An estimate: four changes an hour each, of 326 bytes. What they really did nobody has told us.
        """
        now, before = self._account.clock.monotonic(), self._deaf_since
        self._deaf_since = now if self._account.alive and self._stream is not None else None
        if before is None:
            return
        own, world = self._account.own, self._account.world
        unheard = sum(
            one.account == own and one.subscription in _SEEN and not world.hears(own, one.address)
            for one in world.contacts.values()
        )
        self._unheard += (now - before) / 3600 * unheard * _CHANGES_AN_HOUR * _CHANGE_BYTES
        if self._unheard >= 1:
            self._tally.spare((Category.PRESENCE, None), 0, int(self._unheard))
            self._unheard %= 1

    def _about_said(self, text: str) -> About:
        element = categories.read(text)
        if element is None:
            return KEEPALIVE
        about = category_of(element, self._account.own, self._is_room)
        id = element.get("id")
        if id and element.get("type") in ("get", "set"):
            if len(self._asked) >= _MOST_ASKED:
                self._asked.clear()
            self._asked[id] = about
        return about

    def _about_came(self, element: ET.Element) -> About:
        if element.get("type") in ("result", "error"):
            asked = self._asked.pop(element.get("id", ""), None)
            if asked is not None:
                return asked
        return category_of(element, self._account.own, self._is_room)

    def _is_room(self, key: ChatKey) -> bool:
        world = self._account.world
        known = world.chats.get(key)
        return key in world.rooms or (known is not None and known.kind is ChatKind.ROOM)

    # --- what it took -----------------------------------------------------------------------------------

    def _settle(self, *, over: bool = False, tick: bool = False) -> None:
        stream, wire = self._stream, None if self._stream is None else self._stream.wire
        if stream is None or wire is None:
            return
        packets = (self._packets[Way.UP], self._packets[Way.DOWN])
        look = wire.carried()
        if look is not None:
            self._last = (look, (wire.bytes_out, wire.bytes_in, *packets))
        else:
            last, since = self._last or (None, (0, 0, 0, 0))
            look = carrying.reckoned((wire.bytes_out, wire.bytes_in), packets, last, since)
        # Where nothing came for a whole tick, what the kernel counts has been read.
        quiet = tick and look.tcp == self._at_tick
        self._at_tick = look.tcp if tick else self._at_tick
        carried = Carried(
            tcp=list(look.tcp),
            wire=[wire.bytes_out, wire.bytes_in],
            read=[self._texts[Way.UP], stream.read_bytes],
            segments=list(look.segments),
        )
        # A handshake is as long as it is; over BOSH more may come, and requests that carry nothing.
        limited = self._has_shaken_hands and not quiet and wire.kind is not TransportKind.BOSH
        self._has_shaken_hands = stream.secure
        rest = KEEPALIVE if self._account.alive else LOGIN
        most = _MOST_ADDED if limited else math.inf
        self._tally.settle(carried, rest, most=most, over=over)

    def _wake(self) -> None:
        if self._ticking is None:
            self._ticking = asyncio.get_running_loop().call_later(TICK, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        self._look()
        if self._deaf_since is None:
            self._spare_presence()
        self._tell()
        if self._stream is not None and (any(one.total for one in self._rates) or self._queued):
            self._wake()

    def _look(self) -> None:
        self._settle(tick=True)
        now = self._tally.carried
        passed = Amount(now.up - self._before.up, now.down - self._before.down)
        self._before = now
        self._rates.append(passed)
        if passed.total:
            self._count(passed)
            self._save_later()

    # --- what is told -----------------------------------------------------------------------------------

    @property
    def _queued(self) -> int:
        return self._account.life.lanes.queued

    def _tell(self) -> None:
        rates = self._now()
        if rates != self._told:
            self._told = rates
            self._account.emit(RatesChanged(self._account.own, rates))

    def _now(self) -> Rates:
        """How things are, as exactly as it is shown: what changes nothing on the screen is no news."""
        life = self._account.life
        up, down = (sum(one) / WINDOW for one in zip(*((it.up, it.down) for it in self._rates), strict=True))
        queued, rate = self._queued, life.timing.rate
        left = 8 * life.lanes.waiting / rate if queued and rate else None
        return Rates(
            round(up, -2),
            round(down, -2),
            None if life.timing.rtt is None else _two_digits(life.timing.rtt),
            queued,
            None if left is None else float(round(left)),
            Amount(*(round(one, -2) for one in (self._today.up, self._today.down))),
        )

    def report(self) -> Report:
        """What this process has spent; it is in the ledger now."""
        self.save()
        minutes, now = dict(self._minutes), self._minute()
        return Report(
            tuple(self._here.values()),
            tuple(minutes.get(one, 0) for one in range(now - MINUTES + 1, now + 1)),
            self._cuts,
        )

    def _minute(self) -> int:
        return int(self._account.clock.monotonic() // 60)

    def _count(self, passed: Amount) -> None:
        minute = self._minute()
        before = self._minutes.pop()[1] if self._minutes and self._minutes[-1][0] == minute else 0
        self._minutes.append((minute, before + passed.total))
        day = self._local_day()
        if day != self._day:
            self._day, self._today = day, Amount()
        self._today += passed

    def _local_day(self) -> datetime:
        now = self._account.clock.now().astimezone()
        return now.replace(hour=0, minute=0, second=0, microsecond=0)

    def _spent_today(self) -> Amount:
        try:
            kept = self._ledger.spent(self._day, self._day + timedelta(days=2))
        except StorageError:
            return Amount()
        own = (one.xml + one.tls for one in kept if one.account == self._account.own)
        return sum(own, Amount())

    # --- what is kept -----------------------------------------------------------------------------------

    def _save_later(self) -> None:
        if self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(SAVE_SECONDS, self.save)

    def save(self) -> None:
        """Add what was spent since the last time to the ledger; what the disk refuses is tried again."""
        if self._saving is not None:
            self._saving.cancel()
            self._saving = None
        self._settle()
        self._spare_presence()
        hour = self._account.clock.now().replace(minute=0, second=0, microsecond=0)
        spent = self._tally.take(self._account.own, hour)
        if not spent and not self._unkept:
            return
        try:
            self._ledger.add([*self._unkept, *spent])
            if self._is_old:
                self._is_old = False
                self._ledger.forget(self._day - timedelta(days=_KEPT_DAYS))
        except StorageError as error:
            if not self._unkept:
                self._account.emit(Notice(str(error), Level.WARN, self._account.own))
            self._unkept += spent
            return
        spent, self._unkept = [*self._unkept, *spent], []
        for one in spent:
            about = (one.category, one.chat)
            known = self._here.get(about)
            self._here[about] = one if known is None else _together(known, one)
        whole = sum((one.xml + one.tls for one in spent), Amount())
        for event in self._budget.spent(self._account.own, whole):
            self._account.emit(event)


def _together(before: Spent, now: Spent) -> Spent:
    return replace(
        now,
        xml=before.xml + now.xml,
        tls=before.tls + now.tls,
        tcp=before.tcp + now.tcp,
        spared=before.spared + now.spared,
    )


def _two_digits(seconds: float) -> float:
    """Milliseconds that hardly change: 0.64, 0.012, 1.9."""
    return float(f"{max(round(seconds, 3), 0.001):.2g}")
