"""When to ask for acknowledgements and when to give them, so that they ride on what leaves anyway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .stream_management import REQUEST, StreamManagement


class Acknowledging:
    """Of one account. *write* puts an element on the wire; *delay* says how many seconds an answer may wait;
    *asked* is told of each question; *pause* says how many seconds there must be between two of them.

    XEP-0198 §4 lets a client collect before it acknowledges; servers wait a minute and longer.
    """

    def __init__(
        self,
        management: StreamManagement,
        write: Callable[[str], None],
        delay: Callable[[], float],
        asked: Callable[[], None],
        pause: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._pause = pause
        self._asked_at = float("-inf")
        self._later: asyncio.TimerHandle | None = None
        """Asks about what was written too soon after the last question."""
        self._management = management
        self._write = write
        self._delay = delay
        self._asked = asked
        self._wanted = False
        self._due: asyncio.TimerHandle | None = None
        """Gives an answer that found nothing to ride on."""
        self._answered_at = float("-inf")

    def want(self) -> None:
        """Something was written whose fate the user waits for: ask behind it, in the same packet."""
        self._wanted = self._management.counting
        if self._wanted and not self._may_ask() and self._later is None:
            loop = asyncio.get_running_loop()
            self._later = loop.call_at(self._asked_at + self._pause(), self._ask_late)

    def _may_ask(self) -> bool:
        return asyncio.get_running_loop().time() >= self._asked_at + self._pause()

    def _ask_late(self) -> None:
        self._later = None
        if self._wanted:
            self.ask_once()

    def owe(self) -> None:
        """The server asked: answer with what is written next, or alone after the delay.

        XEP-0198 §4: it is answered even if there is nothing new to say; who probes an idle link waits for it.
        """
        if self._due is None and self._management.enabled:
            self._due = asyncio.get_running_loop().call_later(self._delay(), self._answer)

    def answered(self) -> None:
        """The server has answered: ask again for what was written since."""
        if self._management.waits_for_message:
            self.want()
            if self._may_ask():
                self.ask_once()

    def before_packet(self) -> list[str]:
        """What a packet that is about to leave takes along."""
        taken = []
        if self._due is not None and self._may_answer():
            taken.append(self._give())
        if self._wanted and self._management.asked_at is None and self._may_ask():
            self._note()
            taken.append(REQUEST)
        return [one for one in taken if one]

    def _may_answer(self) -> bool:
        """Whether the last answer is old enough: some servers ask again behind every stanza."""
        return asyncio.get_running_loop().time() >= self._answered_at + self._delay() / 2

    def ask(self) -> None:
        """Ask now, to see whether the server is still there."""
        if self._management.enabled:
            self._note()
            self._write(REQUEST)

    def ask_once(self) -> None:
        """Ask now, unless an answer is still to come: something waits for it."""
        if self._management.counting and self._management.asked_at is None:
            self._note()
            self._write(REQUEST)

    def stop(self) -> None:
        """The link is gone, and with it every answer that was still to come."""
        self._wanted = False
        self._management.asked_at = None
        self._stop()
        self._stop_later()
        self._asked_at = self._answered_at = float("-inf")

    def last_words(self) -> None:
        """The link is given up while it stands: let the server forget what we have (XEP-0198 §4)."""
        if self._management.owes:
            self._answer()

    def _answer(self) -> None:
        if text := self._give():
            self._write(text)

    def _give(self) -> str:
        self._stop()
        self._answered_at = asyncio.get_running_loop().time()
        return self._management.answer()

    def _note(self) -> None:
        self._wanted = False
        self._stop_later()
        self._asked_at = asyncio.get_running_loop().time()
        self._management.asked_at = self._asked_at
        self._asked()

    def _stop_later(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _stop(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
