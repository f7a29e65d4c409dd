"""What a link is like, by what was measured on it, and which profile fits: down at once, up slowly."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from tui_xmpp.core.value import value

from ..core.link import PROFILES, LinkProfile, differences
from .timing import Sensed

STEPS: tuple[str, ...] = tuple(PROFILES)
"""The shipped profiles, from the richest to the leanest."""
EVERY = 10.0
"""Seconds that one sample covers, of which the best is taken: what waited behind something else was slow."""
UP_SECONDS = 300.0
"""Seconds a link has to do better than its profile before it goes one step up."""
CUT_SECONDS = 600.0
MOST_CUTS = 3
"""In `CUT_SECONDS`; more, and it goes one step down."""

_SAMPLES = 3
_GAIN = 0.5
"""Of the newest sample: the last three make up seven eighths of the average."""
_OLD_SECONDS = 300.0
"""After which an average begins anew."""
_NEAR = 0.1
"""Seconds of a round trip up to which a low rate is that of a server that takes its time, not of the link."""
_LIMITS = (("radio", 1.5, 8_000.0), ("satellite", 0.5, 32_000.0))
"""From more seconds of a round trip, or fewer bits a second."""


@value
class Move:
    """The link fits another profile than before."""

    profile: str
    """A shipped one."""
    reason: str
    """A sentence: what was measured."""
    is_down: bool


class _Average:
    """One that forgets (EWMA), over samples of `every` seconds each."""

    def __init__(self, best: Callable[[float, float], float], every: float) -> None:
        self._best = best
        self._every = every
        self._sample: float | None = None
        self._began = self._at = 0.0
        self._average: float | None = None
        self._samples = 0

    def take(self, measured: float, now: float) -> None:
        if now - self._at > _OLD_SECONDS:
            self._average, self._samples, self._sample = None, 0, None
        self._at = now
        if self._sample is None or now - self._began >= self._every:
            self._close()
            self._sample, self._began = measured, now
        else:
            self._sample = self._best(self._sample, measured)

    def value(self, now: float) -> float | None:
        """Return it; None while too little is known."""
        if now - self._at > _OLD_SECONDS:
            return None
        if self._sample is not None and now - self._began >= self._every:
            self._close()
        return self._average if self._samples >= _SAMPLES else None

    def _close(self) -> None:
        if self._sample is None:
            return
        before, self._average = self._average, self._sample
        if before is not None:
            self._average = before + (self._sample - before) * _GAIN
        self._samples += 1
        self._sample = None


class Sensing:
    """Of one account: where the link stands among the profiles, never above what the user chose."""

    def __init__(self, chosen: LinkProfile, *, every: float = EVERY, up_seconds: float = UP_SECONDS) -> None:
        self._every = every
        self._up_seconds = up_seconds
        self.ceiling = chosen.name
        """The profile that the user chose."""
        self._top = self._at = rank(chosen)
        self._cuts: deque[float] = deque()
        self._better_since: float | None = None
        self._begin()

    def _begin(self) -> None:
        self._path = _Average(min, self._every)
        self._answer = _Average(min, self._every)
        self._rate = _Average(max, self._every)

    # --- what happened ------------------------------------------------------------------------------------

    def chose(self, profile: LinkProfile, now: float) -> None:
        """The user chose this one: what the link looks like now they know, and are not told again."""
        self.ceiling, self._top = profile.name, rank(profile)
        self._at = max(self._top, self._looks(now))
        self._better_since = None
        self._cuts.clear()

    def uses(self, profile: LinkProfile) -> None:
        """This one is in use, not by the user's choice."""
        self._at = max(self._top, rank(profile))

    def moved(self) -> None:
        """We are on another network: what was measured on the last one says nothing."""
        self._better_since = None
        self._cuts.clear()
        self._begin()

    def took(self, sensed: Sensed, now: float) -> None:
        """Something was measured."""
        if sensed.path is not None:
            self._path.take(sensed.path, now)
        if sensed.answer is not None:
            self._answer.take(sensed.answer, now)
        if sensed.rate is not None:
            self._rate.take(sensed.rate, now)

    def cut(self, now: float) -> None:
        """The link broke."""
        self._cuts.append(now)
        self._better_since = None

    @property
    def is_at_ceiling(self) -> bool:
        """Whether the link is as good as the profile that the user chose."""
        return self._at == self._top

    # --- what follows -------------------------------------------------------------------------------------

    def judge(self, now: float) -> Move | None:
        """Say where the link has moved to; None: it stays. What is said is taken as done."""
        looks = self._looks(now)
        while self._cuts and now - self._cuts[0] > CUT_SECONDS:
            self._cuts.popleft()
        if looks > self._at:
            return self._move(looks, f"The link looks like a {STEPS[looks]}: {self._words(now)}.")
        if len(self._cuts) > MOST_CUTS and self._at < len(STEPS) - 1:
            count = len(self._cuts)
            self._cuts.clear()
            return self._move(self._at + 1, f"The link was cut {count} times in ten minutes.")
        if looks >= self._at or self._at <= self._top:
            self._better_since = None
        elif self._better_since is None:
            self._better_since = now
        elif now - self._better_since >= self._up_seconds:
            return self._move(self._at - 1, "The link has done better for some minutes.")
        return None

    def _move(self, to: int, reason: str) -> Move:
        is_down, self._at = to > self._at, to
        self._better_since = None
        return Move(STEPS[to], reason, is_down)

    def _looks(self, now: float) -> int:
        rtt, rate = self._rtt(now), self._rate.value(now)
        if rtt is None:
            return 0
        thin = rate if rate is not None and rtt > _NEAR else float("inf")
        return next((STEPS.index(name) for name, late, least in _LIMITS if rtt > late or thin < least), 0)

    def _rtt(self, now: float) -> float | None:
        # The path of TCP may end at a proxy, as those of satellites do: then the answers tell.
        known = [one for one in (self._path.value(now), self._answer.value(now)) if one is not None]
        return max(known, default=None)

    def _words(self, now: float) -> str:
        rtt, rate = self._rtt(now) or 0.0, self._rate.value(now)
        words = f"{rtt:.1f} s" if rtt >= 1 else f"{rtt * 1000:.0f} ms"
        return words if rate is None else f"{words}, {rate / 1000:.0f} kbit/s"


def rank(profile: LinkProfile) -> int:
    """Return where a profile stands among the shipped ones: one of the user's own, where the most like it."""
    if profile.name in PROFILES:
        return STEPS.index(profile.name)
    return min(range(len(STEPS)), key=lambda one: len(differences(PROFILES[STEPS[one]], profile)))
