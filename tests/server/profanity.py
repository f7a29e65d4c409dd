"""A real profanity, typed into and read through a tmux of its own: the person on the other side."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.server.chat_server import Account, ChatServer
from tui_xmpp.cli.demo_process import ServerProcess

START_SECONDS = 20.0
WAIT_SECONDS = 10.0
POLL = 0.05

PREFERENCES = """\
[connection]
tls.certpath={trusted}
carbons=true
receipts.request=true
receipts.send=true
[chatstates]
enabled=true
outtype=true
[notifications]
message=false
room=false
invite=false
sub=false
typing=false
[ui]
statuses.console=all
statuses.chat=all
statuses.muc=all
splash=false
beep=false
vercheck=false
"""

ACCOUNT = """\
[{user}]
enabled=true
jid={address}
password={password}
resource=profanity
server=127.0.0.1
port={port}
tls.policy=force
presence.last=online
presence.login=online
muc.service={rooms_domain}
muc.nick={user}
"""


class Profanity:
    """One profanity with folders of its own; `close` ends it and its tmux, and touches no other."""

    def __init__(self, folder: Path, *, columns: int = 120, rows: int = 36) -> None:
        self._folder = folder
        self._size = (str(columns), str(rows))
        self._socket = f"tui-xmpp-test-{secrets.token_hex(6)}"
        self._sockets: tempfile.TemporaryDirectory[str] | None = None
        self._terminal: ServerProcess | None = None

    def connect(self, account: Account, server: ChatServer, *, port: int = 0) -> None:
        """Start the program and return once it has signed in over STARTTLS with the certificate checked.

        `port`: where to find the server; 0: where it listens. After `quit` it may be started again.
        """
        trusted = self._folder / "trusted"
        trusted.mkdir(parents=True, exist_ok=True)
        shutil.copy(server.ca_file, trusted)
        # OpenSSL finds an authority in a folder by the hash of its name.
        subprocess.run(["openssl", "rehash", str(trusted)], check=True, capture_output=True, timeout=30)
        self._write(".config/profanity/profrc", PREFERENCES.format(trusted=trusted))
        self._write(
            ".local/share/profanity/accounts",
            ACCOUNT.format(
                user=account.user,
                address=account.address,
                password=account.password,
                port=port or server.c2s_port,
                rooms_domain=server.rooms_domain,
            ),
        )
        # A socket's path must be short (108 bytes), which pytest's folders are not.
        self._sockets = tempfile.TemporaryDirectory(prefix="tmux-")
        # In the foreground under our guard, so that it ends with us however we end.
        terminal = ("tmux", "-L", self._socket, "-u", "-f", "/dev/null", "-D")
        self._terminal = ServerProcess(terminal, folder=self._folder, env=self._environment())
        self._wait_for_terminal(START_SECONDS)
        columns, rows = self._size
        self._tmux("new-session", "-d", "-x", columns, "-y", rows, "profanity", "-a", account.user)
        self.wait_for("logged in successfully", START_SECONDS)

    def type(self, line: str) -> None:
        """Type `line` and press Enter."""
        if line:
            self._tmux("send-keys", "-l", "--", line)
        self._tmux("send-keys", "Enter")

    def say(self, to: str, text: str) -> None:
        """Open the chat with the address `to`, or show it again, and say `text` there."""
        self.type(f"/msg {to} {text}")

    def join(self, room: str, nick: str) -> None:
        """Enter the room with the address `room` and return once in it."""
        self.type(f"/join {room} nick {nick}")
        self.wait_for(f"You have joined the room as {nick}")

    def create_room(self, room: str, nick: str) -> None:
        """Make the room with the address `room`, open to all (an instant room, XEP-0045 §10.1.2)."""
        self.join(room, nick)
        self.wait_for("Room locked")
        self.type("/room accept")
        self.wait_for("Room unlocked")

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
                raise AssertionError(f"profanity did not show {wanted!r} in {seconds:.0f} s but\n{screen}")
            time.sleep(POLL)
        return screen

    def quit(self) -> None:
        """Let profanity leave the server and end."""
        self.type("/quit")
        assert self._terminal is not None
        deadline = time.monotonic() + WAIT_SECONDS
        while self._tmux("list-windows", "-a", check=False).stdout:
            assert time.monotonic() < deadline, f"profanity did not end in {WAIT_SECONDS:.0f} s"
            time.sleep(POLL)
        self.close()

    def close(self) -> None:
        """End profanity and its tmux; harmless when they have ended."""
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
