"""Terminal profiles: what the way from this program to the eyes may carry, as data."""

from __future__ import annotations

from collections.abc import Mapping

from .value import value


@value
class TerminalProfile:
    """One named way of using a terminal."""

    name: str
    theme: str
    """Theme to wear where the user chose none; empty: `quiet-dark`."""
    frames: int
    """Changes of the screen a second at most; what is typed does not wait for them."""
    settle: float
    """Seconds that presence, typing, receipts and counts wait for more of them before they are drawn."""
    figures: float
    """Seconds between two changes of the link's figures in the status line, which never rest."""
    list_beside: bool
    """The list may stand beside the chat, which makes every message dearer; else it lies over the chat."""
    mouse: bool
    """Clicks and wheel come to the program; else the terminal keeps the mouse."""
    page: float = 1.0
    """The part of the view that PageUp and PageDown move by."""
    linear: bool = False
    """For a screen reader: one column, lines are added below and what was said is never drawn again."""


PROFILES = {
    profile.name: profile
    for profile in (
        TerminalProfile("local", "", frames=60, settle=0.0, figures=0.0, list_beside=True, mouse=True),
        TerminalProfile("ssh", "ansi", frames=30, settle=0.0, figures=5.0, list_beside=True, mouse=True),
        TerminalProfile(
            "slow", "ansi", frames=8, settle=2.0, figures=10.0, list_beside=False, mouse=False, page=0.5
        ),
        TerminalProfile(
            "reader",
            "mono",
            frames=5,
            settle=2.0,
            figures=10.0,
            list_beside=False,
            mouse=False,
            page=0.5,
            linear=True,
        ),
    )
}
"""The shipped profiles by name."""
AUTO = "auto"
"""In place of a profile's name: as the environment and the measured way say."""

_REMOTE = ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "MOSH_CONNECTION")
SLOW_SECONDS = 0.25
"""A round trip to the terminal from which on it is slow."""
SLOW_RATE = 20_000.0
"""Bytes a second below which the way to the terminal is slow."""
THIN_SECONDS = 0.1
"""A round trip from which on a low rate is believed: on a short way it is measured by chance."""
GOOD_SECONDS = 0.15
"""A round trip up to which a slow terminal may be called good again."""


def is_remote(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is at the other end of a network, as its variables tell."""
    return any(environment.get(name) for name in _REMOTE)


def first_profile(environment: Mapping[str, str]) -> TerminalProfile:
    """The profile to begin with, before anything is measured."""
    return PROFILES["ssh" if is_remote(environment) else "local"]


def measured_profile(round_trip: float | None, rate: float | None) -> TerminalProfile | None:
    """The profile that a measured way asks for: seconds, bytes a second; None where it asks for nothing."""
    late = round_trip is not None and round_trip > SLOW_SECONDS
    thin = round_trip is not None and round_trip > THIN_SECONDS and rate is not None and rate < SLOW_RATE
    return PROFILES["slow"] if late or thin else None
