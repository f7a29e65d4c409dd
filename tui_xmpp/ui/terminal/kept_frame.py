"""The last session's screen, shown while the program is still being loaded: it needs no library at all."""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
import termios
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from .forbidden import FORBIDDEN

ENTER = "\x1b[?1049h"
"""xterm: the alternate screen, cleared."""
LEAVE = "\x1b[0m\x1b[?7h\x1b[?1049l\x1b[?25h"
"""The normal screen, with its cursor."""
_MOST = 256 * 1024
"""Bytes of a file; more was not written by us."""
_MOST_REMOTE = 6 * 1024
"""Bytes that are worth sending twice over a link of unknown speed."""
_KIND = "tui-xmpp 1"
# ECMA-48 §8.3.117, Select Graphic Rendition: colours and weight, nothing else.
_SGR = re.compile(r"\x1b\[[0-9;]*m")
_COLOURS = ("TERM", "COLORTERM", "NO_COLOR", "TEXTUAL_COLOR_SYSTEM")


class Shown:
    """A frame that is on the terminal; typed keys wait unseen until somebody reads them."""

    def __init__(self, lines: Sequence[str], input_fd: int, output_fd: int) -> None:
        """Take the terminal: no echo, no lines. Raises termios.error."""
        self.lines = tuple(lines)
        """The rows that are shown, with their SGR sequences; the last style of a row goes on to its end."""
        self._input, self._output = input_fd, output_fd
        self.over = False
        """Somebody else has the terminal now."""
        self._before = quieten(input_fd, signals=True)
        self._handlers = {one: signal.signal(one, self._die) for one in (signal.SIGTERM, signal.SIGINT)}

    def hand_over(self) -> list[Any]:
        """Leave the terminal to the caller, as it is; returns the modes to give it back with (termios)."""
        self.over = True
        signal.signal(signal.SIGINT, self._handlers[signal.SIGINT])
        signal.signal(signal.SIGTERM, _end)
        return self._before

    def abandon(self) -> None:
        """Bring the normal screen and its modes back, unless somebody else has the terminal now."""
        if self.over:
            return
        self.over = True
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        with suppress(OSError):
            _write(self._output, LEAVE)
        with suppress(termios.error):
            termios.tcsetattr(self._input, termios.TCSANOW, self._before)

    def _die(self, number: int, _frame: FrameType | None) -> None:
        """Give the terminal back and end of this signal: an exception may be lost while Python imports."""
        self.abandon()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


class KeptFrame:
    """One file with the rows of a screen, for one installation and one kind of terminal."""

    def __init__(self, path: Path, *owner: str) -> None:
        """`owner`: what must be the same at the next start, such as the directories in use."""
        self._path = path
        self._sign = repr((*owner, *(os.environ.get(name, "") for name in _COLOURS)))
        self._kept = b""

    def keep(self, columns: int, rows: int, lines: Sequence[str]) -> None:
        """Write a screen of so many cells: text and SGR sequences; anything else is not kept.

        The last style of a row goes on to its end.
        A file that cannot be written is no reason to complain: the next start is a little slower.
        """
        if not _harmless(lines, rows):
            self.forget()
            return
        data = "\n".join((f"{_KIND} {columns} {rows} {self._sign}", *lines)).encode()
        if data == self._kept:
            return
        new = self._path.with_suffix(".new")
        with suppress(OSError):
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            new.replace(self._path)
            self._kept = data

    def forget(self) -> None:
        """Remove the file."""
        self._kept = b""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def show(self, input_fd: int = 0, output_fd: int = 1) -> Shown | None:
        """Draw the frame on the alternate screen; None where there is none that fits this terminal."""
        if not (os.isatty(input_fd) and os.isatty(output_fd)):
            return None
        try:
            columns, rows = os.get_terminal_size(output_fd)
            lines = self._read(columns, rows)
            if lines is None:
                return None
            shown = Shown(lines, input_fd, output_fd)
        except (OSError, ValueError, termios.error):
            return None
        try:
            # No wrapping: a sign that is wider here than it was there must not move the rows.
            _write(output_fd, f"{ENTER}\x1b[?25l\x1b[?7l\x1b[H{_placed(lines)}\x1b[0m")
        except BaseException:
            shown.abandon()
            raise
        return shown

    def _read(self, columns: int, rows: int) -> list[str] | None:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
            remote = "SSH_CONNECTION" in os.environ or "SSH_TTY" in os.environ
            if not ours or found.st_size >= (_MOST_REMOTE if remote else _MOST):
                return None
            head, *lines = file.read(_MOST).decode().split("\n")
        if head != f"{_KIND} {columns} {rows} {self._sign}" or not _harmless(lines, rows):
            return None
        return lines


def quieten(input_fd: int, *, signals: bool) -> list[Any]:
    """Let keys arrive one by one, as they are and unseen; returns the modes before. Raises termios.error.

    `signals`: Ctrl+C still ends the program.
    """
    before, modes = termios.tcgetattr(input_fd), termios.tcgetattr(input_fd)
    modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | (0 if signals else termios.ISIG))
    modes[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    modes[6][termios.VMIN] = 1
    if signals:
        # Stopped or dumped, the program would leave the terminal like this.
        disabled = bytes([os.fpathconf(input_fd, "PC_VDISABLE")])
        modes[6][termios.VSUSP] = modes[6][termios.VQUIT] = disabled
    termios.tcsetattr(input_fd, termios.TCSANOW, modes)
    return before


def _harmless(lines: Sequence[str], rows: int) -> bool:
    # The newline between rows is forbidden in them too.
    return len(lines) == rows and not any(FORBIDDEN.search(_SGR.sub("", line)) for line in lines)


def _placed(lines: Sequence[str]) -> str:
    """Every row in its place, on a ground of the style it ends with."""
    # xterm: ED and EL erase with the current background.
    common = _end_style(lines[0])
    parts = [f"\x1b[0m{common}\x1b[2J"]
    for row, line in enumerate(lines, 1):
        ground = _end_style(line)
        fill = f"\x1b[0m{ground}\x1b[K" if ground != common else ""
        parts.append(f"\x1b[{row};1H{fill}\x1b[0m{line}")
    return "".join(parts)


def _end_style(line: str) -> str:
    """The last whole SGR sequence of a row; those after it change the colour of the text only."""
    return next((one for one in reversed(_SGR.findall(line)) if one.startswith("\x1b[0")), "")


def _write(descriptor: int, text: str) -> None:
    data = text.encode()
    while data:
        data = data[os.write(descriptor, data) :]


def _end(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
