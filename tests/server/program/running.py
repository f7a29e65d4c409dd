"""Our real program as somebody runs it: folders of its own, a config file, a pseudo-terminal."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.server.chat_server import Account, ChatServer
from tests.terminal import Terminal

COMMAND = (sys.executable, "-m", "tui_xmpp")
SIGN_IN_SECONDS = 30.0
ONLINE = r"(?m)^ [^\n]*● .*full( .*)?$"


class Program:
    """One installation: its config and data stay while the program starts and ends."""

    def __init__(self, folder: Path, *, columns: int = 120, rows: int = 32) -> None:
        self.config = folder / "config"
        self.data = folder / "data"
        self.config.mkdir(parents=True)
        self.config_file = self.config / "config.toml"
        self._size = (columns, rows)
        self._terminals: list[Terminal] = []

    # --- the config file ------------------------------------------------------------------------------

    def add(self, account: Account, server: ChatServer, **changes: str | int) -> None:
        """Write an `[[account]]` whose password a command tells; `changes` are keys of it."""
        keys: dict[str, str | int] = {
            "address": account.address,
            "host": "127.0.0.1",
            "port": server.c2s_port,
            "tls": "starttls",
            "ca_file": str(server.ca_file),
            "password_command": f"printf %s {shlex.quote(account.password)}",
            **changes,
        }
        lines = ["[[account]]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items()), ""]
        with self.config_file.open("a", encoding="utf-8") as file:
            file.write("\n".join(lines))

    def change(self, old: str, new: str) -> None:
        """Edit the config file as a user would."""
        text = self.config_file.read_text(encoding="utf-8")
        assert old in text
        self.config_file.write_text(text.replace(old, new), encoding="utf-8")

    # --- the screen -----------------------------------------------------------------------------------

    def open(
        self,
        *,
        before: str = "",
        env: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        answers: bool = False,
        margins: bool = False,
    ) -> Terminal:
        """Start the screen; `before`: shell commands to run first in the same process.

        `answers`, `margins`: what its terminal can, as `Terminal` has it.
        """
        argv = [*COMMAND, *self._folders(), *arguments]
        if before:
            argv = ["sh", "-c", f'{before}; exec "$@"', "sh", *argv]
        columns, rows = self._size
        terminal = Terminal(argv, columns=columns, rows=rows, env=env, answers=answers, margins=margins)
        self._terminals.append(terminal)
        return terminal

    def sign_in(self) -> Terminal:
        """Start the screen and return once it is online."""
        terminal = self.open()
        terminal.wait_for(ONLINE, SIGN_IN_SECONDS)
        return terminal

    def close(self) -> None:
        """End every screen that still runs."""
        for terminal in self._terminals:
            terminal.close()

    # --- the pipe -------------------------------------------------------------------------------------

    def run(self, *arguments: str, seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*COMMAND, *self._folders(), *arguments],
            capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command whose lines are read as they come."""
        return subprocess.Popen(
            [*COMMAND, *self._folders(), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def _folders(self) -> list[str]:
        return ["--config", str(self.config), "--data", str(self.data)]


def enter(terminal: Terminal, line: str) -> None:
    """Type `line`, and press Enter once it stands in the composer."""
    write(terminal, line)
    terminal.send("\r")


def write(terminal: Terminal, line: str) -> None:
    """Type `line` into the composer and return once it stands there, its last word at least."""
    terminal.send(line)
    terminal.wait_for(re.escape(line.split()[-1][-20:]))
