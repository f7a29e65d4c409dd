"""Which archives a session has everything of; on the disk too, as long as the session goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..core.address import Address

if TYPE_CHECKING:
    from .feature import Context

_SPACE = "archives-current"


class CurrentArchives:
    """Of one account. What comes live moves the newest known id of these archives, and of no others."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._archives: frozenset[Address] = frozenset()
        self._is_open = False

    def __iter__(self) -> Iterator[Address]:
        """Each of them."""
        return iter(self._archives)

    def __contains__(self, archive: Address) -> bool:
        """Whether everything of it is here."""
        return archive in self._archives

    def begin(self) -> None:
        """A new session: none is yet."""
        self._is_open = True
        self._keep(frozenset())

    def take_up(self) -> None:
        """The session of an earlier process goes on: those it left are."""
        self._is_open = True
        try:
            kept = json.loads(self._context.facts.get(_SPACE, str(self._context.own)) or "[]")
            self._archives = frozenset(Address.parse(one) for one in kept)
        except (ValueError, TypeError):
            self._archives = frozenset()

    def end(self) -> None:
        """The session is over: what comes now may leave a hole. The disk keeps what the next one finds."""
        self._is_open = False
        self._archives = frozenset()

    def add(self, archive: Address) -> None:
        """Everything of this one is here."""
        self._keep(self._archives | {archive})

    def remove(self, archives: Iterable[Address]) -> None:
        """Something of these may be missing."""
        self._keep(self._archives.difference(archives))

    def _keep(self, archives: frozenset[Address]) -> None:
        self._archives = archives
        kept = json.dumps(sorted(str(one) for one in archives))
        facts, key = self._context.facts, str(self._context.own)
        if self._is_open and (facts.get(_SPACE, key) or "[]") != kept:
            facts.put(_SPACE, key, kept)
