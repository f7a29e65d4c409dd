"""Who is in the demo, and what they say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle, islice

from tui_xmpp.core.value import value

from .demo_lines import GARDEN, WORK, lines
from .demo_server import DOMAIN, ROOMS_DOMAIN

USER = "alice"
ROOM = "garden"
ROOM_NAME = "Community garden"
SUBJECT = "Saturday 10:00: compost day. Bring gloves."
HISTORY_OF = "farid"
HISTORY_LENGTH = 500
ROOM_HISTORY_LENGTH = 120


@value
class Contact:
    """One of the people the user can write to."""

    user: str
    name: str
    group: str
    greeting: str = ""
    """Said once the user is there."""


CONTACTS = (
    Contact("ava", "Ava", "Family", "Hi! I say back whatever you write to me."),
    Contact("bram", "Bram", "Family", "Write me something. I type slowly, so you can watch."),
    Contact("chiara", "Chiara", "Work"),
    Contact("dmitri", "Dmitri", "Work"),
    Contact("farid", "Farid", "Work"),
    Contact("elif", "Elif", ""),
)
STRANGER = "elif"
"""Not on the user's roster: asks to be added."""
REQUEST = "Hi, it is Elif from the garden. May I add you?"

GUESTS = (
    "gita",
    "hugo",
    "ines",
    "jonas",
    "kim",
    "lena",
    "marek",
    "nora",
    "omar",
    "pia",
    "quinn",
    "rosa",
    "sven",
    "tove",
)
"""With the user and the five contacts on the roster, twenty in the room."""


@value
class Said:
    """One line of the talk with Ava, and what was done with it."""

    minutes: int
    """Before now."""
    own: bool
    text: str
    answers: int | None = None
    """Which line it replies to, counted from 0."""
    corrected: str = ""
    """The text after a correction."""
    reaction: str = ""
    """Of whoever did not write it."""


LIVELY = "ava"
TALK = (
    Said(1510, False, "I found your blue scarf, it was in my coat the whole winter."),
    Said(1508, True, "I had already mourned it."),
    Said(1507, False, "Ransom: one cake."),
    Said(1505, True, "Apple or plum?"),
    Said(1504, False, "Why choose?", reaction="😂"),
    Said(1466, True, "Have you heard from Bram?"),
    Said(1461, False, "He is fixing the boat again. He says it floats now."),
    Said(1460, True, "He said that in spring, from under water.", reaction="😂"),
    Said(1459, False, "This time he sent a photo, look: https://photos.example.org/boat"),
    Said(1452, True, "That is a *very* optimistic angle."),
    Said(1450, False, "Grandmother asks whether you eat enough."),
    Said(1449, True, "Tell her: too much, and thank you for the jam."),
    Said(1447, False, "I tell her you need more jam."),
    Said(95, False, "Are you coming to *compost day* on Saturday?"),
    Said(93, True, "Of course. Which gate?"),
    Said(92, False, "The one on the river side, by the kiosk. If I am late, go in and keep me a fork."),
    Said(90, True, "I bring gloves for both of us.", reaction="🌻"),
    Said(89, False, "And the map? https://garden.example.org/map"),
    Said(88, True, "Printed already, two copies."),
    Said(81, True, "Shall we take the train at 9:12?", corrected="Shall we take the train at 9:42?"),
    Said(78, False, "That one. I sit in the last coach.", answers=19, reaction="👍"),
    Said(77, False, "/me packs the soup"),
)
"""A chat with a reply, reactions, a correction, a link and an action."""

_SEED = 7


def private_history(now: datetime) -> Iterator[tuple[datetime, bool, str]]:
    """Yield time, whether the user wrote it, and text: 500 messages before `now`, oldest first."""
    said = lines(WORK, _SEED)
    for at, (_, (own, text)) in zip(_moments(now, HISTORY_LENGTH, per_day=20), said, strict=False):
        yield at, own, text


def room_history(now: datetime) -> Iterator[tuple[datetime, str, str]]:
    """Yield time, nick and text of what was said in the room before `now`, oldest first."""
    for at, (nick, text) in zip(_moments(now, ROOM_HISTORY_LENGTH, per_day=32), room_talk(), strict=False):
        yield at, nick, text


def room_talk() -> Iterator[tuple[str, str]]:
    """Yield nick and text of what is said in the room without end, from the beginning of its history."""
    dice = random.Random(_SEED)
    talking, pair = -1, list(GUESTS[:2])
    for exchange, (_, text) in lines(GARDEN, _SEED):
        if exchange != talking:
            talking, pair = exchange, dice.sample(GUESTS, 2)
        yield pair[0], text
        pair.reverse()


_PAUSES = (2, 1, 7, 3, 14, 1, 5, 38, 2, 2, 9, 4, 1, 21, 3)
"""Minutes between two messages of a conversation, over and over."""


def _moments(now: datetime, count: int, *, per_day: int) -> Iterator[datetime]:
    """Moments on the days before `now`, each day from nine in the morning on, oldest first."""
    days = -(-count // per_day)
    for day in range(days, 0, -1):
        at = (now - timedelta(days=day)).astimezone().replace(hour=9, minute=10, second=0, microsecond=0)
        for pause in islice(cycle(_PAUSES), min(per_day, count)):
            yield at
            at += timedelta(minutes=pause)
        count -= per_day


def address(user: str) -> str:
    """The address of somebody in the demo."""
    return f"{user}@{DOMAIN}"


ROOM_ADDRESS = f"{ROOM}@{ROOMS_DOMAIN}"
