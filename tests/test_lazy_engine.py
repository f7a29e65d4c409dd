from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable

import pytest

from tests.cli.scripted_engine import CHAT, ME, ScriptedEngine, message
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.questions import RoomServices, Unanswered
from tui_xmpp.lazy_engine import LazyEngine


class Started(ScriptedEngine):
    started = False

    async def start(self) -> None:
        self.started = True
        self.emit(ev.Notice("started"))


def lazy(session: Started) -> tuple[LazyEngine, list[int]]:
    threads: list[int] = []

    def load() -> Callable[[], Started]:
        threads.append(threading.get_ident())
        return lambda: session

    return LazyEngine(session.world, load), threads


async def test_nothing_is_loaded_before_the_start() -> None:
    engine, threads = lazy(Started())
    assert ME in engine.world.accounts
    assert not threads
    await engine.close()
    assert not threads


async def test_a_command_waits_for_the_session() -> None:
    session = Started()
    engine, threads = lazy(session)
    doing = asyncio.ensure_future(engine.do(cmd.OpenChat(CHAT)))
    await asyncio.sleep(0)
    assert not session.commands
    assert engine._starting is None
    engine.start()
    await doing
    assert session.started
    assert session.commands == [cmd.OpenChat(CHAT)]
    assert threads != [threading.get_ident()]


async def test_it_starts_once() -> None:
    engine, threads = lazy(Started())
    await engine.start()
    await engine.start()
    assert len(threads) == 1


async def test_every_front_end_hears_everything_from_its_call_on() -> None:
    session = Started()
    engine, _ = lazy(session)
    early = engine.events()
    await engine.start()
    assert await anext(early) == (ev.Notice("started"),)
    late = engine.events()
    kept = ev.MessageKept(message())
    session.emit(kept)
    assert await anext(early) == (kept,)
    assert await anext(late) == (kept,)


async def test_a_front_end_that_is_gone_costs_nothing() -> None:
    engine, _ = lazy(Started())
    listening = engine.events()
    assert len(engine._subscriptions) == 1
    del listening
    gc.collect()
    assert not engine._subscriptions


async def test_questions_go_through() -> None:
    session = Started()
    session.answers[RoomServices] = ()
    engine, _ = lazy(session)
    engine.start()
    assert await engine.ask(RoomServices(ME)) == ()


async def test_closing_closes_the_session_and_ends_the_events() -> None:
    session = Started()
    engine, _ = lazy(session)
    listening = engine.events()
    await engine.start()
    await anext(listening)
    await engine.close()
    assert session.closed
    with pytest.raises(StopAsyncIteration):
        await anext(listening)


async def test_a_session_that_cannot_be_loaded_is_told_and_refuses() -> None:
    def broken() -> Callable[[], Started]:
        raise ImportError("no module named slixmpp")

    engine = LazyEngine(ScriptedEngine().world, broken)
    listening = engine.events()
    engine.start()
    (notice,) = await anext(listening)
    assert isinstance(notice, ev.Notice)
    assert "slixmpp" in notice.text
    with pytest.raises(cmd.Refused, match="slixmpp"):
        await engine.do(cmd.OpenChat(CHAT))
    with pytest.raises(Unanswered):
        await engine.ask(RoomServices(ME))
    await engine.close()
