"""Takes the pictures in `screenshots/`: real screens of the demo, on its private server, with its company."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tests.fakes.engine import FakeEngine
from tui_xmpp import parts
from tui_xmpp.cli import demo_cast as cast
from tui_xmpp.cli.demo import Stage, demo
from tui_xmpp.cli.exit_codes import ExitCode
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Delivery, Message
from tui_xmpp.core.ports import Engine
from tui_xmpp.core.settings import Settings, Ui
from tui_xmpp.storage.opening import Storage, open_storage
from tui_xmpp.storage.paths import locate
from tui_xmpp.ui.app import ChatApp

FOLDER = Path(__file__).parent.parent / "screenshots"
SIZES = ((80, 24), (120, 40))
WIDE = (160, 45)
PATIENCE = 60.0
"""Seconds anything waited for may take."""
ME = Address.parse(cast.address(cast.USER))
GARDEN = ChatKey(ME, Address.parse(cast.ROOM_ADDRESS))


def friend(user: str) -> ChatKey:
    return ChatKey(ME, Address.parse(cast.address(user)))


async def until(condition: Callable[[], object], what: Callable[[], str]) -> None:
    """Wait for something to be so; a TimeoutError says what was there instead."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what())
        await asyncio.sleep(0.02)


CELL = 12.2
"""Width of a cell in Textual's pictures."""
TEXT = re.compile(
    r'(<text class="[^"]*-r\d+" x=")([\d.]+)(" y="[\d.]+" textLength=")([\d.]+)("[^>]*>)'
    r"((?:&#160;)*)(.*?)((?:&#160;)*)</text>"
)


def trimmed(text: re.Match[str]) -> str:
    """A piece of text without the spaces around it, for which some programs leave no room."""
    head, x, middle, length, end, before, words, after = text.groups()
    if not words:
        return ""
    left, right = (CELL * len(spaces) / len("&#160;") for spaces in (before, after))
    return f"{head}{float(x) + left:.1f}{middle}{float(length) - left - right:.1f}{end}{words}</text>"


@dataclass
class Camera:
    """One running program of one size."""

    app: ChatApp
    pilot: Pilot[Any]

    @property
    def text(self) -> str:
        """The screen as a reader sees it."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async def see(self, *words: str) -> None:
        """Wait until all of this is on the screen."""
        await until(
            lambda: all(word in self.text for word in words),
            lambda: f"{words} not shown:\n{self.text}",
        )
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.pilot.press(*("space" if letter == " " else letter for letter in text))

    def take(self, name: str) -> None:
        """Save the screen as a picture that needs nothing from the network."""
        width, height = self.app.size
        svg = re.sub(r"@font-face \{.*?\}\s*", "", self.app.export_screenshot(), flags=re.DOTALL)
        FOLDER.mkdir(exist_ok=True)
        path = FOLDER / f"{name}-{width}x{height}.svg"
        path.write_text(TEXT.sub(trimmed, svg))
        # The program keeps its own files to itself; these are for everybody.
        path.chmod(0o644)
        print(path.relative_to(FOLDER.parent))


@asynccontextmanager
async def camera(
    engine: Engine, storage: Storage, settings: Settings, size: tuple[int, int], terminal: str = ""
) -> AsyncIterator[Camera]:
    """The program on an engine that lives on; keys are its usual ones."""
    app = ChatApp(
        engine,
        storage.archive,
        settings,
        config_folder=storage.paths.config,
        config=storage.configuration,
        terminal=terminal,
    )
    async with app.run_test(size=size) as pilot:
        yield Camera(app, pilot)


# --- what happens before the first picture ---------------------------------------------------------


async def company_there(engine: Engine) -> None:
    """Wait for the server, the contacts, and everybody in the room."""
    world = engine.world

    def told() -> str:
        return f"{world.accounts}\n{world.presences}\n{world.rooms}\n{world.chats}"

    await until(lambda: world.accounts[ME].connection is Connection.ONLINE, told)
    # The stranger stands outside, and the user is one of them.
    everybody = len(cast.CONTACTS) + len(cast.GUESTS)
    await until(lambda: GARDEN in world.rooms and len(world.rooms[GARDEN].occupants) >= everybody, told)
    await until(lambda: friend("ava") in world.chats and friend("bram") in world.chats, told)


async def talk(engine: Engine, storage: Storage) -> None:
    """Write to Ava and in the room, and see it read."""

    def newest(chat: ChatKey) -> Sequence[Message]:
        return storage.archive.page(chat, limit=50).messages

    await until(lambda: len(newest(friend("ava"))) > len(cast.TALK), lambda: f"{newest(friend('ava'))}")
    await engine.do(cmd.OpenChat(friend("ava")))
    await engine.do(cmd.SendMessage(friend("ava"), "Nine forty-two it is, then."))
    await until(
        lambda: any(one.delivery is Delivery.READ and "Nine" in one.body for one in newest(friend("ava"))),
        lambda: f"it was not read: {newest(friend('ava'))}",
    )
    await engine.do(cmd.SendMessage(GARDEN, "I water bed 7 tonight."))


async def unread_from(engine: Engine, storage: Storage, words: str) -> None:
    """Let Ava's chat be unread from one of its messages on."""
    chat = friend("ava")
    found = next(one for one in storage.archive.page(chat, limit=50).messages if words in one.body)
    await engine.do(cmd.MarkUnread(chat, found.row))


