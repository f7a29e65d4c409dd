"""Which archives a session has everything of; on the disk too, as long as the session goes on."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from ..core.address import Address
from ..core.chat import ChatKey

if TYPE_CHECKING:
    from .feature import Context

_SPACE = "archives-current"


class CurrentArchives:
    """Of one account. What comes live moves the newest known id of these archives, and of no others."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._archives: frozenset[Address] = frozenset()
        self._live: dict[Address, tuple[str, datetime]] = {}
        """The newest live message of each archive whose newest id it has yet to become."""
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
        self._live.clear()

    def add(self, archive: Address) -> None:
        """Everything of this one is here."""
        self._keep(self._archives | {archive})

    def remove(self, archives: Iterable[Address]) -> None:
        """Something of these may be missing."""
        self._keep(self._archives.difference(archives))

    def came(self, archive: Address, room: ChatKey | None, newest: tuple[str, datetime]) -> None:
        """This came live, and stands in an archive: that of a room, or (None) our own."""
        self._live[archive] = newest
        self.go_forward(archive, room)

    def fetched(self, archive: Address, ids: Container[str]) -> None:
        """These were fetched: what came live is none of the newest if it is among them."""
        if archive in self._live and self._live[archive][0] in ids:
            del self._live[archive]

    def go_forward(self, archive: Address, room: ChatKey | None) -> None:
        """What came live is the newest known, unless something is missing before it.

        That may be a message of ours: written, it may stand before what came since, and must be found by
        asking for what comes after the newest known.
        """
        live = self._live.get(archive)
        if live is None or archive not in self or self._context.is_under_way(room):
            return
        del self._live[archive]
        self._context.archive.set_newest_archive_id(self._context.own, *live, room)

    def _keep(self, archives: frozenset[Address]) -> None:
        self._archives = archives
        kept = json.dumps(sorted(str(one) for one in archives))
        facts, key = self._context.facts, str(self._context.own)
        if self._is_open and (facts.get(_SPACE, key) or "[]") != kept:
            facts.put(_SPACE, key, kept)
