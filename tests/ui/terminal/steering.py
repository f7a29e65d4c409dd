"""Steers `steered`: types at it, tells it what happens, and reads its screen once that is drawn."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.terminal import Terminal
from tests.ui.terminal.emulator import Emulator
from tests.ui.terminal.steered import mark_of

ROOT = Path(__file__).parents[3]
STOCK = {"TEXTUAL_DRIVER": "textual.drivers.linux_driver:LinuxDriver"}
HEARD_KEY = "\x1b[24~"
_END_OF_PASTE = "\x1b[201~"


class Program:
    """One such program in a terminal of its own."""

    def __init__(
        self,
        *,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        answers: bool = True,
        terminal: Callable[..., Terminal] = Terminal,
        profile: str = "local",
    ) -> None:
        """`terminal`: what it runs in. `profile`: which terminal profile it uses, `auto`: as is measured."""
        ours, theirs = socket.socketpair()
        argv = [sys.executable, "-m", "tests.ui.terminal.steered", str(theirs.fileno()), profile]
        self.terminal = terminal(
            argv,
            columns=columns,
            rows=rows,
            env=env,
            cwd=ROOT,
            answers=answers,
            shows=False,
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()
        self._socket = ours
        self._lines = ours.makefile("rb")
        self.emulator = Emulator(columns, rows)
        self._fed = 0
        self._marks = 0
        self._awaited = 0

    def tell(self, order: str, **details: Any) -> None:
        """Let the program do this after all that it was told before."""
        self._socket.sendall(json.dumps({"do": order, **details}).encode() + b"\n")
        self._awaited += 1

    def told(self) -> Any:
        """The answer to what was told last, once all of it is done."""
        answer = None
        while self._awaited:
            while not self._readable():
                assert self.terminal.read(0.01), (
                    f"it ended: {self.terminal.raw[-2000:].decode(errors='replace')}"
                )
            answer = json.loads(self._lines.readline())
            self._awaited -= 1
        return answer

    def do(self, order: str, **details: Any) -> Any:
        """Tell, and wait for the answer."""
        self.tell(order, **details)
        return self.told()

    def type(self, keys: str) -> None:
        """Type; what is told afterwards is done when that was dealt with."""
        if keys.endswith(_END_OF_PASTE):
            # Right behind a paste no key is heard.
            self.terminal.send(keys)
            self.do("rest")
            keys = ""
        self.terminal.send(keys + HEARD_KEY)
        self.tell("hear")

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size; what is told afterwards is done when that is known."""
        self.terminal.resize(columns, rows)
        self.tell("size", columns=columns, rows=rows)

    def stalled(self, seconds: float) -> dict[str, float]:
        """Let ten messages a second come while nobody reads the terminal; tells of the event loop (`dry`)."""
        self.do("rain", a_second=10)
        time.sleep(seconds)
        return dict(self.do("dry"))

    def draw(self) -> None:
        """Wait until all is drawn, and take it in."""
        self.ask_to_draw()
        self.drawn()

    def ask_to_draw(self) -> None:
        """The first half of `draw`: let it begin."""
        self._marks += 1
        self.tell("draw", mark=self._marks)

    def drawn(self) -> None:
        """The second half of `draw`."""
        self.told()
        mark = mark_of(self._marks).encode()
        while (end := self.terminal.raw.find(mark, self._fed)) < 0:
            assert self.terminal.read(5), "it ended"
        columns, rows = self.terminal.screen.columns, self.terminal.screen.lines
        if (self.emulator.columns, self.emulator.lines) != (columns, rows):
            self.emulator.resize(rows, columns)
        self.emulator.feed(self.terminal.raw[self._fed : end].decode())
        self._fed = end

    def _readable(self) -> bool:
        self._socket.setblocking(False)
        try:
            return bool(self._lines.peek(1))
        finally:
            self._socket.setblocking(True)

    def close(self) -> None:
        """End it."""
        self._lines.close()
        self._socket.close()
        self.terminal.close()

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
