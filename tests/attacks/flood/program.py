"""The real program in a process of its own, typed into while it is flooded, and its event loop watched.

`python -m tests.attacks.flood.program FOLDER` reads an order a line from stdin and answers in JSON on stdout.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot

from tests.bench.stalls import DrawingDriver, Stalls
from tests.link.driver import FolderVault
from tui_xmpp import collector, parts
from tui_xmpp.cli.parser import Options
from tui_xmpp.core.account import Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import JoinRoom
from tui_xmpp.core.room import RoomState
from tui_xmpp.core.world import World
from tui_xmpp.lazy_engine import LazyEngine
from tui_xmpp.storage.opening import Storage
from tui_xmpp.ui.app import ChatApp

TYPED = "abcdefghijklmnopqrstuvwxyz"
PACE = 0.05
"""Seconds between two keys, of somebody in a hurry."""
PATIENCE = 80.0
"""Seconds; nothing here takes a quarter of it."""


class Typist:
    """Presses a key every now and then, and looks when it stands there."""

    def __init__(self, app: ChatApp) -> None:
        self._app = app
        self.typed = ""
        self.slowest = 0.0
        """Seconds between a key and its letter in the composer, at most."""
        self._task = asyncio.create_task(self._type())

    async def _type(self) -> None:
        while True:
            letter = TYPED[len(self.typed) % len(TYPED)]
            self.typed += letter
            pressed = time.monotonic()
            self._app.post_message(events.Key(letter, letter))
            while self._app.main.composer.text != self.typed:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
            self.slowest = max(self.slowest, time.monotonic() - pressed)
            await asyncio.sleep(PACE)

    async def rest(self) -> None:
        """Press no more."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


def tell(what: str, **figures: Any) -> None:
    """Answer: past the screen, which takes what is printed for itself."""
    assert sys.__stdout__ is not None
    sys.__stdout__.write(json.dumps({"told": what, **figures}) + "\n")
    sys.__stdout__.flush()


def memory() -> int:
    """KiB that the process has in memory now (proc(5))."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


async def until(condition: Callable[[], object], pilot: Pilot[int]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await pilot.pause(0.01)


def arrived(what: str, world: World, own: Address) -> bool:
    """Whether the last of what was sent is there: a text, a presence, or all who are in a room."""
    kind, _, rest = what.partition(" ")
    if kind == "message":
        address, _, text = rest.partition(" ")
        chat = world.chats.get(ChatKey(own, Address.parse(address)))
        return chat is not None and chat.last_text == text
    if kind == "presence":
        found = world.presences.get((own, Address.parse(rest).bare), {})
        return Address.parse(rest).resource in found
    address, _, count = rest.partition(" ")
    room = world.rooms.get(ChatKey(own, Address.parse(address)))
    return room is not None and room.state is RoomState.JOINED and len(room.occupants) == int(count)


async def watched(app: ChatApp, pilot: Pilot[int], engine: LazyEngine, own: Address, order: Any) -> Any:
    """Type until what the order waits for has come and is drawn; returns the figures."""
    await pilot.pause(0.2)
    before = memory()
    async with Stalls() as stalls:
        typist = Typist(app)
        if order.get("join"):
            await engine.do(JoinRoom(own, Address.parse(order["join"]), "anna"))
        tell("typing")
        began = time.monotonic()
        await until(lambda: arrived(order["until"], engine.world, own), pilot)
        seconds = time.monotonic() - began
        # What waits for its frame is drawn, and keys come all the while.
        await pilot.pause(1.0)
        await typist.rest()
    return {
        "seconds": seconds,
        "wall_ms": stalls.longest,
        "cpu_ms": stalls.busiest,
        "slowest_key_ms": typist.slowest * 1000,
        "typed": typist.typed,
        "composer": app.main.composer.text,
        "memory_kib": memory() - before,
        "newest": app.main.transcript.messages()[-1].body if app.main.transcript.messages() else "",
    }


async def live(storage: Storage, settings: Any, engine: LazyEngine) -> None:
    own = settings.accounts[0].address
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)

    class Painted(ChatApp):
        def on_ready(self) -> None:
            collector.settle()
            engine.start()

    app = Painted(
        engine,
        storage.archive,
        settings,
        config_folder=None,
        config=storage.configuration,
        ledger=storage.ledger,
        driver_class=DrawingDriver,
    )
    try:
        async with app.run_test(headless=False, size=(120, 40)) as pilot:
            await until(lambda: engine.world.accounts[own].connection is Connection.ONLINE, pilot)
            while line := await orders.readline():
                order = json.loads(line)
                if order["do"] == "enter":
                    await app.main.enter(ChatKey(own, Address.parse(order["chat"])))
                    await until(lambda: app.main.chat is not None, pilot)
                    tell("entered")
                else:
                    tell("figures", **await watched(app, pilot, engine, own, order))
    finally:
        await engine.close()


def main() -> None:
    """As `assemble` opens the screen, over a driver that shows nothing."""
    folder = Path(sys.argv[1])
    collector.pause()
    paths = parts.find_paths(Options(config=folder / "config", data=folder / "data"))
    with parts.opened_storage(paths) as storage:
        settings = parts.chosen_settings(storage, "")
        world = parts.remembered_world(storage, settings)
        vault = FolderVault(folder)

        def load() -> Any:
            made = parts.session_maker(storage, settings, world, vault)
            collector.settle()
            return made

        asyncio.run(live(storage, settings, LazyEngine(world, load)))


if __name__ == "__main__":
    main()
