"""The screen over a fake engine, as a program that is told over a socket what shall happen, and says when
it has drawn that."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from typing import Any

os.environ["TEXTUAL_ANIMATIONS"] = "none"

from textual import events
from textual.pilot import Pilot

from tests.bench.stalls import Stalls
from tests.fakes.engine import NOON, FakeEngine
from tests.ui.driving import FakeConfig
from tests.ui.world import AVA, BRAM, DEV, peopled
from tui_xmpp.core.settings import Settings, Ui
from tui_xmpp.core.terminal import AUTO
from tui_xmpp.ui.app import ChatApp
from tui_xmpp.ui.bridge import Batch
from tui_xmpp.ui.terminal.driver import ChatDriver
from tui_xmpp.ui.terminal.handing import handed_over

CHATS = {"ava": AVA, "bram": BRAM, "dev": DEV}
HEARD = "f12"
"""The key after which everything typed before it has been heard."""


class Steered(ChatApp):
    """The app, and what it may be told to do."""

    def __init__(self, engine: FakeEngine, control: socket.socket, profile: str) -> None:
        super().__init__(
            engine,
            engine.archive,
            Settings(ui=Ui(theme="quiet-dark", terminal=profile)),
            config_folder=None,
            config=FakeConfig(),
            today=lambda: NOON.date(),
        )
        if profile != AUTO:
            # What is measured is shown, and it is not the same twice.
            self.terminal.look = lambda: None
        self.fake = engine
        self._control = control
        self._heard = asyncio.Semaphore(0)
        self._sized = asyncio.Event()
        self._pasted = asyncio.Event()
        self._rain: asyncio.Task[None] | None = None
        self._rained = 0
        self._stalls = Stalls()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and event.key == HEARD:
            self._heard.release()
            return
        await super().on_event(event)
        if isinstance(event, events.Paste):
            self._pasted.set()
        if isinstance(event, events.Resize):
            self._sized.set()

    async def steer(self, pilot: Pilot[Any]) -> None:
        """Do what comes over the socket, one line each, until that ends."""
        reader, writer = await asyncio.open_connection(sock=self._control)
        while line := await reader.readline():
            order = json.loads(line)
            answer = await getattr(self, f"do_{order.pop('do')}")(pilot, **order)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def do_receive(self, pilot: Pilot[Any], chat: str, body: str, **fields: Any) -> None:
        """Let a message come."""
        key = CHATS[chat]
        if nick := fields.pop("nick", ""):
            fields["sender"] = key.address.with_resource(nick)
        self.fake.receive(key, body, **fields)

    async def do_wear(self, pilot: Pilot[Any], theme: str) -> None:
        """Change the colours."""
        self.use_theme(theme, keep=False)

    async def do_hear(self, pilot: Pilot[Any]) -> None:
        """Wait until the last key of all was dealt with."""
        await self._heard.acquire()

    async def do_rest(self, pilot: Pilot[Any]) -> None:
        """Wait until something was pasted, and nothing more has come for the moment that belongs to it."""
        await self._pasted.wait()
        self._pasted.clear()
        driver = self._driver
        while isinstance(driver, ChatDriver) and driver._keys._replies._pasted:
            await pilot.pause(0.01)

    async def do_size(self, pilot: Pilot[Any], columns: int, rows: int) -> None:
        """Wait until the screen has this size."""
        while self.size != (columns, rows):
            self._sized.clear()
            await self._sized.wait()

    async def do_draw(self, pilot: Pilot[Any], mark: int) -> None:
        """Draw all that happened, and then say the mark to the terminal."""
        for _ in range(2):
            done = asyncio.Event()
            await asyncio.sleep(0)
            self.post_message(Batch(()))
            self.call_later(done.set)
            await done.wait()
            await pilot.pause(0)
        sequence = mark_of(mark)
        driver = self._driver
        if isinstance(driver, ChatDriver):
            loop = asyncio.get_running_loop()
            said = asyncio.Event()

            def say() -> None:
                if driver._waits():
                    loop.call_later(0.005, say)
                else:
                    driver.say(sequence)
                    said.set()

            say()
            await said.wait()
        elif driver is not None:
            driver.write(sequence)
            driver.flush()

    async def do_rain(self, pilot: Pilot[Any], a_second: float) -> None:
        """Let messages come into the open chat from now on, so many a second, and watch the event loop."""
        await self._stalls.__aenter__()
        self._rain = asyncio.create_task(self._pour(1 / a_second))

    async def _pour(self, pause: float) -> None:
        while True:
            self._rained += 1
            self.fake.receive(AVA, f"drop {self._rained} falls")
            await asyncio.sleep(pause)

    async def do_suspend(self, pilot: Pilot[Any], times: int) -> None:
        """Hand the terminal over and take it back at once, so many times."""
        for _ in range(times):
            with handed_over(self):
                await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def do_dry(self, pilot: Pilot[Any]) -> dict[str, float]:
        """Stop that; tells the longest stall in milliseconds, and how many came."""
        assert self._rain is not None
        self._rain.cancel()
        await self._stalls.__aexit__(None, None, None)
        return {"longest": self._stalls.longest, "rained": self._rained}

    async def do_cpu(self, pilot: Pilot[Any]) -> float:
        """Seconds of processor time so far."""
        times = os.times()
        return times.user + times.system


def mark_of(number: int) -> str:
    """A sequence that no terminal does anything for."""
    return f"\x1b]7777;{number}\x07"


def main() -> None:
    """Run until Ctrl+Q; the arguments are the socket's descriptor and the terminal profile."""
    engine = peopled()
    app = Steered(engine, socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
    sys.exit(app.run(auto_pilot=app.steer))


if __name__ == "__main__":
    main()
