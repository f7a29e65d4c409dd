"""Everything that happens to a message within one frame."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.engine import ME, NOON
from tests.ui.driving import driven
from tests.ui.world import AVA, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.message import Delivery, Message


async def test_a_message_that_is_delivered_at_once_is_shown_as_delivered() -> None:
    async with driven(peopled()) as seen:
        sent = Message(
            AVA, NOON, ME, "quick as a flash", id="q1", row=9000, outgoing=True, delivery=Delivery.QUEUED
        )
        steps = [
            replace(sent, delivery=one) for one in (Delivery.WRITTEN, Delivery.TAKEN, Delivery.DELIVERED)
        ]
        seen.engine.emit(ev.MessageKept(sent), *map(ev.MessageChanged, steps))
        await seen.shows("quick as a flash")
        line = next(line for line in seen.lines if "quick as a flash" in line)
        assert line.endswith("✓✓")
