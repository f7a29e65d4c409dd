"""Clients whose output is counted: each in a pseudo-terminal of its own, on a real server."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from tests.bench.poezio import Poezio
from tests.server.chat_server import Account, ChatServer
from tests.server.profanity import Profanity
from tests.server.program.running import ONLINE, SIGN_IN_SECONDS, Program
from tests.server.tmux import InTmux
from tests.terminal import Terminal

STILL = 0.5
"""Seconds without a byte after which a change of the screen is complete."""
# As the kitty keyboard protocol has it, where nothing has to be waited for behind the key.
ESCAPE = "\x1b[27u"
PAGE_UP, BLUR, FOCUS = "\x1b[5~", "\x1b[O", "\x1b[I"
Counts = dict[str, float | None]


class Meter:
    """Counts what one terminal is sent."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def settle(self, still: float = STILL) -> None:
        """Read until nothing came for so long."""
        before = -1
        while before != len(self.terminal.raw):
            before = len(self.terminal.raw)
            until = time.monotonic() + still
            while (left := until - time.monotonic()) > 0 and before == len(self.terminal.raw):
                assert self.terminal.read(left), "the program ended"

    def cost(self, act: Callable[[], object], still: float = STILL) -> int:
        """Bytes that the terminal is sent for this."""
        before = len(self.terminal.raw)
        act()
        self.settle(still)
        return len(self.terminal.raw) - before

    def keys(self, text: str, still: float = STILL) -> int:
        """Bytes for these keys, pressed together."""
        return self.cost(lambda: self.terminal.send(text), still)

    def each(self, keys: Sequence[str], still: float) -> float:
        """Median of the bytes for each of these."""
        return statistics.median(self.keys(key, still) for key in keys)

    def during(self, seconds: float) -> int:
        """Bytes in so many seconds in which nothing happens."""
        before, until = len(self.terminal.raw), time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            assert self.terminal.read(left), "the program ended"
        return len(self.terminal.raw) - before


class Screen(Protocol):
    """One client; what it cannot do costs None."""

    name: str
    meter: Meter

    def start(self) -> None:
        """Start it and return once it has signed in and is quiet."""

    def talk_to(self, address: str) -> None:
        """Open the chat with this address, over the whole width."""

    def switch(self, number: int) -> int:
        """Go to the first chat or the second; tells the cost."""

    def extras(self, receive: Callable[[], float], hall: str, receive_there: Callable[[], float]) -> Counts:
        """What only some can: costs of a message beside the list, of focus, notices and popups."""

    def quit(self) -> None:
        """End it."""

    def close(self) -> None:
        """End it, whatever it does."""


class Ours:
    """Our program; `stock` with Textual's own driver, `margins` in a terminal that moves parts of rows."""

    def __init__(
        self,
        folder: Path,
        account: Account,
        server: ChatServer,
        size: tuple[int, int],
        *,
        name: str,
        ssh: bool,
    ) -> None:
        self.name = name
        self._size = size
        self._arguments = ("--stock-driver",) if name == "stock" else ()
        self._env = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"} if ssh else {}
        self._program = Program(folder, columns=size[0], rows=size[1])
        # A busy machine measures a slow terminal, and another profile would be used.
        self._program.config_file.write_text(f'[ui]\nterminal = "{"ssh" if ssh else "local"}"\n\n')
        self._program.add(account, server)
        self._has_list = size[0] >= 120

    def start(self) -> None:
        terminal = self._program.open(
            env=self._env, arguments=self._arguments, answers=True, margins=self.name.endswith("margins")
        )
        terminal.wait_for(ONLINE, SIGN_IN_SECONDS)
        terminal.shows = False
        self.meter = Meter(terminal)
        self.meter.settle(2.0)

    def talk_to(self, address: str) -> None:
        self.meter.keys(f"/msg {address}")
        self.meter.keys("\r")
        if self._has_list:
            # To the list, and then without it.
            self.meter.keys("\x02")
            self.meter.keys("\x02")

    def switch(self, number: int) -> int:
        return self.meter.keys(f"\x1b[{ord('1') + number};3u")

    def extras(self, receive: Callable[[], float], hall: str, receive_there: Callable[[], float]) -> Counts:
        keys = self.meter.keys
        costs: Counts = {}
        keys("\x02")
        costs["message_panel"] = receive()
        keys("\x02")
        costs["focus"] = keys(BLUR) + keys(FOCUS)
        costs["toast"] = keys("\x03")
        keys("x\x7f")
        costs["palette"] = keys("\x0b") + keys(ESCAPE)
        return costs

    def quit(self) -> None:
        self.meter.terminal.send("\x11")
        assert self.meter.terminal.wait_exit() == 0

    def close(self) -> None:
        self._program.close()


class _InTerminal(InTmux):
    """Puts a client that is otherwise driven through tmux straight into a pseudo-terminal."""

    meter: Meter

    def start(self, *argv: str) -> None:
        self.close()
        self._sockets = tempfile.TemporaryDirectory(prefix="none-")
        columns, rows = map(int, self._size)
        terminal = Terminal(argv, columns=columns, rows=rows, env=self._environment(), cwd=self._folder)
        self.meter = Meter(terminal)

    def press(self, *keys: str) -> None:
        self.meter.terminal.send("\r" * keys.count("Enter"))

    def enter(self, text: str) -> None:
        self.meter.terminal.send(text)

    def screen(self) -> str:
        self.meter.terminal.read(0.05)
        return self.meter.terminal.text()

    def close(self) -> None:
        if self._sockets is not None:
            self.meter.terminal.close()
            self._sockets.cleanup()
            self._sockets = None


class _ProfanityInTerminal(_InTerminal, Profanity):
    signed_in = "[online]"


class _PoezioInTerminal(_InTerminal, Poezio):
    signed_in = "success"


class Theirs:
    """profanity or poezio."""

    def __init__(
        self, kind: type[Any], folder: Path, account: Account, server: ChatServer, size: tuple[int, int]
    ) -> None:
        self._client = kind(folder, columns=size[0], rows=size[1])
        self.name = self._client.name
        self._account, self._server = account, server

    def start(self) -> None:
        self._client.connect(self._account, self._server)
        self.meter = self._client.meter
        self.meter.terminal.shows = False
        self.meter.settle(2.0)

    def talk_to(self, address: str) -> None:
        self._command(f"/msg {address}" if self.name == "profanity" else f"/message {address}")
        self.meter.settle()

    def _command(self, line: str) -> None:
        for letter in line:
            self.meter.keys(letter, 0.05)
        self.meter.terminal.send("\r")

    def switch(self, number: int) -> int:
        return self.meter.keys(f"\x1b{number + (2 if self.name == 'profanity' else 1)}")

    def extras(self, receive: Callable[[], float], hall: str, receive_there: Callable[[], float]) -> Counts:
        if self.name != "profanity":
            return {}
        # Its panel stands beside rooms only: those who are in them.
        self._command(f"/join {hall}")
        self.meter.settle(1.0)
        return {"message_panel": receive_there()}

    def quit(self) -> None:
        self._command("/quit")
        self.meter.terminal.wait_exit()

    def close(self) -> None:
        self._client.close()


def profanity(*where: Any) -> Theirs:
    """As it is shipped, but for notices on the desktop and the authority it trusts."""
    return Theirs(_ProfanityInTerminal, *where)


def poezio(*where: Any) -> Theirs:
    """As it is shipped, but for the authority it trusts."""
    return Theirs(_PoezioInTerminal, *where)
