"""What came to the account before it could come here live: it stands in the archive only."""

from __future__ import annotations

from ..core.events import PresenceChanged
from . import devices, own_presence
from .feature import Context


class BeforeLive:
    """Of one session. The archive was asked as it began, and tells nothing of what came since."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._is_unseen = False
        """We are not available yet: nothing comes live."""
        self._knows_others = False
        """Another device of ours was seen in this session."""

    def begin(self, *, resumed: bool = False) -> None:
        """A session begins, or (`resumed`) goes on here: if it was not seen before, the archive is asked."""
        asked = resumed or self._context.pacing.catch_up_pages > 0
        self._is_unseen = asked and not own_presence.kept(self._context)[1]
        self._knows_others = False

    def ends(self, event: PresenceChanged) -> bool:
        """Whether from this presence on what did not come live before does, and is to be asked for."""
        context, full = self._context, self._context.full
        if event.address == context.own and full is not None and event.presence.resource == full.resource:
            was_unseen, self._is_unseen = self._is_unseen, False
            return was_unseen
        if self._knows_others or not devices.is_other(context, event):
            return False
        self._knows_others = True
        # Its copies are asked for just now.
        return context.pacing.wants_carbons(others=True) and not context.pacing.wants_carbons(others=False)
