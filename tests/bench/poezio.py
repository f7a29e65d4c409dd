"""A real poezio, which `.ci/install bench` puts into an environment of its own, in a tmux of its own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.server.chat_server import Account, ChatServer
from tests.server.tmux import START_SECONDS, InTmux

PYTHON = Path(__file__).parents[2] / ".tools" / "poezio" / "bin" / "python"

# It will not run as root, which whoever runs the bench may be.
RUN = "import os, sys; os.geteuid = lambda: 1000; from poezio.__main__ import run; sys.exit(run())"

SETTINGS = """\
[Poezio]
jid={address}
password={password}
custom_host=127.0.0.1
custom_port={port}
ca_cert_path={ca_file}
device_id=bench
default_nick={user}
rooms=
"""


def version() -> str | None:
    """Which poezio is installed; None: it could not be."""
    if not PYTHON.exists():
        return None
    told = "import importlib.metadata; print(importlib.metadata.version('poezio'))"
    done = subprocess.run([PYTHON, "-I", "-c", told], capture_output=True, text=True, timeout=30)
    return done.stdout.strip() or None


class Poezio(InTmux):
    """One poezio with folders of its own; `close` ends it and its tmux, and touches no other."""

    name = "poezio"
    signed_in = "Authentication success"
    """What it shows then, where a line of it has room."""

    def __init__(self, folder: Path, *, columns: int = 120, rows: int = 36) -> None:
        super().__init__(folder, columns=columns, rows=rows)
        self._open = ""
        """The address whose chat is shown."""

    def connect(self, account: Account, server: ChatServer, *, port: int = 0) -> None:
        """Start the program and return once it has signed in over direct TLS with the certificate checked.

        `port`: where to find the server; 0: where it listens. After `quit` it may be started again.
        """
        self._write(
            ".config/poezio/poezio.cfg",
            SETTINGS.format(
                user=account.user,
                address=account.address,
                password=account.password,
                port=port or server.direct_tls_port,
                ca_file=server.ca_file,
            ),
        )
        self._open = ""
        # Without a connection it waits for the end of one, and would outlive its terminal.
        self.start("setpriv", "--pdeathsig", "KILL", str(PYTHON), "-I", "-c", RUN)
        self.wait_for(self.signed_in, START_SECONDS)

    def command(self, line: str) -> None:
        """Type a command, in whichever tab, and press Enter."""
        # Keys that come together are one key it does not know, or a pasted text whose Enter does not send.
        self.enter(line[0])
        self._wait_for_line(line[0])
        self.enter(line[1:])
        self._wait_for_line(line)
        self.press("Enter")

    def say(self, to: str, text: str) -> None:
        """Open the chat with the address `to`, or stay in it, and say `text` there."""
        # To open it anew would tell the other side of going and coming, and a plain text of typing.
        self.command(f"/say {text}" if to == self._open else f'/message {to} "{text}"')
        self._open = to

    def quit(self) -> None:
        """Let poezio leave the server and end."""
        self.command("/quit")
        self.wait_end()

    def _wait_for_line(self, text: str) -> None:
        self.wait_for(re.compile(rf"(?:^|│){re.escape(text)}\s*$", re.MULTILINE))
