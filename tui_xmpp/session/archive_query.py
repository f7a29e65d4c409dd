"""Questions to an archive, one page at a time (XEP-0313 §4, XEP-0059 §2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from datetime import datetime
from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from ..core.address import Address
from . import convert
from .feature import Context, Failed
from .unwrap import FORWARD, MAM

RSM = "http://jabber.org/protocol/rsm"


@value
class Page:
    """What an archive has answered, oldest first."""

    results: list[ET.Element]
    complete: bool
    """There is no more in that direction."""

    @property
    def first(self) -> tuple[str, datetime] | None:
        """Archive id and time of the oldest."""
        return _place(self.results[0]) if self.results else None

    @property
    def last(self) -> tuple[str, datetime] | None:
        """Archive id and time of the newest."""
        return _place(self.results[-1]) if self.results else None

    @property
    def ids(self) -> frozenset[str]:
        """The archive ids of all."""
        return frozenset(one.get("id", "") for one in self.results)


@value
class Asked:
    """A question that was written; `ArchiveQueries.page` waits for the answer."""

    archive: Address
    query_id: str
    results: list[ET.Element]
    answer: Awaitable[ET.Element]


class ArchiveQueries:
    """Asks the archives of our own account and of rooms."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: set[str] = set()
        """Query ids whose results are being collected."""

    async def fetch(
        self,
        archive: Address,
        peer: Address | None = None,
        *,
        after: str | None = None,
        before: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Page:
        """One page, as `ask` says; raises `Failed`."""
        return await self.page(self.ask(archive, peer, after=after, before=before, start=start, end=end))

    def ask(
        self,
        archive: Address,
        peer: Address | None = None,
        *,
        after: str | None = None,
        before: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Asked:
        """Write the question for a page at once: after an id, or before one (empty: the newest).

        `peer`: only what was said with them; `start` and `end`: only of that time.
        """
        # It comes back with each result; only what is open at the same time must differ.
        while (query_id := self._context.new_id()[:2]) in self._open:
            pass
        self._open.add(query_id)
        fields: dict[str, str | tuple[str, ...]] = {}
        if peer is not None:
            fields["with"] = str(peer)
        if start is not None:
            fields["start"] = convert.written(start)
        if end is not None:
            fields["end"] = convert.written(end)
        query = convert.element(MAM, "query", queryid=query_id)
        if fields:
            query.append(convert.form(MAM, **fields))
        bounds = convert.add(query, RSM, "set")
        convert.add(bounds, RSM, "max", str(self._context.pacing.page))
        if after is not None:
            convert.add(bounds, RSM, "after", after)
        if before is not None:
            # XEP-0059 §2.5: an empty <before/> asks for the last page.
            convert.add(bounds, RSM, "before", before)
        results: list[ET.Element] = []
        self._context.collect(archive, query_id, results)
        to = None if archive == self._context.own else archive
        return Asked(archive, query_id, results, self._context.request("set", query, to=to))

    async def onward(
        self, archive: Address, peer: Address | None, after: str | None, since: datetime
    ) -> AsyncIterator[Page]:
        """Every page after an id; where that is not to be had, from *since* on. Raises `Failed`."""
        start = since if after is None else None
        while True:
            try:
                page = await self.fetch(archive, peer, after=after, start=start)
            except Failed as failed:
                # The id may have left the archive, or be none of this chat.
                if failed.condition != "item-not-found" or start is not None:
                    raise
                after, start = None, since
                continue
            yield page
            if page.complete or page.last is None or page.last[0] == after:
                return
            after = page.last[0]

    def stop(self) -> None:
        """The session is over: nothing will be answered."""
        self._open.clear()

    async def page(self, asked: Asked) -> Page:
        """The answer; raises `Failed`."""
        try:
            answer = await asked.answer
        finally:
            self._context.collect(asked.archive, asked.query_id, None)
            self._open.discard(asked.query_id)
        fin = convert.child(answer, MAM, "fin")
        complete = fin is not None and fin.get("complete") in ("true", "1")
        return Page([one for one in asked.results if _place(one) is not None], complete)


def _place(result: ET.Element) -> tuple[str, datetime] | None:
    """The archive id of a result and the time the archive gives it."""
    forwarded = convert.child(result, FORWARD, "forwarded")
    at = None if forwarded is None else convert.delay_in(forwarded)
    id = result.get("id", "")
    return (id, at) if id and at is not None else None
