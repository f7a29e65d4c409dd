"""The computer slept and woke up."""

from __future__ import annotations

import asyncio

from tui_xmpp.session import awake
from tui_xmpp.session.awake import AwakeWatch


async def test_a_sleep_is_noticed_once() -> None:
    asleep = [0.0]
    woke: list[None] = []
    noticed = asyncio.Event()

    def note() -> None:
        woke.append(None)
        noticed.set()

    watch = AwakeWatch(note, slept=lambda: asleep[0], every=0.005)
    watch.start()
    asleep[0] += 1
    watch.look()
    assert woke == []
    asleep[0] += 3600
    async with asyncio.timeout(5):
        await noticed.wait()
    watch.look()
    assert len(woke) == 1
    watch.stop()
    asleep[0] += 3600
    watch.look()
    assert len(woke) == 1


async def test_a_sign_of_the_user_need_not_wait_for_the_tick() -> None:
    asleep = [0.0]
    woke: list[None] = []
    watch = AwakeWatch(lambda: woke.append(None), slept=lambda: asleep[0], every=3600)
    watch.start()
    asleep[0] += 60
    watch.look()
    assert len(woke) == 1
    watch.stop()


def test_time_that_passes_while_awake_is_no_sleep() -> None:
    before = awake.slept()
    assert abs(awake.slept() - before) < 1
