"""Another program in a terminal of its own: typed into and read through a tmux that is only its."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import tempfile
import time
from pathlib import Path

from tui_xmpp.cli.demo_process import ServerProcess

START_SECONDS = 20.0
WAIT_SECONDS = 10.0
POLL = 0.05


class InTmux:
    """One program with folders of its own; `close` ends it and its tmux, and touches no other."""

    name = "the program"

    def __init__(self, folder: Path, *, columns: int = 120, rows: int = 36) -> None:
        self._folder = folder
        self._size = (str(columns), str(rows))
        self._socket = f"tui-xmpp-test-{secrets.token_hex(6)}"
        self._sockets: tempfile.TemporaryDirectory[str] | None = None
        self._terminal: ServerProcess | None = None

    def start(self, *argv: str) -> None:
        """Start the program, whose folder is there; after its end it may be started again."""
        # A socket's path must be short (108 bytes), which pytest's folders are not.
        self._sockets = tempfile.TemporaryDirectory(prefix="tmux-")
        # In the foreground under our guard, so that it ends with us however we end.
        terminal = ("tmux", "-L", self._socket, "-u", "-f", "/dev/null", "-D")
        self._terminal = ServerProcess(terminal, folder=self._folder, env=self._environment())
        self._wait_for_terminal(START_SECONDS)
        columns, rows = self._size
        self._tmux("new-session", "-d", "-x", columns, "-y", rows, *argv)

    def press(self, *keys: str) -> None:
        """Press keys by the names that tmux has for them."""
        self._tmux("send-keys", *keys)

    def enter(self, text: str) -> None:
        """Type `text` and nothing more."""
        self._tmux("send-keys", "-l", "--", text)

    def screen(self) -> str:
        """Return what the screen shows now, a line each."""
        return self._tmux("capture-pane", "-p").stdout

    def wait_for(self, wanted: str | re.Pattern[str], seconds: float = WAIT_SECONDS) -> str:
        """Return the screen once it shows `wanted`; a str is plain text, spaces standing for any white space.

        Raises AssertionError with the screen when `seconds` have passed.
        """
        if isinstance(wanted, str):
            pattern = re.compile(r"\s+".join(map(re.escape, wanted.split())))
        else:
            pattern = wanted
        deadline = time.monotonic() + seconds
        while not pattern.search(screen := self.screen()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name} did not show {wanted!r} in {seconds:.0f} s but\n{screen}")
            time.sleep(POLL)
        return screen

    def wait_end(self) -> None:
        """Wait until the program has ended by itself, and end its tmux."""
        deadline = time.monotonic() + WAIT_SECONDS
        while self._tmux("list-windows", "-a", check=False).stdout:
            assert time.monotonic() < deadline, f"{self.name} did not end in {WAIT_SECONDS:.0f} s"
            time.sleep(POLL)
        self.close()

    def close(self) -> None:
        """End the program and its tmux; harmless when they have ended."""
        if self._terminal is not None:
            self._terminal.stop()
            self._terminal = None
        if self._sockets is not None:
            self._sockets.cleanup()
            self._sockets = None

    def _wait_for_terminal(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._tmux("start-server", check=False).returncode != 0:
            assert time.monotonic() < deadline, f"tmux did not start in {seconds:.0f} s"
            time.sleep(POLL)

    def _tmux(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["tmux", "-N", "-L", self._socket, *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            env=self._environment(),
            cwd=self._folder,
        )
        assert not check or done.returncode == 0, f"tmux {arguments}: {done.stderr}"
        return done

    def _environment(self) -> dict[str, str]:
        home = self._folder
        assert self._sockets is not None
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
            "TMUX_TMPDIR": self._sockets.name,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".local/share"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "XDG_STATE_HOME": str(home / ".local/state"),
        }

    def _write(self, name: str, text: str) -> None:
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
