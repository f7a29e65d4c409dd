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
        self._telling: dict[ChatKey, list[tuple[str, datetime]]] = {}

    def __contains__(self, room: ChatKey) -> bool:
        """Whether it is telling."""
        return room in self._telling

    def begin(self, room: ChatKey) -> None:
        """We are in; what it has to tell follows."""
        self._telling[room] = []

    def note(self, message: Message) -> None:
        """A message of the past came, with the id that the room's archive gave it."""
        if message.chat in self._telling:
            self._telling[message.chat].append((message.archive_id, message.at))

    def end(self, room: ChatKey) -> Told | None:
        """It has told all; None: nothing that its archive could go on from."""
        told = self._telling.pop(room, [])
        return Told(told[0], told[-1]) if told else None

    def clear(self) -> None:
        """The session is over."""
        self._telling.clear()
