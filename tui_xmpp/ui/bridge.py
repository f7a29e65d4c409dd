"""Brings the engine's events to the screen: merged, once a frame, in one message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Sequence

from textual.message import Message

from tui_xmpp.core import events as ev
from tui_xmpp.core.events import Event
from tui_xmpp.core.ports import Engine
from tui_xmpp.core.strangers import StrangersChanged

FRAME = 1 / 30
"""Seconds between two batches at least."""


MOST = 200
"""Events in one batch at most: keys are heard between two batches."""


class Batch(Message):
    """What happened since the last one, in order; already applied to the world."""

    def __init__(self, events: Sequence[Event]) -> None:
        super().__init__()
        self.events = tuple(events)


class Bridge:
    """Drains one queue of the engine until it is cancelled."""

    def __init__(self, engine: Engine, post: Callable[[Batch], object]) -> None:
        self._engine = engine
        self._post = post
        self._waiting: list[Event] = []
        self._arrived = asyncio.Event()

    async def run(self) -> None:
        """Pass events on for as long as the engine has any."""
        sender = asyncio.create_task(self._send())
        try:
            async for events in self._engine.events():
                self._waiting.extend(events)
                self._arrived.set()
        finally:
            sender.cancel()

    async def _send(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            waiting, self._waiting = self._waiting, []
            events = merged(waiting)
            for first in range(0, len(events), MOST):
                self._post(Batch(events[first : first + MOST]))
                await asyncio.sleep(FRAME)


def merged(events: Iterable[Event]) -> list[Event]:
    """Return the events without those that a later one of the same thing makes void; order is kept."""
    kept: dict[Hashable, Event] = {}
    for number, event in enumerate(events):
        key = _subject(event) or number
        kept.pop(key, None)
        kept[key] = event
    return list(kept.values())


def _subject(event: Event) -> Hashable:
    """Return what a later event of the same kind replaces; None: nothing does."""
    match event:
        case ev.PresenceChanged():
            return (ev.PresenceChanged, event.account, event.address)
        case ev.ConnectionChanged():
            return (ev.ConnectionChanged, event.account, event.connection, event.reason)
        case (
            ev.OwnPresenceChanged()
            | ev.AbilitiesChanged()
            | ev.BookmarksChanged()
            | ev.RoomsProgress()
            | ev.RatesChanged()
            | StrangersChanged()
        ):
            return (type(event), event.account)
        case ev.ContactChanged():
            return (ev.ContactChanged, event.contact.account, event.contact.address)
        case ev.ChatChanged():
            return (ev.ChatChanged, event.chat.key)
        case ev.MessageChanged():
            return (ev.MessageChanged, event.message.chat, event.message.row)
        case ev.TypingChanged():
            return (ev.TypingChanged, event.chat, event.who)
        case ev.OccupantChanged() if not event.joined:
            return (ev.OccupantChanged, event.key, event.occupant.nick)
        case _:
            return None
