"""A real mcabber, typed into and read through a tmux of its own."""

from __future__ import annotations

import subprocess

from tests.server.chat_server import Account, ChatServer
from tests.server.tmux import START_SECONDS, InTmux

# It knows an authority of ours in no way; what it checks costs no bytes.
SETTINGS = """\
set jid = {address}
set password = {password}
set server = 127.0.0.1
set port = {port}
set tls = 1
set ssl_ignore_checks = 1
set resource = mcabber
set logging = 1
set logging_dir = {home}/history/
set log_muc_conf = 1
"""


def version() -> str | None:
    """Which mcabber is installed; None: none."""
    try:
        done = subprocess.run(["mcabber", "-V"], capture_output=True, text=True, timeout=30)
    except OSError:
        return None
    return done.stdout.split()[1].rstrip(":") if done.stdout else None


class Mcabber(InTmux):
    """One mcabber with folders of its own; `close` ends it and its tmux, and touches no other."""

    name = "mcabber"

    def connect(self, account: Account, server: ChatServer, *, port: int = 0) -> None:
        """Start the program and return once it has signed in over STARTTLS.

        `port`: where to find the server; 0: where it listens. After `quit` it may be started again.
        """
        self._write(
            "mcabberrc",
            SETTINGS.format(
                address=account.address,
                password=account.password,
                port=port or server.c2s_port,
                home=self._folder,
            ),
        )
        (self._folder / "mcabberrc").chmod(0o600)
        (self._folder / "history").mkdir(exist_ok=True)
        self.start("mcabber", "-f", str(self._folder / "mcabberrc"))
        self.wait_for("status has been set", START_SECONDS)

    def command(self, line: str) -> None:
        """Type a line and press Enter."""
        self.enter(line)
        self.press("Enter")

    def open(self, to: str) -> None:
        """Show the chat with the address `to`."""
        self.command(f"/roster search {to}")

    def join(self, room: str, nick: str) -> None:
        """Enter the room with the address `room`."""
        self.command(f"/room join {room} {nick}")

    def quit(self) -> None:
        """Let mcabber leave the server and end."""
        self.command("/quit")
        self.wait_end()
