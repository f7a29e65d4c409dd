"""Since when each nick of a room belongs to whom it belongs now: a nick may change hands."""

from __future__ import annotations

from datetime import datetime

from ..core.chat import ChatKey, ChatKind
from ..core.events import Event, OccupantChanged, OccupantLeft
from ..core.message import Message
from ..core.ports import Clock
from .draft import Draft


class Arrivals:
    """Remembers when the occupants there are now came, from the events of one account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at: dict[tuple[ChatKey, str], datetime] = {}

    def told(self, event: Event) -> None:
        """See an event."""
        if isinstance(event, OccupantChanged) and event.joined:
            self._at[event.key, event.occupant.nick] = self._clock.now()
        elif isinstance(event, OccupantLeft):
            self._at.pop((event.key, event.nick), None)
            if event.new_nick:
                self._at[event.key, event.new_nick] = self._clock.now()

    def is_somebody_else(self, draft: Draft, original: Message | None) -> bool:
        """Whether the nick came to its owner after the message was said (XEP-0308 §5, XEP-0424 §5).

        Where both messages carry an occupant id, that settles it instead.
        """
        if original is None or draft.kind is not ChatKind.ROOM or draft.old:
            return False
        if original.occupant_id and draft.occupant_id:
            return False
        arrived = self._at.get((draft.chat, draft.nick))
        return arrived is not None and original.at < arrived
