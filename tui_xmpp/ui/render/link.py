"""What the link costs, in words, figures and a plot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.text import Text

from tui_xmpp.core.link import Announce, Asking, Carbons, LinkProfile, Markers, Receive, Rooms, Telling
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.traffic import Amount, Category, Rates, Spent
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.status import size

_ANNOUNCE = {
    Announce.ALL: "seen with all you do",
    Announce.SHOW: "seen here or away",
    Announce.NOTHING: "seen as offline",
}
_RECEIVE = {Receive.ALL: "everybody's presence", Receive.NOBODY: "nobody's presence"}
_ROOMS = {
    Rooms.ALL: "all rooms",
    Rooms.OPEN: "the rooms on the list",
    Rooms.PEEK: "rooms read, joined to write",
    Rooms.ON_DEMAND: "rooms when asked for",
}
_RECEIPTS = {Asking.ALWAYS: "receipts", Asking.ON_DEMAND: "receipts on demand", Asking.NEVER: "no receipts"}
_MARKERS = {
    Markers.EACH: "all are told what you read",
    Markers.CHAT: "they are told once what you read",
    Markers.OWN: "your devices are told what you read",
    Markers.NONE: "nobody is told what you read",
}
_CARBONS = {
    Carbons.ON: "your other devices' messages",
    Carbons.OTHERS: "other devices' messages where there are any",
    Carbons.OFF: "no messages of other devices",
}
_GIVEN = {
    Telling.AT_ONCE: "receipts given",
    Telling.TOGETHER: "receipts given together",
    Telling.NEVER: "no receipts given",
}
_BARS = ("▁▂▃▄▅▆▇█", "_.:-=+*#")
"""A plot's steps from least to most, and in plain ASCII."""


def profile_words(profile: LinkProfile) -> str:
    """Return what a profile means, the weightiest first; the end may be cut."""
    return ", ".join(_words(profile).values())


def change_words(before: LinkProfile, after: LinkProfile) -> str:
    """Return what is another than before, in one line; empty: nothing that matters to somebody who reads."""
    old, new = _words(before), _words(after)
    changed = [new[cell] for cell in new if new[cell] != old.get(cell)]
    return ", ".join(changed)


def _words(profile: LinkProfile) -> dict[str, str]:
    groups = f"the presence of {', '.join(clean_line(one, 20) for one in profile.groups) or 'no group'}"
    return {
        "announce": _ANNOUNCE[profile.announce],
        "receive": _RECEIVE.get(profile.receive, groups),
        "rooms": _ROOMS[profile.rooms],
        "page": f"{profile.page} messages at a time",
        "receipts_asked": _RECEIPTS[profile.receipts_asked],
        "typing_out": "typing told" if profile.typing_out else "no typing told",
        "markers": _MARKERS[profile.markers],
        "receipts_given": _GIVEN[profile.receipts_given],
        "carbons": _CARBONS[profile.carbons],
        "avatars": "pictures" if profile.avatars else "no pictures",
        "confirm_seconds": _asks(profile.confirm_seconds),
        "compression": f"compression {profile.compression.value}",
    }


def _asks(seconds: float) -> str:
    return f"asks before what takes over {seconds:g} s" if seconds else "never asks for a price"


def total(spent: Iterable[Spent]) -> Amount:
    """Return what TCP carried of all of these."""
    return sum((one.xml + one.tls for one in spent), Amount())


def shares(spent: Sequence[Spent]) -> list[str]:
    """Return the categories with their part of all of it, the largest first."""
    by: dict[Category, int] = {}
    for one in spent:
        by[one.category] = by.get(one.category, 0) + (one.xml + one.tls).total
    whole = sum(by.values())
    order = sorted(by, key=lambda one: -by[one])
    return [f"{one.value} {round(100 * by[one] / whole)}%" for one in order if by[one]] if whole else []


def spared(spent: Iterable[Spent]) -> list[str]:
    """Return what was left out by category, about, the largest first."""
    by: dict[Category, int] = {}
    for one in spent:
        by[one.category] = by.get(one.category, 0) + one.spared.total
    return [f"{one.value} {size(by[one])}" for one in sorted(by, key=lambda one: -by[one]) if by[one]]


def by_chat(spent: Iterable[Spent], names: Mapping[object, str]) -> list[str]:
    """Return the dearest chats with what they cost; *names* of some by their key."""
    by: dict[object, int] = {}
    for one in spent:
        if one.chat is not None:
            by[one.chat] = by.get(one.chat, 0) + (one.xml + one.tls).total
    order = sorted(by, key=lambda key: -by[key])
    return [f"{names[key]} {size(by[key])}" for key in order if by[key] and key in names]


def plot(look: Look, amounts: Sequence[int], width: int) -> str:
    """Return one line of bars as high as their share of the highest; neighbours are joined to fit."""
    steps = _BARS[look.ascii]
    joined = -(-len(amounts) // max(1, width))
    bars = [sum(amounts[at : at + joined]) for at in range(0, len(amounts), joined)]
    highest = max(bars, default=0)
    # Something is never shown as nothing.
    return "".join(
        " " if not one else steps[min(len(steps) - 1, round(one / highest * (len(steps) - 1)))]
        for one in bars
    )


def rates(look: Look, now: Rates) -> str:
    """Return how the link is now."""
    gap = " " if look.linear else ""
    up, down = (f"{look.sign(name)}{gap}{size(rate)}" for name, rate in (("up", now.up), ("down", now.down)))
    words = [f"{up} {down} a second"]
    if now.round_trip is not None:
        words.append(f"{now.round_trip * 1000:.0f} ms away")
    if now.queued:
        left = "" if now.queue_seconds is None else f", {now.queue_seconds:.0f} s to go"
        words.append(f"{now.queued} waiting{left}")
    return ", ".join(words)


def columns(look: Look, name: str, cells: Sequence[str], width: int) -> Text:
    """Return one row of the table."""
    text = Text(f" {name:<10}", style=look.style("dim"), no_wrap=True)
    for cell in cells:
        text.append(f"{cell:>12}", look.style("text"))
    text.truncate(width)
    return text
