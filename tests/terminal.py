"""The real program in a real pseudo-terminal, its screen read through pyte."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import pyte

QUESTION, ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
"""Whether a frame can be drawn at once (DECRQM), and that it can."""
HAND = 0.3
"""Seconds in which nobody presses a key after a paste; what comes within them belongs to it."""
_MARGINS = {b"\x1b[?69$p": b"\x1b[?69;2$y"}
"""Whether parts of rows can be moved."""


# pyte knows no strings of this kind and no private forms of these, and would draw what they hold.
_LEFT_OUT = re.compile(rb"\x1b_[^\x1b]*\x1b\\|\x1b\[[<>=?][0-9;]*[uqcm]|\x1b\[\?[0-9;]*\$p")


class NotShown(AssertionError):
    """What was waited for did not appear; the text is the screen as it was."""


class Terminal:
    """Runs a program in a pseudo-terminal of its own and ends it by its own process id."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        answers: bool = False,
        margins: bool = False,
        shows: bool = True,
        pass_fds: Sequence[int] = (),
    ) -> None:
        """`answers`: it tells, as most terminals do, that it draws frames at once (mode 2026) when asked.

        `margins`: and, as xterm does, that it moves what stands between two columns (mode 69); this screen
        does not, so that only `raw` is right.

        `shows`: `screen` follows what is written; else only `raw` does.
        """
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        """Every byte the program wrote."""
        self._answers = ({QUESTION: ANSWER} if answers else {}) | (_MARGINS if margins else {})
        self.shows = shows
        self.started = time.monotonic()
        self.first_byte: float | None = None
        """Seconds from the start to the first byte written."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            **(env or {}),
        }
        for name in ("NO_COLOR", "TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "COLUMNS", "LINES"):
            if not env or name not in env:
                environment.pop(name, None)
        self.process = subprocess.Popen(
            list(argv),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=cwd,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        os.close(slave)

    def read(self, seconds: float = 0.05) -> bool:
        """Take in what the program wrote, waiting at most `seconds` for something; False at its end."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        if not data:
            return False
        if self.first_byte is None:
            self.first_byte = time.monotonic() - self.started
        # A question may come in two pieces.
        for question, answer in self._answers.items():
            before = bytes(self.raw[1 - len(question) :])
            os.write(self._master, answer * (before + data).count(question))
        self.raw += data
        if not self.shows:
            return True
        self._stream.feed(_LEFT_OUT.sub(b"", data))
        return True

    def text(self) -> str:
        """The screen as lines."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, pattern: str, seconds: float = 20.0) -> re.Match[str]:
        """Wait until a regular expression matches the screen; raises `NotShown` with the screen."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.text())
            if match:
                return match
            alive = self.read()
            if time.monotonic() > deadline or not alive:
                match = re.search(pattern, self.text())
                if match:
                    return match
                raise NotShown(f"{pattern!r} not shown:\n{self.text()}")

    def wait_gone(self, pattern: str, seconds: float = 20.0) -> None:
        """Wait until a regular expression no longer matches the screen."""
        deadline = time.monotonic() + seconds
        while re.search(pattern, self.text()):
            if not self.read() or time.monotonic() > deadline:
                raise NotShown(f"{pattern!r} still shown:\n{self.text()}")

    def wait_until(self, condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
        """Wait until something is so while the program goes on; raises `NotShown` with the screen."""
        deadline = time.monotonic() + seconds
        while not condition():
            if not self.read() or time.monotonic() > deadline:
                if condition():
                    return
                raise NotShown(f"waited in vain for {what}:\n{self.text()}")

    def row(self, start: str) -> int:
        """The number of the first row whose text begins so; raises `NotShown`."""
        for number, line in enumerate(self.screen.display):
            if line.lstrip().startswith(start):
                return number
        raise NotShown(f"no row begins with {start!r}:\n{self.text()}")

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        # It is not the program's controlling terminal, so the kernel tells nobody.
        self.process.send_signal(signal.SIGWINCH)

    def modes(self) -> list[Any]:
        """The settings of the terminal line, as `termios.tcgetattr` tells them."""
        return termios.tcgetattr(self._master)

    def send(self, keys: str) -> None:
        """Type; control sequences as the terminal would send them."""
        os.write(self._master, keys.encode())

    def rest(self) -> None:
        """Do nothing for as long as a hand takes from one thing to the next; what is written is read."""
        until = time.monotonic() + HAND
        while (left := until - time.monotonic()) > 0:
            self.read(left)

    def send_all(self, keys: str) -> None:
        """Type more than the terminal's line holds, and read what is written meanwhile."""
        left = keys.encode()
        os.set_blocking(self._master, False)
        while left:
            self.read(0.0)
            try:
                left = left[os.write(self._master, left[:4096]) :]
            except BlockingIOError:
                select.select([], [self._master], [], 0.05)
        os.set_blocking(self._master, True)

    def hang_up(self) -> None:
        """Take the terminal away from the program, which may go on; nothing more can be read."""
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDWR)

    def kill(self) -> None:
        """SIGKILL: as if the machine lost power."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def wait_exit(self, seconds: float = 15.0) -> int:
        """Wait for the program to end by itself; returns its exit status."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read()
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def close(self) -> None:
        """End the program if it still runs, and the terminal."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.wait_exit(5)
            except subprocess.TimeoutExpired:
                self.kill()
        os.close(self._master)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
