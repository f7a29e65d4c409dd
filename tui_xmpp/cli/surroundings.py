"""What the program asks of the machine and the terminal before it does anything else."""

from __future__ import annotations

import os
import resource
import sys

from .exit_codes import ExitCode, Failure

MIN_COLUMNS, MIN_LINES = 40, 15


def harden() -> None:
    """Let nobody else read what we write, and leave no copy of our memory behind a crash."""
    os.umask(0o077)
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def check_terminal() -> None:
    """Return when a screen can be drawn here; raises Failure with what to change."""
    if not all(os.isatty(number) for number in (0, 1, 2)):
        raise Failure(
            "This is not a terminal. Start it in one, or use a command: send, watch or history.",
            ExitCode.USAGE,
        )
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        raise Failure(
            "This terminal cannot place text (TERM is not set, or dumb). "
            "Set TERM, for example to xterm-256color.",
            ExitCode.USAGE,
        )
    if (sys.stdout.encoding or "").lower().replace("-", "") != "utf8":
        raise Failure(
            f"The language settings ask for {sys.stdout.encoding}, and this program needs UTF-8. "
            "Start it with LC_ALL=C.UTF-8, and set your terminal to UTF-8.",
            ExitCode.USAGE,
        )
    columns, lines = os.get_terminal_size(1)
    # A terminal that tells no size at all (0×0) gets the benefit of the doubt.
    if (columns and columns < MIN_COLUMNS) or (lines and lines < MIN_LINES):
        raise Failure(
            f"This terminal has {columns}×{lines} cells; {MIN_COLUMNS}×{MIN_LINES} are needed. "
            "Make the window larger.",
            ExitCode.USAGE,
        )
