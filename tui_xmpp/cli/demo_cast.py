"""Who is in the demo, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, islice

from .demo_server import DOMAIN, ROOMS_DOMAIN

USER = "alice"
ROOM = "garden"
ROOM_NAME = "Community garden"
SUBJECT = "Saturday 10:00: compost day. Bring gloves."
HISTORY_OF = "farid"
HISTORY_LENGTH = 500
ROOM_HISTORY_LENGTH = 120


@dataclass(frozen=True, slots=True)
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

ROOM_LINES = (
    "The first tomatoes are out.",
    "Who has the key to the shed?",
    "I do, it hangs behind the door again.",
    "Snails have found the lettuce.",
    "I put the copper band back.",
    "The water butt is full after last night.",
    "Can somebody water bed 7 until Sunday?",
    "I am there on Thursday anyway.",
    "Thanks!",
    "The compost is warm: 54 degrees.",
    "We still need two pairs of gloves.",
    "There is rhubarb for everybody at the gate.",
    "A hedgehog sleeps under the pallets, please leave them.",
    "/me waters bed 7",
    "Seed list: https://garden.example.org/seeds",
    "The bees are calm today.",
)

_HISTORY_LINES = (
    "Did you see the draft?",
    "Yes, page two needs the new figures.",
    "I will send them after lunch.",
    "The train is late again, start without me.",
    "No hurry, we wait.",
    "Lunch at the usual place?",
    "12:30 is fine.",
    "The meeting moved to Thursday.",
    "Good, that gives us a day.",
    "I have put the notes into the folder.",
    "Found them, thanks.",
    "Can you look at the third paragraph? It says the opposite of the first.",
    "You are right, I turned it round.",
    "Now it reads well.",
    "Shall I print it?",
    "Two copies, please.",
    "The printer is out of paper, of course.",
    "There is some in the cupboard on the left.",
    "*Done.*",
    "See you tomorrow.",
)


def private_history(now: datetime) -> Iterator[tuple[datetime, bool, str]]:
    """Yield time, whether the user wrote it, and text: 500 messages before `now`, oldest first."""
    for number, at in enumerate(_moments(now, HISTORY_LENGTH, per_day=len(_HISTORY_LINES))):
        yield at, number % 2 == 1, _HISTORY_LINES[number % len(_HISTORY_LINES)]


def room_history(now: datetime) -> Iterator[tuple[datetime, str, str]]:
    """Yield time, nick and text of what was said in the room before `now`, oldest first."""
    for number, at in enumerate(_moments(now, ROOM_HISTORY_LENGTH, per_day=len(ROOM_LINES) * 2)):
        yield at, GUESTS[number * 5 % len(GUESTS)], ROOM_LINES[number % len(ROOM_LINES)]


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
