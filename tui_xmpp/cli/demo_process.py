"""A server process of our own on loopback, which never outlives the program that started it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_POLL = 0.02

# The shell holds the reading end of a pipe whose writing end only we have. However we end (SIGKILL too),
# the pipe closes, and the server is told to go. A parent-death signal would be tied to one thread of ours.
_GUARD = """
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
(read -r _ <&3; kill -TERM "$server" 2>/dev/null) &
guard=$!
exec 3<&-
wait "$server"
status=$?
kill "$guard" 2>/dev/null
exit "$status"
"""


class ServerFailed(Exception):
    """A server did not come up; the message is one sentence that names its log file."""


def free_ports(count: int) -> list[int]:
    """Return `count` different TCP ports of 127.0.0.1 that are free now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


class ServerProcess:
    """One running server program and the way to end it."""

    def __init__(self, argv: Sequence[str], *, folder: Path, env: Mapping[str, str] | None = None) -> None:
        """Start `argv` in `folder`; what it prints goes to `folder/output.log`."""
        self.log_file = folder / "output.log"
        with self.log_file.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal is for us, not for the server.
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, "sh", *argv],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=dict(env) if env is not None else None,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The id of the process group that the server and its guard make up."""
        return self._process.pid

    def running(self) -> bool:
        """Return whether the server is there."""
        return self._process.poll() is None

    def wait_for_port(self, port: int, seconds: float) -> None:
        """Return once 127.0.0.1:`port` accepts connections.

        Raises ServerFailed when the program ends first or `seconds` have passed; it is stopped then.
        """
        deadline = time.monotonic() + seconds
        while self.running():
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            if time.monotonic() > deadline:
                self.stop()
                raise ServerFailed(f"The server did not answer in {seconds:.0f} s; see {self.log_file}.")
            time.sleep(_POLL)
        status = self._process.returncode
        self.stop()
        raise ServerFailed(f"The server ended with status {status} at once; see {self.log_file}.")

    def stop(self, seconds: float = 10.0) -> None:
        """End the server: politely, and after `seconds` by force. Harmless when it has ended."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
