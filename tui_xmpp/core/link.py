"""Link profiles: what a connection may spend, as data. `session/pacing.py` is the only reader."""

from __future__ import annotations

from dataclasses import fields, replace
from enum import Enum
from typing import Any

from .value import value


class Announce(Enum):
    """What others hear of our presence."""

    ALL = "all"
    """Everything, with our capabilities in every change."""
    SHOW = "show"
    """Only whether we are here and our status text, when the user changes it."""
    NOTHING = "nothing"
    """Nothing after signing in: we are seen as offline."""


class Receive(Enum):
    """Whose presence we hear."""

    ALL = "all"
    GROUPS = "groups"
    """Only that of the roster groups named in `groups`."""
    NOBODY = "nobody"


class Asking(Enum):
    """Whether something is asked for at all."""

    ALWAYS = "always"
    ON_DEMAND = "on demand"
    """When the user does what needs it."""
    NEVER = "never"


class Telling(Enum):
    """How soon somebody is told something they asked for."""

    AT_ONCE = "at once"
    TOGETHER = "together"
    """What came since the last time, in one packet: with what leaves next, or after `receipt_seconds`."""
    NEVER = "never"


class Markers(Enum):
    """Who hears that we have read something (XEP-0333, XEP-0490)."""

    EACH = "each"
    """The other side, of every message."""
    CHAT = "chat"
    """The other side, once, when we leave the chat."""
    OWN = "own"
    """Only our own devices, when we leave the chat."""
    NONE = "none"


class Carbons(Enum):
    """Whether our other devices' messages come here too (XEP-0280)."""

    ON = "on"
    OTHERS = "others"
    """Where another device of ours has been seen."""
    OFF = "off"


class Rooms(Enum):
    """Which rooms are entered."""

    ALL = "all"
    """Every bookmark with autojoin."""
    OPEN = "open"
    """Those whose chat is on the list."""
    PEEK = "peek"
    """None: their archive is read when the chat is opened, and one is entered to write there."""
    ON_DEMAND = "on demand"
    """None, and nothing is read before the user asks for it."""


class Bundles(Enum):
    """When keys for encryption are fetched, about 10 kB a device."""

    EARLY = "early"
    OPENED = "opened"
    """When the chat is opened."""
    SENDING = "sending"
    """With the first message."""
    ASK = "ask"


class Compression(Enum):
    """Stream compression (XEP-0138)."""

    OFF = "off"
    ZLIB = "zlib"
    """Where the server offers it. Its risk: who can write to you and sees how much is sent may guess at
    what else is sent."""


@value
class LinkProfile:
    """One named way of using a link. Each field is one cell of the table, and may be changed by itself."""

    name: str
    paced: bool
    """Sign in without waiting for each answer, where the server is known to bear it."""
    small_hello: bool
    """Begin with a TLS 1.3 hello of half the bytes."""
    stale_seconds: float
    """How long the server's address is used without asking DNS."""
    announce: Announce
    """What others hear of our presence."""
    announce_seconds: float
    """Seconds that a change of our presence waits for another one."""
    receive: Receive
    """Whose presence is received; who is not heard is shown as unknown."""
    groups: tuple[str, ...]
    """The roster groups of `Receive.GROUPS`."""
    client_state: bool
    """Tell the server when nobody looks, where that is known to save (XEP-0352)."""
    versioned_roster: bool
    """Ask at sign-in for what changed of the roster; else what is on the disk is used until asked."""
    capabilities: Asking
    """What other programs can do (XEP-0115): asked for when seen, when needed, or never."""
    notify: frozenset[str]
    """What personal events are wanted of contacts (XEP-0163 §4.3): `avatar`, `nick`, `mood`, `omemo`,
    `bookmarks`, `read`."""
    avatars: bool
    typing_out: bool
    """Tell others that we type (XEP-0085)."""
    typing_in: bool
    """Show who types; what the server sends of it cannot be kept off."""
    receipts_asked: Asking
    """Ask for delivery receipts (XEP-0184)."""
    receipts_given: Telling
    receipt_seconds: float
    """Seconds that receipts given together wait for something to ride on."""
    markers: Markers
    carbons: Carbons
    rooms: Rooms
    room_history: int
    """Messages a room sends when it is entered; the rest comes from its archive."""
    page: int
    """Messages to fetch from an archive at a time."""
    catch_up_pages: int
    """Archive pages to fetch after signing in before the rest is left as a gap; 0: only what is asked for."""
    bundles: Bundles
    fetch_bytes: int
    """Largest file or preview that is fetched by itself; 0: none."""
    ask_seconds: float
    """Seconds that the next question for acknowledgement waits for more messages (XEP-0198); 0: none."""
    ack_delay: float
    """Seconds an acknowledgement may wait for something to ride on (XEP-0198 §4); servers wait a minute."""
    idle_seconds: float
    """Seconds of silence after which the server is asked for a sign of life."""
    coalesce: float
    """Seconds that what is written waits for more, to leave in one packet."""
    compression: Compression
    short_ids: bool
    """Ids of nine characters, and no language on stanzas."""
    patience: float
    """How many times longer than usual to wait for answers."""
    confirm_seconds: float
    """What would take the link longer than this is asked for first, with its price; 0: nothing is."""
    terminal: str
    """The terminal profile that goes with it where this program runs at the far end; empty: no other."""


