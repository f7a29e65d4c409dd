"""What the tests of the screen share: an app over fakes, and a way to read what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.driver import Driver
from textual.pilot import Pilot

from tests.fakes.engine import NOON, FakeEngine
from tui_xmpp.core.ports import Configuration
from tui_xmpp.core.settings import Settings, Ui
from tui_xmpp.ui.app import ChatApp
from tui_xmpp.ui.bridge import Batch


class FakeConfig:
    """Remembers what was changed."""

    def __init__(self) -> None:
        self.ui: dict[str, Any] = {}
        self.link: dict[str, Any] = {}

    def load(self) -> Settings:
        return Settings()

    def add_account(self, account: object) -> Settings:
        return Settings()

    def set_value(self, table: str, key: str, value: str | bool | int) -> Settings:
        (self.ui if table == "ui" else self.link)[key] = value
        return Settings()


class Driven:
    """The app, its engine, and the text of its screen."""

    def __init__(self, app: ChatApp, engine: FakeEngine, pilot: Pilot[Any]) -> None:
        self.app, self.engine, self.pilot = app, engine, pilot
        self.main = app.main

    @property
    def composer(self) -> str:
        return self.main.composer.text

    @property
    def lines(self) -> list[str]:
        """The rows of the screen as a reader sees them."""
        width, _ = self.app.size
        update = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip)[:width].rstrip() for strip in update]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        names = {" ": "space", "/": "slash", ":": "colon", "@": "at", ".": "full_stop", "\n": "alt+enter"}
        await self.press(*(names.get(letter, letter) for letter in text))

    async def settle(self) -> None:
        """Wait until what the engine said so far has been drawn."""
        done = asyncio.Event()
        await asyncio.sleep(0)
        self.app.post_message(Batch(()))
        self.app.call_later(done.set)
        await asyncio.wait_for(done.wait(), 5)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait for something to be so."""
        deadline = asyncio.get_running_loop().time() + 5
        while not condition():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"{what or 'it'} did not happen; the screen shows:\n{self.text}")
            await self.pilot.pause(0.02)

    async def shows(self, text: str) -> None:
        await self.until(lambda: text in self.text, f"{text!r} on the screen")

    async def hides(self, text: str) -> None:
        await self.until(lambda: text not in self.text, f"{text!r} going away")


@asynccontextmanager
async def driven(
    engine: FakeEngine | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    settings: Settings | None = None,
    config: Path | None = None,
    configuration: Configuration | None = None,
    terminal: str = "",
    driver: type[Driver] | None = None,
) -> AsyncIterator[Driven]:
    engine = engine or FakeEngine()
    settings = settings or Settings(ui=Ui(theme="quiet-dark"))
    app = ChatApp(
        engine,
        engine.archive,
        settings,
        config_folder=config,
        config=configuration or FakeConfig(),
        today=lambda: NOON.date(),
        terminal=terminal,
        driver_class=driver,
    )
    async with app.run_test(size=size, headless=driver is None) as pilot:
        one = Driven(app, engine, pilot)
        await one.settle()
        yield one
