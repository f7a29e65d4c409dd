"""What the program's exit status says."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The numbers are a promise to scripts: they never change their meaning."""

    OK = 0
    FAILED = 1
    """It did not work; stderr says why."""
    USAGE = 2
    """The command line, the configuration or the terminal is not right."""
    ALREADY_RUNNING = 3
    """Another instance holds the data directory."""
    REFUSED = 4
    """The account could not sign in, or the server refused what was asked."""
    TIMED_OUT = 5
    """No answer in the time allowed."""
    INTERRUPTED = 130
    """Ctrl-C."""


MEANINGS = {
    ExitCode.OK: "done",
    ExitCode.FAILED: "failed; stderr says why",
    ExitCode.USAGE: "wrong command line, configuration or terminal",
    ExitCode.ALREADY_RUNNING: "already running on this data directory",
    ExitCode.REFUSED: "not signed in, or refused by the server",
    ExitCode.TIMED_OUT: "no answer in time",
    ExitCode.INTERRUPTED: "interrupted",
}
"""One line each, for `--help`."""


class Failure(Exception):
    """A command cannot be done: a sentence for the user, and the exit status that goes with it."""

    def __init__(self, text: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(text)
        self.code = code