_FULL = LinkProfile(
    name="full",
    paced=False,
    small_hello=True,
    stale_seconds=3600,
    announce=Announce.ALL,
    announce_seconds=0,
    receive=Receive.ALL,
    groups=(),
    client_state=False,
    versioned_roster=True,
    capabilities=Asking.ALWAYS,
    notify=frozenset(("avatar", "nick", "mood", "omemo", "bookmarks", "read")),
    avatars=True,
    typing_out=True,
    typing_in=True,
    receipts_asked=Asking.ALWAYS,
    receipts_given=Telling.TOGETHER,
    receipt_seconds=1,
    markers=Markers.EACH,
    carbons=Carbons.ON,
    rooms=Rooms.ALL,
    room_history=20,
    page=50,
    catch_up_pages=10,
    bundles=Bundles.EARLY,
    fetch_bytes=10_000_000,
    ask_seconds=1,
    ack_delay=5,
    idle_seconds=60,
    coalesce=0,
    compression=Compression.OFF,
    short_ids=False,
    patience=1,
    confirm_seconds=0,
    terminal="",
)
_MOBILE = replace(
    _FULL,
    name="mobile",
    stale_seconds=86_400,
    announce=Announce.SHOW,
    client_state=True,
    capabilities=Asking.ON_DEMAND,
    notify=frozenset(("omemo", "bookmarks", "read")),
    avatars=False,
    typing_out=False,
    receipt_seconds=5,
    markers=Markers.CHAT,
    room_history=0,
    page=20,
    catch_up_pages=5,
    bundles=Bundles.OPENED,
    fetch_bytes=200_000,
    ask_seconds=5,
    idle_seconds=300,
    coalesce=0.05,
    short_ids=True,
    patience=2,
)
_METERED = replace(
    _MOBILE,
    name="metered",
    stale_seconds=604_800,
    announce_seconds=60,
    receive=Receive.NOBODY,
    notify=frozenset(("read",)),
    typing_in=False,
    receipts_asked=Asking.ON_DEMAND,
    receipt_seconds=15,
    markers=Markers.OWN,
    carbons=Carbons.OTHERS,
    rooms=Rooms.PEEK,
    page=10,
    catch_up_pages=2,
    bundles=Bundles.SENDING,
    fetch_bytes=0,
    ack_delay=15,
    coalesce=0.1,
    patience=3,
    confirm_seconds=5,
)
_SATELLITE = replace(
    _METERED,
    name="satellite",
    paced=True,
    stale_seconds=2_592_000,
    announce=Announce.NOTHING,
    capabilities=Asking.NEVER,
    notify=frozenset(),
    receipt_seconds=60,
    markers=Markers.NONE,
    carbons=Carbons.OFF,
    page=5,
    catch_up_pages=1,
    bundles=Bundles.ASK,
    ack_delay=20,
    idle_seconds=600,
    coalesce=0.2,
    terminal="slow",
)
_RADIO = replace(
    _SATELLITE,
    name="radio",
    stale_seconds=31_536_000,
    versioned_roster=False,
    receipts_asked=Asking.NEVER,
    receipts_given=Telling.NEVER,
    rooms=Rooms.ON_DEMAND,
    catch_up_pages=0,
    ask_seconds=20,
    ack_delay=45,
    idle_seconds=86_400,
    coalesce=1,
)

PROFILES = {one.name: one for one in (_FULL, _MOBILE, _METERED, _SATELLITE, _RADIO)}
"""The shipped profiles by name, from the richest to the leanest."""

CELLS: tuple[str, ...] = tuple(one.name for one in fields(LinkProfile) if one.name != "name")
"""What can be changed of a profile by itself."""


def changed(profile: LinkProfile, cells: dict[str, Any]) -> LinkProfile:
    """The profile with some cells of its own; the values have the types of the fields.

    Raises KeyError with the name of a cell that does not exist.
    """
    for name in cells:
        if name not in CELLS:
            raise KeyError(name)
    return replace(profile, **cells)


def differences(before: LinkProfile, after: LinkProfile) -> tuple[str, ...]:
    """The cells that are not the same in both, in the order of the table."""
    return tuple(name for name in CELLS if getattr(before, name) != getattr(after, name))
