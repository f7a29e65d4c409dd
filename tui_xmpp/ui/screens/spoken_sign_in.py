"""The sign-in for a screen reader: one question after the other, on a line below all that was said."""

from __future__ import annotations

import textwrap
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input

from tui_xmpp.core.ports import Engine
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.screens.sign_in import ADVANCED, FIELDS, SignInScreen

_PASSWORD = 1
"""Its place among the questions."""


class Said(Widget):
    """Lines that stand as they were said: what is new comes below, and the others move up."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._lines: list[str] = []

    def say(self, line: str) -> None:
        """Add a line."""
        self._lines.append(line)
        self.refresh()

    def render(self) -> Text:
        """Return the last lines that fit, the newest at the bottom."""
        width, height = self.size
        rows = [row for line in self._lines for row in textwrap.wrap(line, max(10, width)) or [""]]
        return Text("\n".join([*[""] * (height - len(rows)), *rows[-height:]]))


class SpokenSignIn(SignInScreen):
    """Asks for one thing at a time; after a failure again, where Enter keeps what was said."""

    AUTO_FOCUS = "#answer"
    CSS: ClassVar = """
    SpokenSignIn {
        background: $background;
        & Said { height: 1fr; background: $background; color: $foreground; }
        & Input { height: 1; border: none; padding: 0; background: $background; color: $foreground;
            &:focus { border: none; background-tint: $background 0%; }
        }
    }
    """

    def __init__(self, engine: Engine, look: Look, *, first: bool) -> None:
        super().__init__(engine, look, first=first)
        self._said = Said()
        self._answer = Input(id="answer", compact=True, select_on_focus=False)
        self._answer.cursor_blink = False
        self._answers: dict[str, str] = {}
        self._heard: set[str] = set()
        self._advanced = False
        self._at = 0

    def compose(self) -> ComposeResult:
        """What was said, and the line to write on."""
        yield self._said
        yield self._answer

    def on_mount(self) -> None:
        """Say what the keys do, and ask for the address."""
        leave = "Ctrl+Q leaves" if self.first else "Esc goes back"
        self._said.say(
            f"{'Sign in' if self.first else 'Add an account'}. Enter answers, F2 asks for more, {leave}."
        )
        self._ask(0)

    async def press(self, event: events.Key) -> bool:
        """Enter answers; F2: the advanced questions come too."""
        match event.key:
            case "enter":
                self._take_answer()
            case "f2":
                self._advanced = not self._advanced
                self._said.say(
                    "Host, port, TLS and more are asked too." if self._advanced else "They are not asked."
                )
            case "tab" | "shift+tab" | "up" | "down":
                self._ask(self._at)
            case _:
                return await super().press(event)
        return True

    def typed(self, name: str) -> str:
        """Return what was answered."""
        return self._answers.get(name, "")

    @property
    def _fields(self) -> list[tuple[str, str, str, bool]]:
        return [field for field in FIELDS if self._advanced or field[0] not in ADVANCED]

    def _ask(self, at: int) -> None:
        self._at = at
        name, label, hint, secret = self._fields[at]
        self._answer.value, self._answer.password = "", secret
        if known := self._answers.get(name):
            hint = f"Enter keeps {'the one you typed' if secret else known}"
        self._said.say(f"{label}{', ' if hint else ''}{hint}:")

    def _take_answer(self) -> None:
        name, label, _, secret = self._fields[self._at]
        if self._answer.value:
            self._answers[name] = self._answer.value
            self._said.say(f"{label} typed." if secret else self._answer.value)
        if self._at + 1 < len(self._fields):
            self._ask(self._at + 1)
            return
        self._answer.value = ""
        self._heard.clear()
        self.begin()

    def draw(self) -> None:
        """Say each step once; what failed is asked again."""
        failed = False
        for words, state in self.steps.steps:
            if words not in self._heard:
                self._heard.add(words)
                self._said.say(words)
                failed = failed or state == "failed"
        if failed:
            again = self.account is not None and self.asked_again(self.account)
            self._ask(_PASSWORD if again else 0)
