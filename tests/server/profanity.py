"""A real profanity, typed into and read through a tmux of its own: the person on the other side."""

from __future__ import annotations

import shutil
import subprocess

from tests.server.chat_server import Account, ChatServer
from tests.server.tmux import START_SECONDS, InTmux

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


class Profanity(InTmux):
    """One profanity with folders of its own; `close` ends it and its tmux, and touches no other."""

    name = "profanity"
    signed_in = "logged in successfully"
    """What it shows then, where a line of it has room beside the list."""

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
        self.start("profanity", "-a", account.user)
        self.wait_for(self.signed_in, START_SECONDS)

    def type(self, line: str) -> None:
        """Type `line` and press Enter."""
        if line:
            self.enter(line)
        self.press("Enter")

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

    def quit(self) -> None:
        """Let profanity leave the server and end."""
        self.type("/quit")
        self.wait_end()
