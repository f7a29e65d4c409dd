"""The stretch of a chat's archive that is on the screen: pages in, in both directions."""

from __future__ import annotations

from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Page, Place
from tui_xmpp.core.ports import ArchiveReader

PAGE = 100
"""Messages read at once."""


class HistoryWindow:
    """Reads pages of one chat and remembers how far it has read."""

    def __init__(self, archive: ArchiveReader, chat: ChatKey) -> None:
        self._archive = archive
        self.chat = chat
        self._oldest: Place | None = None
        self._newest: Place | None = None

    def open(self) -> Page:
        """Return the newest page; the window begins anew there."""
        return self._begin(self._archive.page(self.chat, limit=PAGE))

    def around(self, place: Place) -> Page:
        """Return the page with a place in its middle; the window begins anew there."""
        return self._begin(self._archive.around(self.chat, place, PAGE))

    def older(self) -> Page:
        """Return the page before what was read so far."""
        if self._oldest is None:
            return Page((), (), at_start=True, at_end=True)
        page = self._archive.page(self.chat, before=self._oldest, limit=PAGE)
        if page.messages:
            self._oldest = page.messages[0].place
        return page

    def newer(self) -> Page:
        """Return the page after what was read so far."""
        if self._newest is None:
            return Page((), (), at_start=True, at_end=True)
        page = self._archive.page(self.chat, after=self._newest, limit=PAGE)
        if page.messages:
            self._newest = page.messages[-1].place
        return page

    def kept(self, place: Place) -> None:
        """A new message stands at this place now."""
        if self._newest is None or place > self._newest:
            self._newest = place
        if self._oldest is None:
            self._oldest = place

    def _begin(self, page: Page) -> Page:
        self._oldest = page.messages[0].place if page.messages else None
        self._newest = page.messages[-1].place if page.messages else None
        return page
