"""The bridge: merged, in order, one message for a burst."""

from __future__ import annotations

import asyncio

from tests.fakes.engine import ME, FakeEngine
from tests.ui.world import AVA, BRAM
from tui_xmpp.core import events as ev
from tui_xmpp.core.contact import Presence, Show
from tui_xmpp.ui.bridge import Batch, Bridge, merged


def _presence(number: int, who: object = AVA.address) -> ev.PresenceChanged:
    return ev.PresenceChanged(ME, who, Presence("phone", Show.AVAILABLE, f"status {number}"))  # type: ignore[arg-type]


def test_ten_presences_of_one_contact_are_the_last_one() -> None:
    burst = [_presence(number) for number in range(10)]
    assert merged([*burst, _presence(0, BRAM.address)]) == [burst[-1], _presence(0, BRAM.address)]


def test_different_things_keep_their_order() -> None:
    notices = [ev.Notice("one"), _presence(1), ev.Notice("two"), ev.Notice("one")]
    assert merged(notices) == notices


async def test_a_burst_is_one_message() -> None:
    engine = FakeEngine()
    posted: list[Batch] = []
    arrived = asyncio.Event()

    def post(batch: Batch) -> None:
        posted.append(batch)
        arrived.set()

    task = asyncio.create_task(Bridge(engine, post).run())
    await asyncio.sleep(0)
    for number in range(1000):
        engine.emit(_presence(number))
    await asyncio.wait_for(arrived.wait(), 5)
    task.cancel()
    assert len(posted) == 1
    assert posted[0].events == (_presence(999),)
