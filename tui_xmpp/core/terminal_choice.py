"""Which terminal profile is in use: as the user says, else as the way to the terminal was measured."""

from __future__ import annotations

from collections.abc import Mapping

from .terminal import (
    AUTO,
    GOOD_SECONDS,
    PROFILES,
    TerminalProfile,
    first_profile,
    is_remote,
    measured_profile,
)

UP_SECONDS = 180.0
"""Seconds a way has to be good before the profile that was left for its sake comes back."""
LAG_FROM = 0.1
"""A round trip to the terminal from which on it is worth saying."""


class TerminalChoice:
    """The profile in use, and why. Down at once, up slowly, and never away from what the user chose."""

    def __init__(self, wanted: str, environment: Mapping[str, str]) -> None:
        """*wanted*: `auto` or the name of a profile. *environment*: may hold the SSH variables."""
        self._first = first_profile(environment)
        self._remote = is_remote(environment)
        self._linked = ""
        self._measured: TerminalProfile | None = None
        """What a slow way asks for, until it is good again."""
        self._good_since: float | None = None
        self.round_trip: float | None = None
        """As last measured, in seconds."""
        self.lag: float | None = None
        """The same as it is shown: rounded, and steady while it hardly changes; None: too short to matter."""
        self.wanted = AUTO
        self.profile = self._first
        self.choose(wanted)

    def choose(self, wanted: str) -> None:
        """Use the profile of this name from now on; `auto`: as the environment and the way say."""
        self.wanted = wanted
        self._measured = self._good_since = None
        self.profile = self._fitting if wanted == AUTO else PROFILES[wanted]

    def link(self, wanted: str) -> bool:
        """Follow the link to the server, whose profile wants this one; empty: it wants none.

        Only where the program runs at the far end: there the link to the server may be the way to the eyes.
        True: the profile is another than before.
        """
        if not self._remote or wanted == self._linked or (wanted and wanted not in PROFILES):
            return False
        before, self._linked = self.profile, wanted
        if self.wanted == AUTO:
            self.profile = self._fitting
        return self.profile is not before

    @property
    def _fitting(self) -> TerminalProfile:
        return self._measured or (PROFILES[self._linked] if self._linked else self._first)

    def measured(self, round_trip: float | None, rate: float | None, now: float) -> bool:
        """Take in seconds, bytes a second and the time; True: profile or shown lag are others than before."""
        before = (self.profile, self.lag)
        self.round_trip = round_trip
        self.lag = self._steady(round_trip)
        if self.wanted == AUTO:
            self._follow(measured_profile(round_trip, rate), round_trip, now)
        return before != (self.profile, self.lag)

    def _follow(self, worse: TerminalProfile | None, round_trip: float | None, now: float) -> None:
        if worse is not None:
            self.profile, self._measured, self._good_since = worse, worse, None
        elif round_trip is None or round_trip > GOOD_SECONDS:
            self._good_since = None
        elif self._good_since is None:
            self._good_since = now
        elif now - self._good_since >= UP_SECONDS:
            self._measured = None
            self.profile = self._fitting

    def _steady(self, round_trip: float | None) -> float | None:
        if round_trip is None or round_trip < LAG_FROM:
            return None
        step = 0.1 if round_trip < 1 else 0.5
        if self.lag is not None and abs(round_trip - self.lag) < 0.75 * step:
            return self.lag
        return max(LAG_FROM, round(round(round_trip / step) * step, 1))
