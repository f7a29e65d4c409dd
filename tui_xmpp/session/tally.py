"""Adds up what was spent on one account: what each element took, and its share of what TLS and TCP added."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from ..core.address import Address
from ..core.traffic import Amount, Category, Spent
from .categories import About

HEADER = 52
"""Bytes of TCP and IPv4 on a segment, with time stamps."""


class Way(IntEnum):
    """A direction."""

    UP = 0
    DOWN = 1


@dataclass(slots=True)
class Carried:
    """What one link has carried since it stands; all of it grows only."""

    tcp: list[int]
    """Payload of TCP, up and down."""
    wire: list[int]
    """Before TLS."""
    read: list[int]
    """Before compression: text written, and text given to the reader."""
    segments: list[int]
    """Of TCP."""


@dataclass(slots=True)
class _Sums:
    xml: list[int] = field(default_factory=lambda: [0, 0])
    tls: list[int] = field(default_factory=lambda: [0, 0])
    tcp: list[int] = field(default_factory=lambda: [0, 0])
    spared: list[int] = field(default_factory=lambda: [0, 0])


@dataclass(slots=True)
class _Link:
    """What of one link has been accounted for, by direction."""

    xml: list[int] = field(default_factory=lambda: [0, 0])
    texts: list[int] = field(default_factory=lambda: [0, 0])
    """Bytes of complete elements, before compression."""
    tls: list[int] = field(default_factory=lambda: [0, 0])
    tcp: list[int] = field(default_factory=lambda: [0, 0])
    wire: list[int] = field(default_factory=lambda: [0, 0])
    read: list[int] = field(default_factory=lambda: [0, 0])
    ratio: list[float] = field(default_factory=lambda: [1.0, 1.0])


class Tally:
    """The sums since the last `take`.

    Elements are counted as they pass; `settle` compares their sum with what the link has carried and spreads
    the rest over what has passed since the last time, by its packets, so that all categories together are
    what TCP carried.
    """

    def __init__(self) -> None:
        self._sums: dict[About, _Sums] = {}
        self._link = _Link()
        self._texts: tuple[dict[About, float], dict[About, float]] = ({}, {})
        """Bytes since the last settling, by direction."""
        self._packets: tuple[dict[About, float], dict[About, float]] = ({}, {})

    @property
    def carried(self) -> Amount:
        """What is accounted for of this link: XML and TLS."""
        up, down = (self._link.xml[way] + self._link.tls[way] for way in Way)
        return Amount(up, down)

    def begin(self) -> None:
        """A new link."""
        self._link = _Link()
        for table in (*self._texts, *self._packets):
            table.clear()

    def count(self, way: Way, about: About, size: int, packets: float) -> None:
        """An element of *size* bytes passed, in its share of a packet."""
        self._texts[way][about] = self._texts[way].get(about, 0.0) + size
        self._packets[way][about] = self._packets[way].get(about, 0.0) + packets

    def add(self, about: About, tcp: tuple[int, int], segments: tuple[int, int]) -> None:
        """A connection on which nothing was said is over; it carried so much, up and down."""
        sums = self._of(about)
        for way in Way:
            sums.tls[way] += tcp[way]
            sums.tcp[way] += HEADER * segments[way]

    def spare(self, about: About, up: int, down: int) -> None:
        """Something was left out that would have taken about so many bytes."""
        spared = self._of(about).spared
        spared[Way.UP] += up
        spared[Way.DOWN] += down

    def settle(self, carried: Carried, rest: About, *, most: float = math.inf, over: bool = False) -> None:
        """Account for what the link has carried until now.

        *rest*: what it was about where nothing has passed. *most*: bytes added to a packet that comes, at the
        most; what is more is on its way to us, and may be of an element yet. *over*: nothing will come of it.
        """
        for way in Way:
            limited = way is Way.DOWN and not over
            self._settle(way, carried, rest, most=most if limited else math.inf, over=over)
        for table in (*self._texts, *self._packets):
            table.clear()

    def take(self, account: Address, hour: datetime) -> list[Spent]:
        """Return the sums and begin anew."""
        sums, self._sums = self._sums, {}
        return [
            Spent(
                account, hour, category, chat, *(Amount(*one) for one in (it.xml, it.tls, it.tcp, it.spared))
            )
            for (category, chat), it in sums.items()
        ]

    def _settle(self, way: Way, carried: Carried, rest: About, *, most: float, over: bool) -> None:
        link, texts = self._link, self._texts[way]
        read, wire = carried.read[way] - link.read[way], carried.wire[way] - link.wire[way]
        if read > 0:
            # Compression makes it less; what frames it on the wire is no XML.
            link.ratio[way] = min(1.0, wire / read)
        link.read[way], link.wire[way] = carried.read[way], carried.wire[way]
        whole = sum(texts.values())
        link.texts[way] += round(whole)
        xml = round(whole * link.ratio[way])
        link.xml[way] += xml
        for about, share in spread(xml, texts).items():
            self._of(about).xml[way] += share
        begun = 0 if over else max(0, carried.read[way] - link.texts[way])
        weights = self._packets[way] or self._packets[1 - way] or {rest: 1.0}
        tls = carried.tcp[way] - link.xml[way] - round(begun * link.ratio[way]) - link.tls[way]
        if most < math.inf:
            tls = min(tls, int(most * sum(self._packets[way].values())))
        # What is on its way between us and the kernel makes it less for a moment; the next time settles it.
        if tls > 0:
            link.tls[way] += tls
            for about, share in spread(tls, weights).items():
                self._of(about).tls[way] += share
        tcp = HEADER * carried.segments[way] - link.tcp[way]
        if tcp > 0:
            link.tcp[way] += tcp
            for about, share in spread(tcp, weights).items():
                self._of(about).tcp[way] += share

    def _of(self, about: About) -> _Sums:
        return self._sums.setdefault(about, _Sums())


def spread(amount: int, weights: Mapping[About, float]) -> dict[About, int]:
    """Return *amount* in whole shares by weight; together they are all of it."""
    whole = sum(weights.values())
    shares: dict[About, int] = {}
    weighed, given = 0.0, 0
    for about, weight in weights.items():
        weighed += weight
        until = round(amount * weighed / whole) if whole else amount
        shares[about] = until - given
        given = until
    return shares


LOGIN: About = (Category.LOGIN, None)
KEEPALIVE: About = (Category.KEEPALIVE, None)
