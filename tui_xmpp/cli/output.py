"""The only owner of stdout and stderr: data goes to the one, words to the other."""

from __future__ import annotations

import os
import sys


def data(line: str) -> None:
    """Write one line to stdout at once. Raises BrokenPipeError when nobody reads any more."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def words(sentence: str) -> None:
    """Say something to the user on stderr; nobody listening is no error."""
    try:
        sys.stderr.write(f"tui-xmpp: {sentence}\n")
        sys.stderr.flush()
    except OSError:
        pass


def accept_any_text() -> None:
    """Let text that the locale cannot encode pass as escapes instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def reader_gone() -> None:
    """Forget what is still to be written to stdout, so that the interpreter's last flush says nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
