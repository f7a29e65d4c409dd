"""The screen with 5,000 contacts, a chat of 100,000 messages, a room of 2,000: nothing makes it stand."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from tests.bench import filled
from tests.bench.conftest import CHATS, EACH, Scale
from tests.bench.stalls import BAR, DrawingDriver, Stalls
from tests.fakes.archive import FakeArchive
from tests.fakes.engine import FakeEngine
from tui_xmpp import collector
from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.contact import Presence, Show
from tui_xmpp.core.message import Message, Place
from tui_xmpp.core.room import RoomState
from tui_xmpp.core.settings import Settings
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.database import Database
from tui_xmpp.ui.app import ChatApp

pytestmark = pytest.mark.bench
PEOPLE = 5000
OCCUPANTS = 2000
ARRIVING = 1000
PILED_UP = 20
"""Messages the session keeps in one transaction."""
CHAT = ChatKey(filled.ME, filled.contact(0).address)
ROOM = ChatKey(filled.ME, Address.parse("garden@rooms.example.org"))


class KeptArchive(SqliteArchive):
    """What the fake engine tells has been kept before."""

    def put(self, message: Message) -> None:
        """It is there."""


@dataclass
class Scene:
    """The program with everything large, and somebody at its keys."""

    app: ChatApp
    engine: FakeEngine
    archive: KeptArchive
    pilot: Pilot[int]
    keep: Callable[[str, float], None]
    stalled: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def timed(self, name: str) -> AsyncIterator[None]:
        """What happens in here may not stop the loop for longer than the bar."""
        await self.settle()
        async with Stalls() as stalls:
            yield
            await self.settle()
        self.keep(name, stalls.longest)
        if stalls.longest > BAR:
            self.stalled.append(f"{name}: {stalls.longest:.0f} ms")

    async def settle(self) -> None:
        """Return when two frames have passed and nothing is waiting."""
        for _ in range(3):
            await asyncio.sleep(0.04)
            await self.pilot.pause()

    async def until(self, condition: Callable[[], object], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline
            await self.pilot.pause(0.005)

    async def receive(self, messages: list[Message]) -> None:
        """Keep and tell, as the session does it: a pile at a time."""
        for first in range(0, len(messages), PILED_UP):
            kept = self.archive.keep_all(messages[first : first + PILED_UP])
            self.engine.emit(*(ev.MessageKept(message) for message, _ in kept))
            await asyncio.sleep(0.002)


@pytest.fixture
def archive(million: Path, tmp_path: Path) -> Iterator[KeptArchive]:
    with million.open("rb") as source, (tmp_path / "archive.db").open("wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 24)
        # Else the first checkpoint would wait for all of it to reach the disk.
        os.fsync(copy)
    with closing(Database(tmp_path / "archive.db")) as database:
        yield KeptArchive(database)


@asynccontextmanager
async def running(archive: KeptArchive, scale: Scale, *events: ev.Event) -> AsyncIterator[Scene]:
    engine = FakeEngine(cast(FakeArchive, archive), account=False)
    engine.emit(*_account())
    engine.emit(ev.RosterReplaced(filled.ME, tuple(filled.contact(number) for number in range(PEOPLE))))
    engine.emit(*(ev.ChatChanged(chat) for chat in archive.chats()), *events)
    app = ChatApp(
        engine,
        archive,
        Settings(),
        config_folder=None,
        config=cast(Any, None),
        driver_class=DrawingDriver,
    )
    async with app.run_test(headless=False, size=(160, 45)) as pilot:
        # As the program does it at its first paint.
        collector.settle()
        scene = Scene(app, engine, archive, pilot, scale.stall)
        yield scene
    assert not scene.stalled


def _account() -> list[ev.Event]:
    from tui_xmpp.core.account import Account, Connection
    from tui_xmpp.core.contact import OwnPresence

    return [
        ev.AccountAdded(Account(filled.ME)),
        ev.ConnectionChanged(filled.ME, Connection.ONLINE, full_address=filled.ME.with_resource("t")),
        ev.OwnPresenceChanged(filled.ME, OwnPresence()),
    ]


# --- the roster -----------------------------------------------------------------------------------


async def test_a_large_roster_scrolls_and_filters(archive: KeptArchive, scale: Scale) -> None:
    async with running(archive, scale) as scene:
        rows = scene.app.main.list_pane.rows
        assert len(rows.keys) > PEOPLE
        async with scene.timed("the list of 5,000 scrolled from end to end by pages"):
            for _ in range(len(rows.keys) // 40 + 1):
                rows.move(40)
                await scene.pilot.pause()
            assert rows.cursor == len(rows.keys) - 1
        await scene.pilot.press("alt+b", "slash")
        async with scene.timed("the list of 5,000 filtered as one types"):
            for key in ("a", "v", "a", "space", "0", "0", "1", *["backspace"] * 7):
                await scene.pilot.press(key)


async def test_the_roster_and_everybody_s_presence_arrive(archive: KeptArchive, scale: Scale) -> None:
    async with running(archive, scale) as scene:
        # Half of them are known, in another order.
        people = tuple(filled.contact(number) for number in range(PEOPLE * 3 // 2, PEOPLE // 2, -1))
        async with scene.timed("5,000 contacts arriving at once"):
            scene.engine.emit(ev.RosterReplaced(filled.ME, people))
        async with scene.timed("5,000 presences arriving one by one"):
            for number, one in enumerate(people):
                show = Show.AWAY if number % 3 else Show.AVAILABLE
                scene.engine.emit(ev.PresenceChanged(filled.ME, one.address, Presence("phone", show)))
                if number % 50 == 49:
                    await asyncio.sleep(0)


# --- a chat ---------------------------------------------------------------------------------------


async def test_a_long_chat_scrolls(archive: KeptArchive, scale: Scale) -> None:
    async with running(archive, scale) as scene:
        log = scene.app.main.transcript
        await scene.until(lambda: scene.app.main.chat == CHAT)
        async with scene.timed("a chat of 100,000 scrolled back by 300 pages"):
            for _ in range(300):
                log.scroll_pages(-1)
                await scene.pilot.pause()
        newest = scene.archive.page(CHAT, limit=1).messages[0].place
        oldest = Place(newest.at - filled.STEP * (EACH - 1), 0)
        async with scene.timed("a jump over 100,000 messages to the first, and 300 pages forward"):
            await scene.app.main.enter(CHAT, at=oldest)
            await scene.settle()
            assert log.messages()[0].id == "m0"
            for _ in range(300):
                log.scroll_pages(1)
                await scene.pilot.pause()
        async with scene.timed("a jump to the end"):
            log.jump_end()
        assert log.messages()[-1].id == f"m{EACH - 1}"


async def test_a_long_chat_scrolls_from_end_to_end(archive: KeptArchive, scale: Scale) -> None:
    async with running(archive, scale) as scene:
        log = scene.app.main.transcript
        await scene.until(lambda: scene.app.main.chat == CHAT)
        async with scene.timed("a chat of 100,000 scrolled from the end to the beginning"):
            deadline = time.monotonic() + 300
            while log.messages()[0].id != "m0":
                log.jump_start()
                await scene.pilot.pause()
                assert time.monotonic() < deadline, log.messages()[0].id


async def test_messages_arrive_in_a_long_chat(archive: KeptArchive, scale: Scale) -> None:
    async with running(archive, scale) as scene:
        log = scene.app.main.transcript
        await scene.until(lambda: scene.app.main.chat == CHAT)
        async with scene.timed("1,000 messages received at the end"):
            await scene.receive(arriving(0))
        assert log.messages()[-1].id == f"new{ARRIVING - 1}"
        log.scroll_pages(-5)
        await scene.settle()
        above = [message.id for message in log.visible_messages()]
        async with scene.timed("1,000 messages received while scrolled"):
            await scene.receive(arriving(1))
        assert [message.id for message in log.visible_messages()] == above
        other = ChatKey(filled.ME, filled.contact(CHATS - 1).address)
        async with scene.timed("1,000 messages received in another chat"):
            await scene.receive([replace(one, chat=other) for one in arriving(2)])


def arriving(round_: int) -> list[Message]:
    began = filled.NEWEST + timedelta(hours=round_ + 1)
    return [
        replace(
            message,
            at=began + timedelta(seconds=number),
            id=f"new{round_ * ARRIVING + number}",
            archive_id=f"anew{round_ * ARRIVING + number}",
            origin_id="",
        )
        for number, message in enumerate(filled.messages(CHAT, ARRIVING))
    ]


# --- a room ---------------------------------------------------------------------------------------


async def test_a_large_room(archive: KeptArchive, scale: Scale) -> None:
    everybody = tuple(filled.occupant(number) for number in range(OCCUPANTS))
    async with running(archive, scale) as scene:
        scene.engine.emit(ev.RoomChanged(ROOM, RoomState.JOINING, nick="alice", name="Garden"))
        scene.engine.open(ROOM)
        await scene.app.main.enter(ROOM)
        members = scene.app.main.members
        async with scene.timed("2,000 occupants arriving at once"):
            scene.engine.emit(ev.OccupantsArrived(ROOM, everybody))
            scene.engine.emit(ev.RoomChanged(ROOM, RoomState.JOINED))
            await scene.until(lambda: len(members.keys) == OCCUPANTS)
        async with scene.timed("the members of a room of 2,000 scrolled"):
            for _ in range(OCCUPANTS // 40):
                members.scroll_page_down(animate=False)
                await scene.pilot.pause()
        async with scene.timed("1,000 messages received in a room of 2,000"):
            await scene.receive([filled.room_message(ROOM, number) for number in range(ARRIVING)])
        async with scene.timed("2,000 occupants leaving one by one"):
            for number, one in enumerate(everybody):
                scene.engine.emit(ev.OccupantLeft(ROOM, one.nick))
                if number % 20 == 19:
                    await asyncio.sleep(0)
            await scene.until(lambda: not members.keys)
        async with scene.timed("2,000 occupants joining one by one"):
            for number, one in enumerate(everybody):
                scene.engine.emit(ev.OccupantChanged(ROOM, one, joined=True))
                if number % 20 == 19:
                    await asyncio.sleep(0)
            await scene.until(lambda: len(members.keys) == OCCUPANTS)
