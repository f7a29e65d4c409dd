"""Whether what was fetched once must be fetched again."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

from ..core.ports import KeyValue

QUIET_SECONDS = 5.0
"""How long after a sign-in that begins which nobody waits for."""

_SPACE = "fetched"


class Freshness:
    """Of one thing the server has, kept under `key`: when it was fetched last, and what it was by then.

    Clients are told to publish bookmarks and read states with `send_last_published_item` set to `never`
    (XEP-0402 §5, XEP-0490 §7): that nothing is pushed at sign-in does not say that nothing changed. So there
    is an age at which it is fetched again; a last item that is pushed (XEP-0163 §4) and is not the last one
    known makes it old at once.
    """

    def __init__(self, facts: KeyValue, key: str, lasts: timedelta) -> None:
        self._facts = facts
        self._key = key
        self._lasts = lasts
        self._changed = False
        """What was pushed is not what was known."""

    def is_fresh(self, now: datetime, mark: str = "") -> bool:
        """Whether it need not be fetched; a `mark` is to be that of last time."""
        at, known, _ = self._kept()
        # A clock that was set back says nothing.
        return not self._changed and mark in ("", known) and at is not None and now - self._lasts < at <= now

    @property
    def is_known(self) -> bool:
        """Whether it was fetched at all."""
        return self._kept()[0] is not None

    def fetched(self, now: datetime, mark: str = "") -> None:
        """All of it is here now."""
        self._changed = False
        self._put(now, mark, self._kept()[2])

    def pushed(self, items: ET.Element) -> None:
        """The server has pushed an item, the last one or a new one."""
        at, mark, known = self._kept()
        digest = hashlib.sha256(ET.tostring(items)).hexdigest()[:16]
        if digest != known:
            self._changed = True
            self._put(at, mark, digest)

    def begin(self) -> None:
        """A session begins: the first pushes of it tell of the time before."""
        self._changed = False

    def _kept(self) -> tuple[datetime | None, str, str]:
        try:
            at, mark, digest = json.loads(self._facts.get(_SPACE, self._key) or "")
            return None if at is None else datetime.fromisoformat(at), str(mark), str(digest)
        except (ValueError, TypeError):
            return None, "", ""

    def _put(self, at: datetime | None, mark: str, digest: str) -> None:
        self._facts.put(_SPACE, self._key, json.dumps([at and at.isoformat(), mark, digest]))
