"""Link profiles: what a connection may spend, as data."""

from __future__ import annotations

from enum import IntEnum

from .value import value


class Weight(IntEnum):
    """How dear a feature is on a bad link; a profile lets pass what is at or below its threshold."""

    ESSENTIAL = 0
    USEFUL = 1
    CHATTY = 2


@value
class LinkProfile:
    """One named way of using a link."""

    name: str
    threshold: Weight
    """Features heavier than this stay silent."""
    page: int
    """Messages to fetch from an archive at a time."""
    catch_up_pages: int
    """Archive pages to fetch after signing in before the rest is left as a gap."""
    join_all: bool
    """Join every bookmarked room with autojoin at sign-in."""
    paced: bool
    """Sign in without waiting for each answer, where the server is known to bear it."""
    stale_seconds: float
    """How long the server's address is used without asking DNS."""
    idle_seconds: float
    """Seconds of silence after which the server is asked for a sign of life."""
    ack_delay: float
    """Seconds an acknowledgement may wait for something to ride on (XEP-0198 §4); servers wait a minute."""


PROFILES = {
    profile.name: profile
    for profile in (
        LinkProfile(
            "full",
            Weight.CHATTY,
            page=50,
            catch_up_pages=10,
            join_all=True,
            paced=False,
            stale_seconds=3600,
            idle_seconds=60,
            ack_delay=5,
        ),
        LinkProfile(
            "mobile",
            Weight.CHATTY,
            page=20,
            catch_up_pages=5,
            join_all=True,
            paced=False,
            stale_seconds=86400,
            idle_seconds=300,
            ack_delay=5,
        ),
        LinkProfile(
            "metered",
            Weight.USEFUL,
            page=10,
            catch_up_pages=2,
            join_all=True,
            paced=False,
            stale_seconds=604800,
            idle_seconds=300,
            ack_delay=15,
        ),
        LinkProfile(
            "satellite",
            Weight.ESSENTIAL,
            page=5,
            catch_up_pages=1,
            join_all=False,
            paced=True,
            stale_seconds=2592000,
            idle_seconds=600,
            ack_delay=20,
        ),
        LinkProfile(
            "radio",
            Weight.ESSENTIAL,
            page=5,
            catch_up_pages=1,
            join_all=False,
            paced=True,
            stale_seconds=31536000,
            idle_seconds=86400,
            ack_delay=45,
        ),
    )
}
"""The shipped profiles by name."""
