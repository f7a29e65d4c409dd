"""What is remembered of a server between sign-ins: only ever a guess, never a reason to trust it."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from ..core.address import Address
from ..core.ports import KeyValue
from . import advertised
from .advertised import Advertised

_SPACE = "server"
_AGENT = "user-agent"
_ARCHIVE = "archive"


class Habit(Enum):
    """A short cut that a server may not take well."""

    PIPELINING = "pipelining"
    """To speak before the answer to what was said before has come."""
    PACING = "pacing"
    """To go on behind a proof of ours a moment later, without waiting for the verdict."""
    SMALL_HELLO = "small hello"
    """To offer TLS 1.3 and one key exchange only."""
    BARE_HELLO = "bare hello"
    """Not to make it look like TLS 1.2 besides."""
    COMPRESSION = "compression"
    """To compress the stream (XEP-0138)."""


_PAUSE = {
    Habit.PIPELINING: timedelta(days=1),
    Habit.PACING: timedelta(days=1),
    Habit.SMALL_HELLO: timedelta(days=30),
    Habit.BARE_HELLO: timedelta(days=1),
    Habit.COMPRESSION: timedelta(days=1),
}


class ServerMemory:
    """What one account knows of its server.

    The least mechanism to accept is kept elsewhere (`sasl.remembered`): what is here may be lost or wrong at
    no price but time.
    """

    def __init__(self, facts: KeyValue, account: Address, now: Callable[[], datetime]) -> None:
        self._facts = facts
        self._key = str(account.bare)
        self._now = now
        kept = _read(facts.get(_SPACE, self._key))
        self.advertised: Advertised | None = advertised.from_json(kept.get("advertised"))
        """What was offered before the last sign-in."""
        self.session: frozenset[str] | None = _tags(kept.get("session"))
        """Tags of what was offered behind it, before a session was bound; None: not known."""
        proven = kept.get("proven")
        self._proven = {habit for habit in Habit if isinstance(proven, list) and habit.value in proven}
        self.bound: frozenset[str] | None = _tags(kept.get("bound"))
        """Tags of what was offered when the session had been bound along with the proof; None: not known."""
        self._paused = {habit: _time(kept.get(habit.value)) for habit in Habit}

    def saw(self, offered: Advertised | None) -> None:
        """Keep what the server offers before a sign-in; None: forget it."""
        if offered != self.advertised:
            self.advertised = offered
            self._save()

    def saw_session(self, tags: frozenset[str] | None) -> None:
        """Keep what it offers behind one; None: forget it."""
        if tags != self.session:
            self.session = tags
            self._save()

    def saw_bound(self, tags: frozenset[str] | None) -> None:
        """Keep what it offers when the session has been bound along with the proof; None: forget it."""
        if tags != self.bound:
            self.bound = tags
            self._save()

    def forget(self) -> None:
        """Forget what it offers: it did not hold."""
        self.saw(None)
        self.saw_session(None)
        self.saw_bound(None)

    def takes(self, habit: Habit) -> bool:
        """Whether *habit* has not failed lately."""
        until = self._paused[habit]
        return until is None or not self._now() < until <= self._now() + _PAUSE[habit]

    def failed(self, habit: Habit) -> None:
        """Leave *habit* alone for a while."""
        self._paused[habit] = self._now() + _PAUSE[habit]
        self._proven.discard(habit)
        self._save()

    def worked(self, habit: Habit) -> None:
        """The server took *habit*."""
        if habit not in self._proven:
            self._proven.add(habit)
            self._save()

    def is_proven(self, habit: Habit) -> bool:
        """Whether the server took *habit* before: then a link that breaks is no sign against it."""
        return habit in self._proven

    @property
    def has_archive(self) -> bool:
        """Whether the account has an archive (XEP-0313), as far as is known."""
        return self._facts.get(_ARCHIVE, self._key) == "yes"

    @property
    def user_agent(self) -> str:
        """This installation's name for the server (XEP-0388 §2.3): a UUID, made once for each account."""
        kept = self._facts.get(_AGENT, self._key) or ""
        with contextlib.suppress(ValueError):
            if uuid.UUID(kept).version == 4:
                return str(uuid.UUID(kept))
        made = str(uuid.uuid4())
        self._facts.put(_AGENT, self._key, made)
        return made

    def _save(self) -> None:
        kept: dict[str, Any] = {
            habit.value: until.isoformat() for habit, until in self._paused.items() if until is not None
        }
        if self._proven:
            kept["proven"] = sorted(habit.value for habit in self._proven)
        if self.advertised is not None:
            kept["advertised"] = self.advertised.to_json()
        if self.session is not None:
            kept["session"] = sorted(self.session)
        if self.bound is not None:
            kept["bound"] = sorted(self.bound)
        self._facts.put(_SPACE, self._key, json.dumps(kept))


def note_archive(facts: KeyValue, account: Address, *, has: bool) -> None:
    """Keep whether *account* has an archive: without one a message that waits would be lost by XEP-0386."""
    facts.put(_ARCHIVE, str(account.bare), "yes" if has else "no")


def may_have_archive(facts: KeyValue, account: Address) -> bool:
    """Whether *account* has an archive, or its server was not asked yet."""
    return facts.get(_ARCHIVE, str(account.bare)) != "no"


def _read(kept: str | None) -> dict[str, Any]:
    with contextlib.suppress(ValueError, RecursionError):
        read = json.loads(kept or "")
        if isinstance(read, dict):
            return read
    return {}


def _tags(kept: object) -> frozenset[str] | None:
    if isinstance(kept, list) and all(isinstance(one, str) for one in kept):
        return frozenset(kept)
    return None


def _time(kept: object) -> datetime | None:
    with contextlib.suppress(ValueError, TypeError):
        read = datetime.fromisoformat(kept)  # type: ignore[arg-type]
        return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    return None
