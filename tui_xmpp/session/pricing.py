"""Asks before what would take the link long, or more than is left of the month's bytes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..core.commands import Answer
from ..core.events import PriceAsked, QuestionSettled

if TYPE_CHECKING:
    from .account import AccountSession
    from .budget import Budget

PER_MESSAGE = 620
"""Bytes of a message in a page of an archive."""
PER_OCCUPANT = 500
"""Bytes that somebody in a room costs who enters it."""
PER_ROOM = 150
"""Bytes of a room in a list."""


class Pricing:
    """Decides for one account what is worth a question; what is refused has not begun."""

    def __init__(self, account: AccountSession, budget: Budget) -> None:
        self._account = account
        self._budget = budget
        self._asked: dict[str, asyncio.Future[bool]] = {}

    async def agree(self, what: str, size: int) -> bool:
        """Whether to do something that costs about *size* bytes; asks the user where that is much.

        *what* is how the question begins: `Fetch 20 older messages`. May wait for hours: only in work that is
        `spawn`ed, and with nothing begun. The end of the session is a no.
        """
        if not self._is_dear(size):
            return True
        id = self._account.new_id()
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked[id] = answer
        seconds = None if self._account.life.timing.rate is None else self._seconds(size)
        self._account.emit(PriceAsked(id, self._account.own, what, size, seconds))
        try:
            return await answer
        finally:
            del self._asked[id]
            if id in self._account.world.questions:
                self._account.emit(QuestionSettled(id))

    async def answered(self, command: Answer) -> None:
        """The user has decided, maybe about something else."""
        waiting = self._asked.get(command.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(command.yes)

    async def agree_to_join(self, name: str, people: int | None) -> bool:
        """Whether to enter a room with so many people; one of unknown size is entered."""
        return not people or await self.agree(f"Join {name}, with {people} people", people * PER_OCCUPANT)

    def _is_dear(self, size: int) -> bool:
        left = self._budget.left
        if left is not None and size > left:
            return True
        most = self._account.pacing.confirm_seconds
        # Of a link that was not measured yet nobody could say what it takes.
        return bool(most) and self._account.life.timing.rate is not None and self._seconds(size) > most

    def _seconds(self, size: int) -> float:
        timing = self._account.life.timing
        return timing.seconds_for(size) + (timing.rtt or 0.0)
