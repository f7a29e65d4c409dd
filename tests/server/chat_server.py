"""What the tests need of a real server, whichever it is."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Account:
    """One account on a test server."""

    user: str
    domain: str
    password: str

    @property
    def address(self) -> str:
        return f"{self.user}@{self.domain}"


class ChatServer(Protocol):
    """A server on loopback that belongs to the test run."""

    @property
    def kind(self) -> str: ...

    @property
    def domain(self) -> str: ...

    @property
    def rooms_domain(self) -> str: ...

    @property
    def c2s_port(self) -> int: ...

    @property
    def direct_tls_port(self) -> int: ...

    @property
    def websocket_url(self) -> str:
        """Where XMPP over WebSocket is spoken (RFC 7395), in TLS."""

    @property
    def bosh_url(self) -> str:
        """Where XMPP over HTTP is spoken (XEP-0206), in TLS."""

    @property
    def host_meta_url(self) -> str:
        """Where both are announced (XEP-0156 §3.1), in TLS; with .json at its end as JSON."""

    @property
    def hold_seconds(self) -> int:
        """How long a lost session can be resumed (XEP-0198 §5)."""

    @property
    def ca_file(self) -> Path: ...

    @property
    def pid(self) -> int | None:
        """The id of its process group; None when it does not run."""

    def add_account(self, user: str, password: str) -> None:
        """Make an account while the server runs."""

    def befriend(self, a: str, b: str) -> None:
        """Let the users `a` and `b` see each other's presence; to be done before either signs in."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def restart(self) -> None:
        """Stop and start again on the same ports, with everything kept on disk.

        Every session is forgotten: what was not acknowledged may or may not have been handled.
        """


def kill(server: ChatServer) -> None:
    """Kill -9: it has no time to write, to answer or to count anything."""
    assert server.pid is not None
    os.killpg(server.pid, signal.SIGKILL)
    server.stop()


FRIENDS_GROUP = "Friends"


def display_name(user: str) -> str:
    """Return the name a friend has in the other's roster: "anna-1f" is "Anna"."""
    return user.split("-")[0].capitalize()