# --- the pictures ----------------------------------------------------------------------------------


async def chats(engine: Engine, storage: Storage, settings: Settings, size: tuple[int, int]) -> None:
    """A chat, its security, a selected message, a room, the jump list, a search, the help, and two themes."""
    async with camera(engine, storage, settings, size) as seen:
        await engine.do(cmd.OpenChat(friend("bram")))
        await seen.app.main.enter(friend("farid"))
        seen.app.app_focus = False
        await unread_from(engine, storage, "That one.")
        await seen.app.main.enter(friend("ava"))
        seen.app.main.transcript.jump_end()
        await seen.see("packs the soup", "new", "edited", "🌻")
        typing = ev.TypingChanged(friend("ava"), str(friend("ava").address), ev.ChatState.COMPOSING)
        engine.world.apply(typing)
        seen.app.main.furniture.all()
        await seen.see("Ava is typing")
        seen.take("chat")
        if size == SIZES[-1]:
            for theme in ("quiet-dark", "quiet-light"):
                seen.app.use_theme(theme, keep=False)
                await seen.pilot.pause()
                seen.take(f"theme-{theme}")
            seen.app.use_theme("quiet-dark", keep=False)
        await seen.pilot.press("alt+e")
        await seen.see("Security of Ava", "Your devices", "this device")
        seen.take("security")
        await seen.pilot.press("c")
        await seen.see("copy this code")
        seen.take("compare")
        await seen.pilot.press("escape", "escape")
        await seen.pilot.press("ctrl+up", "k", "k")
        await seen.see("r reply")
        seen.take("selected")
        await seen.pilot.press("escape")
        engine.world.apply(replace(typing, state=ev.ChatState.ACTIVE))
        await seen.app.main.enter(GARDEN)
        await seen.see("I water bed 7 tonight.")
        seen.take("room")
        await seen.pilot.press("ctrl+k")
        await seen.type("a")
        await seen.see("Ava")
        seen.take("jump")
        await seen.pilot.press("escape")
        await seen.app.main.enter(friend("farid"))
        await seen.type("/search Saturday")
        await seen.pilot.press("enter")
        await seen.see("Search everything", "#Community", "compost day")
        seen.take("search")
        await seen.pilot.press("escape", "f1")
        await seen.see("Ctrl+S")
        seen.take("help")


async def with_members(engine: Engine, storage: Storage, settings: Settings) -> None:
    """The room with everybody who is in it."""
    async with camera(engine, storage, settings, WIDE) as seen:
        await seen.app.main.enter(GARDEN)
        await seen.see("I water bed 7 tonight.", "gita", "tove")
        seen.take("room")


async def reader(engine: Engine, storage: Storage, settings: Settings) -> None:
    """A chat and the jump list as a screen reader has them."""
    async with camera(engine, storage, settings, SIZES[0], "reader") as seen:
        await seen.app.main.enter(friend("ava"))
        seen.app.main.transcript.jump_end()
        await seen.see("packs the soup", "me: Nine forty-two it is, then.")
        await seen.pilot.press("alt+s")
        await seen.see("Terminal reader")
        seen.take("reader-chat")
        await seen.pilot.press("ctrl+k")
        await seen.see("1. ")
        seen.take("reader-jump")


async def sign_in(storage: Storage, size: tuple[int, int]) -> None:
    """The first start of all."""
    async with camera(FakeEngine(account=False), storage, Settings(ui=Ui(theme="quiet-dark")), size) as seen:
        await seen.see("assword")
        seen.take("sign-in")


async def everything(storage: Storage, stage: Stage) -> None:
    settings = storage.configuration.load()
    settings = replace(settings, ui=replace(settings.ui, theme="quiet-dark"))
    world = parts.remembered_world(storage, settings)
    make = await asyncio.to_thread(parts.session_maker, storage, settings, world, stage.vault)
    session = make()
    try:
        await session.start()
        await company_there(session)
        await talk(session, storage)
        for size in SIZES:
            await chats(session, storage, settings, size)
            await sign_in(storage, size)
        await with_members(session, storage, settings)
        await reader(session, storage, replace(settings, ui=replace(settings.ui, theme="mono")))
    finally:
        await session.close()


def open_screen(stage: Stage) -> ExitCode:
    """What the demo shows its screen with: ours has no terminal."""
    stage.wait()
    with tempfile.TemporaryDirectory() as runtime:
        storage = open_storage(locate(stage.config, stage.data, {"XDG_RUNTIME_DIR": runtime}))
        try:
            asyncio.run(everything(storage, stage))
        finally:
            storage.close()
    return ExitCode.OK


if __name__ == "__main__":
    demo(open_screen)
