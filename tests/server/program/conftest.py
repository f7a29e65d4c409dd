"""Our program for the tests in here, ended with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.chat_server import Account, ChatServer
from tests.server.program.running import Program

OpenProgram = Callable[..., Program]
"""program(server, *accounts, columns=…, rows=…): an installation with these accounts in its config file."""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenProgram]:
    # The keyring of whoever runs the tests is not ours to write to.
    for name in ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    made: list[Program] = []

    def make(server: ChatServer, *accounts: Account, columns: int = 120, rows: int = 32) -> Program:
        one = Program(tmp_path / f"program-{len(made)}", columns=columns, rows=rows)
        made.append(one)
        for account in accounts:
            one.add(account, server)
        return one

    try:
        yield make
    finally:
        for one in made:
            one.close()
