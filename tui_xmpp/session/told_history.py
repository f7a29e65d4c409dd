"""What rooms tell of their history while they let us in (XEP-0045 §7.2.13)."""

from __future__ import annotations

from datetime import datetime

from ..core.chat import ChatKey
from ..core.message import Message
from ..core.value import value


@value
class Told:
    """Archive ids and times of the first and the last message that a room told."""

    first: tuple[str, datetime]
    last: tuple[str, datetime]


class ToldHistory:
    """Of one session: rooms that are telling, and what each has told so far."""

    def __init__(self) -> None:
        self._telling: dict[ChatKey, Told | None] = {}

    def __contains__(self, room: ChatKey) -> bool:
        """Whether it is telling."""
        return room in self._telling

    def begin(self, room: ChatKey) -> None:
        """We are in; what it has to tell follows."""
        self._telling[room] = None

    def note(self, message: Message) -> None:
        """A message of the past came, with the id that the room's archive gave it."""
        if message.chat in self._telling:
            so_far, newest = self._telling[message.chat], (message.archive_id, message.at)
            self._telling[message.chat] = Told(newest if so_far is None else so_far.first, newest)

    def end(self, room: ChatKey) -> Told | None:
        """It has told all; None: nothing that its archive could go on from."""
        return self._telling.pop(room, None)

    def clear(self) -> None:
        """The session is over."""
        self._telling.clear()
