"""The program on the screen: `ChatApp` puts engine, archive and screens together."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from textual import events
from textual.driver import Driver
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget

from tui_xmpp.core.commands import Refused, SetClientState
from tui_xmpp.core.ports import ArchiveReader, Configuration, Engine, Ledger, StorageError
from tui_xmpp.core.settings import Settings
from tui_xmpp.ui import themes
from tui_xmpp.ui.bridge import Batch, Bridge
from tui_xmpp.ui.guarded import GuardedApp
from tui_xmpp.ui.keymap import Keymap
from tui_xmpp.ui.reloading import Reloading
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.screens.main import MainScreen
from tui_xmpp.ui.terminal.cursor import SELECTING, cursor_place
from tui_xmpp.ui.terminal.frame_lines import frame_lines
from tui_xmpp.ui.terminal.kept_frame import KeptFrame, Shown
from tui_xmpp.ui.terminal.port import terminal_of
from tui_xmpp.ui.terminal_use import TerminalUse

PATIENCE = 0.3
"""Seconds that a key waits at most for the keys before it."""
FILE_CHECK = 2.0
"""Seconds between two looks at the configuration and the theme files."""
FRAME_CHECK = 60.0
"""Seconds between two looks at what the next start shows first."""
LAST_WORDS = 3.0
"""Seconds the end of the program waits for a draft to reach the disk."""


class ChatApp(GuardedApp[int]):
    """One engine, one archive, one screen. `run()` returns the exit code, or None after Ctrl+Q."""

    def __init__(
        self,
        engine: Engine,
        archive: ArchiveReader,
        settings: Settings,
        *,
        config_folder: Path | None,
        config: Configuration,
        ledger: Ledger | None = None,
        driver_class: type[Driver] | None = None,
        kept: KeptFrame | None = None,
        shown: Shown | None = None,
        terminal: str = "",
        stock_driver: bool = False,
        today: Callable[[], date] = lambda: datetime.now().astimezone().date(),
    ) -> None:
        super().__init__(driver_class=driver_class, stock_driver=stock_driver)
        self._today = today
        self.offline = False
        """Left so that nobody sees us any more."""
        self._kept = kept
        self.shown = shown
        """The last session's frame, if that is on the terminal until the first of ours."""
        self.engine = engine
        self.archive = archive
        self.settings = settings
        self.config = config
        self.config_folder = config_folder
        self.keymap_table = Keymap(settings.keys)
        self._bridge_task: asyncio.Task[None] | None = None
        self.themes = themes.Themes()
        self.terminal = TerminalUse(self, terminal)
        self.load_themes()
        wanted = settings.ui.theme or self.terminal.default_theme()
        self.theme_name = wanted if wanted in self.themes else "quiet-dark"
        self._wear()
        self._reloading = Reloading(self)
        self.main = MainScreen(engine, archive, settings, self.keymap_table, self.look, config_folder)
        self.main.ledger = ledger
        self.main.profile = self.terminal.choice.profile

    # --- start and end --------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        """No other screen is made and laid out before it."""
        return self.main

    async def on_mount(self) -> None:
        """First what is remembered, or the sign-in; the engine's events come after."""
        terminal = terminal_of(self)
        self.set_class(terminal is not None, "-real-cursor")
        if terminal is not None:
            terminal.capabilities.on_background = self._reloading.follow_ground
            # It may have told it already.
            self.call_later(self._reloading.follow_ground)
        bridge = Bridge(self.engine, self.post_message)
        self._bridge_task = asyncio.create_task(bridge.run(), name="bridge")
        if not self.engine.world.accounts:
            await self.sign_in()
        for error in (*self.keymap_table.errors, *self.themes.errors):
            self.main.say(error)
        self.set_interval(FILE_CHECK, self._watch)
        self.set_interval(FRAME_CHECK, self._keep_frame)
        self.terminal.begin()

    async def sign_in(self) -> None:
        """Ask for an account."""
        from tui_xmpp.ui.screens.sign_in import SignInScreen
        from tui_xmpp.ui.screens.spoken_sign_in import SpokenSignIn

        kind = SpokenSignIn if self.look.linear else SignInScreen
        await self.push_screen(kind(self.engine, self.look, first=not self.engine.world.accounts))

    async def leave(self, *, offline: bool = False) -> None:
        """Keep the draft, and end; the caller closes the engine, by `offline` so that we are seen no more."""
        self.offline = offline
        await self.main.writing.leave()
        await self.main.works.flush()
        self._keep_frame()
        self.exit(0)

    def _keep_frame(self) -> None:
        """Let the next start show at once what is on the screen now."""
        if self._kept is None:
            return
        if not self.engine.world.accounts or self.main.profile.linear:
            self._kept.forget()
        elif (lines := frame_lines(self.main)) is not None:
            self._kept.keep(*self.main.size, lines)

    async def on_unmount(self) -> None:
        """Keep the draft, however the program ends, and stop listening."""
        command = self.main.writing.unkept()
        if command is not None:
            with suppress(Refused, StorageError, TimeoutError):
                await asyncio.wait_for(self.engine.do(command), LAST_WORDS)
        if self._bridge_task is not None:
            self._bridge_task.cancel()

    def action_help_quit(self) -> None:
        """Ctrl+C is the way out elsewhere: say which key it is here."""
        self.main.say(f"{self.keymap_table.keys_of('quit')} leaves.")

    # --- events ---------------------------------------------------------------------------------------

    async def on_batch(self, batch: Batch) -> None:
        """Show what happened."""
        if self.main.is_mounted:
            await self.main.take(batch.events)
        screen = self.screen
        if screen is not self.main and hasattr(screen, "take"):
            await screen.take(batch.events)

    async def on_event(self, event: events.Event) -> None:
        """Keys go to the keymap of the screen before any widget sees them."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        # Keys that arrive in one burst mean what they would mean one by one: a key that may move the focus
        # waits for the text before it, and what comes after waits for what it does.
        if not self.main.opened.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.main.opened.wait(), PATIENCE)
        if not event.is_printable:
            await self._settle()
        screen = self.screen
        press = getattr(screen, "press", None)
        if press is not None:
            self.app_focus = True
        if press is None or not await press(event):
            await super().on_event(event)
        if not event.is_printable:
            await self._settle()
            await self.main.works.settle()

    async def _settle(self) -> None:
        """Wait until the focused widget, and what is around it, has dealt with every key so far."""
        node: MessagePump | None = self.focused
        while isinstance(node, Widget):
            done = asyncio.Event()
            if node.is_running and node.call_later(done.set):
                with suppress(TimeoutError):
                    await asyncio.wait_for(done.wait(), PATIENCE)
            node = node._parent

    async def on_app_focus(self) -> None:
        """Somebody looks again: what is in view is read."""
        await self.main.read()
        self.main.works.later(SetClientState(active=True))

    async def on_app_blur(self) -> None:
        """Nobody looks: what only passes by need not come."""
        self.main.works.later(SetClientState(active=False))

    # --- themes ---------------------------------------------------------------------------------------

    def load_themes(self) -> None:
        """Read the shipped themes and the user's."""
        self.themes = themes.load_themes(self.config_folder / "themes" if self.config_folder else None)

    def _wear(self) -> None:
        self.register_theme(themes.to_textual(self.themes[self.theme_name]))
        self.theme = self.theme_name
        self.look = self._look()

    def _look(self) -> Look:
        ui = self.settings.ui
        return Look(
            self.themes[self.theme_name],
            ascii=ui.ascii,
            time=ui.time,
            text_width=ui.text_width,
            today=self._today(),
            linear=self.terminal.choice.profile.linear,
        )

    def use_theme(self, name: str, *, keep: bool = True) -> None:
        """Change the colours now; *keep*: also at the next start."""
        if name not in self.themes:
            return
        self.theme_name = name
        self._wear()
        self.main.wear(self.look)
        if keep:
            self.keep("theme", name)

    def keep(self, key: str, value: str, table: str = "ui") -> None:
        """Write a value of this table to the configuration."""
        self._reloading.keep(key, value, table)

    def reload(self) -> bool:
        """Read configuration and themes again; False: something in them is not right, which is told."""
        return self._reloading.read()

    def _watch(self) -> None:
        """Read changed files; a new day changes what is called today."""
        if not self._reloading.look() and self.look.today != self._today():
            self.look = self._look()
            self.main.wear(self.look)

    # --- the cursor -----------------------------------------------------------------------------------

    def post_display_hook(self) -> None:
        """After every frame the real cursor stands where one writes or selects: readers follow it."""
        terminal = terminal_of(self)
        if terminal is None:
            return
        cell = self.main.cursor_cell if self.screen is self.main else None
        if cell is not None:
            # A screen reader that listens to what is sent reads out the shape.
            terminal.cursor((cell.x, cell.y), 0 if self.look.linear else SELECTING)
        else:
            terminal.cursor(cursor_place(self.focused))

    # --- the clipboard --------------------------------------------------------------------------------

    def copy_to_clipboard(self, text: str) -> None:
        """Also through screen, and never to a terminal that would print it."""
        from tui_xmpp.ui.terminal.clipboard import for_clipboard
        from tui_xmpp.ui.terminal.saying import say

        self._clipboard = text
        say(self, for_clipboard(text, os.environ).sequence)
