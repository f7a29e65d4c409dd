"""The screen before the first: the passphrase of the vault, until it fits."""

from __future__ import annotations

import textwrap
from collections.abc import Awaitable, Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Input, Label

from tui_xmpp.core.ports import VaultError
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.screens.spoken_sign_in import Said
from tui_xmpp.ui.widgets.line import Line

Unlock = Callable[[str], Awaitable[None]]
"""Opens the vault for a passphrase; raises `VaultError` with a sentence when it does not fit."""
TITLE = "Unlock the vault"
OPENING = "opening the vault"
CSS = """
UnlockScreen {
    background: $background;
    & #form { width: 100%; max-width: 76; height: auto; padding: 1 2; }
    & .row { height: 1; }
    & Label { width: 12; color: $dim; }
    & Said { height: 1fr; background: $background; color: $foreground; }
    & Input {
        width: 1fr; height: 1; border: none; padding: 0; background: $background; color: $foreground;
        &:focus { border: none; background-tint: $background 0%; }
    }
    & #form Input:focus { text-style: underline; }
}
"""
"""Rules for the app: those of a screen that nobody pushed are not read."""


class UnlockScreen(Screen[None]):
    """Asks for the passphrase; the app ends with True once the vault is open."""

    AUTO_FOCUS = "#passphrase"
    BINDINGS: ClassVar = []

    def __init__(self, unlock: Unlock, look: Look, *, may_skip: bool) -> None:
        """*may_skip*: the program is of use without the vault."""
        super().__init__()
        self._unlock = unlock
        self.look = look
        self.may_skip = may_skip
        self._busy = False
        self._words = [Line() for _ in range(4)]
        self.field = Input(password=True, id="passphrase", compact=True, select_on_focus=False)
        self.field.cursor_blink = False

    def compose(self) -> ComposeResult:
        """A title, the field, what the keys do, and what came of it."""
        title, keys = Line(), Line(id="keys")
        title.show(lambda width: Text(TITLE, style=self.look.style("accent")))
        keys.show(lambda width: Text(f"Enter opens it   {self.ways_out()}", style=self.look.style("dim")))
        with Vertical(id="form"):
            yield title
            yield Line()
            with Horizontal(classes="row"):
                yield Label("Passphrase", markup=False)
                yield self.field
            yield Line()
            yield keys
            yield Line()
            yield from self._words

    def ways_out(self) -> str:
        """What to press for going on without it, and for leaving."""
        return f"{'Esc goes on without it   ' if self.may_skip else ''}Ctrl+Q leaves"

    def say(self, sentence: str, token: str = "text") -> None:
        """Show what happens in place of what happened before; *token*: of the theme."""
        style = self.look.style(token)
        lines = textwrap.wrap(clean_line(sentence), max(20, min(72, self.size.width - 4)))
        for at, line in enumerate(self._words):
            text = Text(lines[at] if at < len(lines) else "", style=style)
            line.show(lambda width, text=text: text)  # type: ignore[misc]

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Try it. What was typed is gone from the screen either way."""
        event.stop()
        passphrase, self.field.value = self.field.value, ""
        if self._busy or not passphrase:
            return
        self._busy = True
        # A worker: keys go on while a thread makes the key of the passphrase.
        self.run_worker(self._try(passphrase), exit_on_error=True)

    async def _try(self, passphrase: str) -> None:
        self.say(OPENING)
        try:
            await self._unlock(passphrase)
        except VaultError as error:
            self.say(str(error), "error")
        else:
            self.app.exit(True)
        finally:
            self._busy = False


class SpokenUnlock(UnlockScreen):
    """For a screen reader: one question on the last line, and what was said stands above it."""

    def __init__(self, unlock: Unlock, look: Look, *, may_skip: bool) -> None:
        super().__init__(unlock, look, may_skip=may_skip)
        self._said = Said()

    def compose(self) -> ComposeResult:
        """What was said, and the line to write on."""
        yield self._said
        yield self.field

    def on_mount(self) -> None:
        """Say what is wanted, and what the keys do."""
        ways = ", ".join(self.ways_out().split("   "))
        self._said.say(f"{TITLE}. Enter answers, {ways}.")
        self._said.say("Passphrase:")

    def say(self, sentence: str, token: str = "text") -> None:
        """Add a line; after a failure the question comes again."""
        self._said.say(clean_line(sentence))
        if token == "error":
            self._said.say("Passphrase:")
