"""What it means that the stream is compressed, said when that is switched on (XEP-0138)."""

from __future__ import annotations

from ...core.events import Event, Level, LinkChanged, Notice
from ...core.link import Compression as Wanted
from ..feature import Feature

RISK = (
    "From the next sign-in on, what you send and get is compressed where the server can: somebody who writes "
    "to you and sees how many bytes pass may guess at words that others write to you."
)


class Compression(Feature):
    """Says it once for each time; `session/compression` does it."""

    XEPS = ("XEP-0138",)
    _on = False

    def told(self, event: Event) -> None:
        """Compare what the link profile says with what it said before."""
        if isinstance(event, LinkChanged):
            was_on, self._on = self._on, event.profile.compression is Wanted.ZLIB
            if self._on and not was_on:
                self.context.emit(Notice(RISK, Level.WARN, self.context.own))
