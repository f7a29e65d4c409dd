"""Where the user writes: several lines, a history, and keys that never lose what was typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.widgets import TextArea

_NEWLINE_KEYS = frozenset({"alt+enter", "shift+enter", "ctrl+j"})
_HISTORY = 200
# A stray paste of a whole log must not stall the program; nobody sends more than this as one message.
MAX_CHARS = 200_000


class Composer(TextArea):
    """A text that grows to eight lines; Enter hands it over, and the owner clears it once it is safe."""

    DEFAULT_CSS = """
    Composer, Composer:focus {
        height: auto;
        min-height: 1;
        max-height: 8;
        width: 1fr;
        border: none;
        padding: 0;
        background: $background;
        color: $foreground;
        scrollbar-size: 0 0;
        & .text-area--cursor-line { background: $background; }
        & .text-area--placeholder { color: $dim; }
    }
    """

    @dataclass
    class Sent(Message):
        """Enter was pressed; the text stays where it is until the owner clears it."""

        composer: Composer
        text: str
        pasted: bool
        """Some of it came by paste."""

    @dataclass
    class Wanted(Message):
        """Tab: complete what stands before the cursor."""

        composer: Composer
        backwards: bool

    @dataclass
    class EmptyUp(Message):
        """Up in an empty composer."""

        composer: Composer

    BINDINGS: ClassVar = []

    def __init__(self, *, id: str | None = None, send_key: str = "enter", placeholder: str = "") -> None:
        super().__init__(
            id=id, compact=True, soft_wrap=True, highlight_cursor_line=False, placeholder=placeholder
        )
        self.cursor_blink = False
        self.send_key = send_key
        self.pasted = False
        self.multiline = True
        self._sent_lines: list[str] = []
        self._at: int | None = None
        self._kept = ""
        self._completing = False

    @property
    def cursor_offset_in_text(self) -> int:
        """Where the cursor stands, in characters from the beginning."""
        row, column = self.cursor_location
        lines = self.text.split("\n")
        return sum(len(line) + 1 for line in lines[:row]) + column

    def load(self, text: str, *, pasted: bool = False) -> None:
        """Put a text in place of what is there, the cursor at its end."""
        self.text = text
        self.pasted = pasted
        self._at = None
        self.move_cursor(self.document.end)

    def remember(self, text: str) -> None:
        """Keep a sent line for Up and Ctrl+R."""
        if text and (not self._sent_lines or self._sent_lines[-1] != text):
            self._sent_lines.append(text)
            del self._sent_lines[:-_HISTORY]
        self._at = None

    @property
    def sent_lines(self) -> tuple[str, ...]:
        """What was sent from here, oldest first."""
        return tuple(self._sent_lines)

    async def _on_paste(self, event: events.Paste) -> None:
        """A paste of any size is one piece of the draft; it sends nothing and runs nothing."""
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")[:MAX_CHARS]
        if not self.multiline:
            text = " ".join(text.split("\n"))
        self.pasted = True
        result = self._replace_via_keyboard(text, *self.selection)
        if result is not None:
            self.move_cursor(result.end_location)

    async def _on_key(self, event: events.Key) -> None:
        if self._special(event):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)

    def _special(self, event: events.Key) -> bool:
        """Do what a key means here; False: it is an ordinary one."""
        key = event.key
        sends = key == "enter" if self.send_key == "enter" or not self.multiline else key == "alt+enter"
        if sends:
            self.post_message(self.Sent(self, self.text, self.pasted))
        elif key in _NEWLINE_KEYS:
            if self.multiline:
                self.insert("\n")
        elif key == "ctrl+underscore":
            # As in every shell; Ctrl+Z goes back to it.
            self.undo()
        elif key in ("tab", "shift+tab"):
            self.post_message(self.Wanted(self, key == "shift+tab"))
        elif key == "up" and self.cursor_location[0] == 0 and self.wrapped_document.height <= 1:
            if not self.text and self._at is None:
                self.post_message(self.EmptyUp(self))
            else:
                self._recall(-1)
        elif key == "down" and self._at is not None and self.cursor_at_last_line:
            self._recall(1)
        else:
            return False
        return True

    def recall_older(self) -> None:
        """Show the line sent before the one shown."""
        self._recall(-1)

    def _recall(self, step: int) -> None:
        at = len(self._sent_lines) if self._at is None else self._at
        if self._at is None:
            self._kept = self.text
        at += step
        if at < 0 or not self._sent_lines:
            return
        if at >= len(self._sent_lines):
            self.load(self._kept)
            return
        self.load(self._sent_lines[at])
        self._at = at
