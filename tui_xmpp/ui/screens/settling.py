"""What may wait on a slow terminal: it is drawn together, at most every so many seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_xmpp.core import events as ev
from tui_xmpp.core.events import Event
from tui_xmpp.ui.actions import complete
from tui_xmpp.ui.screens import news

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui_xmpp.ui.screens.main import MainScreen

TICK = 1.0
"""Seconds between two looks at what changes with time alone."""
_AT_ONCE = (
    ev.Notice,
    ev.RoomsProgress,
    ev.HistoryLoaded,
    ev.Question,
    ev.QuestionSettled,
    ev.SubscriptionRequested,
    ev.SubscriptionSettled,
    ev.AccountAdded,
    ev.AccountRemoved,
)


class Settling:
    """Lets messages of the open chat and answers to the user pass, and holds the rest for a while."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._held: list[Event] = []
        self._timer: Timer | None = None
        self._suggesting: Timer | None = None
        self._ticks = 0

    def sift(self, happened: tuple[Event, ...]) -> tuple[Event, ...]:
        """Return what of these is to be drawn now; the rest is held."""
        settle = self._screen.profile.settle
        if not settle:
            return happened
        late = [event for event in happened if not self._at_once(event)]
        if late and self._timer is None:
            self._timer = self._screen.set_timer(settle, self.release)
        self._held += late
        return tuple(event for event in happened if self._at_once(event))

    async def release(self) -> None:
        """Draw what was held."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        held, self._held = tuple(self._held), []
        if held:
            await news.show(self._screen, held)

    def tick(self) -> None:
        """A second has gone by: the status line may count it."""
        self._ticks += 1
        if self._ticks * TICK >= self._screen.profile.settle:
            self._ticks = 0
            self._screen.furniture.status()
            if self._screen.world.transfers and not self._screen.profile.linear:
                self._screen.furniture.typing()

    async def suggest(self) -> None:
        """Say what can be typed: at each key, or where that is dear when the keys have settled."""
        if self._suggesting is not None:
            self._suggesting.stop()
            self._suggesting = None
        if self._screen.profile.settle:
            self._suggesting = self._screen.set_timer(self._screen.profile.settle, self._suggest)
        else:
            await self._suggest()

    async def _suggest(self) -> None:
        await complete.suggest(self._screen)

    def _at_once(self, event: Event) -> bool:
        if isinstance(event, ev.MessageKept):
            return event.message.chat == self._screen.chat
        return isinstance(event, _AT_ONCE)
