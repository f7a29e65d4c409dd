"""Asks the running program over its control socket, instead of signing in a second time."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .event_lines import Record
from .exit_codes import ExitCode, Failure
from .relay import MAX_LINE, peer_uid
from .send import Sending


class NobodyThere(Exception):
    """No program serves this data directory."""


def send_through(path: Path, sending: Sending) -> None:
    """Let the running program send; raises NobodyThere, or Failure with its reason."""
    for _ in _answers(path, {"verb": "send", **asdict(sending)}):
        pass


def watch_through(path: Path, account: str) -> Iterator[Record]:
    """Yield the running program's records until it ends; raises NobodyThere at once, or Failure."""
    yield from _answers(path, {"verb": "watch", "account": account})


def _answers(path: Path, request: dict[str, Any]) -> Iterator[Record]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            raise NobodyThere from None
        if peer_uid(connection) != os.getuid():
            raise Failure(f"The socket {path} belongs to somebody else. Nothing was sent.")
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as lines:
            while line := lines.readline(MAX_LINE):
                answer = json.loads(line)
                if "record" in answer:
                    yield answer["record"]
                    continue
                if answer["code"] != ExitCode.OK:
                    raise Failure(answer["words"], ExitCode(answer["code"]))
                return
    raise Failure("The running program ended.")
