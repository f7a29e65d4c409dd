"""From nothing: the sign-in screen typed key by key, what it writes, and what it asks the next time."""

from __future__ import annotations

import stat

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.program.conftest import OpenProgram
from tests.server.program.running import ONLINE, SIGN_IN_SECONDS, write
from tests.terminal import Terminal

pytestmark = pytest.mark.server


def fill(screen: Terminal, *fields: tuple[str, str]) -> None:
    """Go on to each field with Tab, and type into it once it has the focus."""
    for label, text in fields:
        go_to(screen, label, "\t")
        screen.send(text)
        shown = "•" * len(text) if label == "Password" else text[-20:]
        screen.wait_until(lambda: shown in screen.text(), text)  # noqa: B023


def go_to(screen: Terminal, label: str, key: str) -> None:
    """Press a key until the field with this label has the focus, which is underlined."""
    row = screen.row(label)
    for _ in range(10):
        before = focus(screen)
        if before == row:
            return
        screen.send(key)
        screen.wait_until(lambda: focus(screen) not in (before, None), "another field")  # noqa: B023
    raise AssertionError(screen.text())


def focus(screen: Terminal) -> int | None:
    """The row of the field that has the focus."""
    buffer = screen.screen.buffer
    rows = [row for row in range(screen.screen.lines) if any(one.underscore for one in buffer[row].values())]
    return rows[0] if len(rows) == 1 else None


def test_first_run_signs_in_and_the_second_asks_for_the_password_only(
    server: ChatServer, accounts: Accounts, program: OpenProgram
) -> None:
    (anna,) = accounts(server, "anna")
    ours = program(server)
    screen = ours.open()
    screen.wait_for("Sign in")
    screen.send("\x1bOQ")
    screen.wait_for("CA file")
    fill(
        screen,
        ("Address", anna.address),
        ("Password", anna.password),
        ("Host", "127.0.0.1"),
        ("Port", str(server.direct_tls_port)),
        ("TLS", "direct"),
        ("CA file", str(server.ca_file)),
    )
    screen.send("\r")
    screen.wait_for(ONLINE, SIGN_IN_SECONDS)
    assert anna.password.encode() not in screen.raw
    screen.send("\x11")
    assert screen.wait_exit() == 0

    written = ours.config_file.read_text(encoding="utf-8")
    assert anna.address in written
    assert anna.password not in written
    assert stat.S_IMODE(ours.config_file.stat().st_mode) == 0o600
    for file in ours.data.rglob("*"):
        assert not file.is_file() or anna.password.encode() not in file.read_bytes()

    screen = ours.open()
    screen.wait_for(rf"Password for {anna.address}\?")
    write(screen, "/msg someone@localhost a draft")
    screen.send("\x1by")
    screen.wait_for("Enter sends it")
    screen.send(anna.password)
    screen.send("\r")
    screen.wait_for(ONLINE, SIGN_IN_SECONDS)
    screen.wait_for("/msg someone@localhost a draft")
    assert anna.password.encode() not in screen.raw


def test_a_wrong_password_is_said_and_everything_typed_stays(
    server: ChatServer, accounts: Accounts, program: OpenProgram
) -> None:
    (anna,) = accounts(server, "anna")
    screen = program(server).open()
    screen.wait_for("Sign in")
    screen.send("\x1bOQ")
    screen.wait_for("CA file")
    fill(
        screen,
        ("Address", anna.address),
        ("Password", "not it"),
        ("Host", "127.0.0.1"),
        ("Port", str(server.c2s_port)),
        ("TLS", "starttls"),
        ("CA file", str(server.ca_file)),
    )
    screen.send("\r")
    screen.wait_for(r"✗ .*password", SIGN_IN_SECONDS)
    for kept in (anna.address, "••••••", "127.0.0.1", str(server.c2s_port), "starttls"):
        assert kept in screen.text()
    go_to(screen, "Password", "\x1b[A")
    screen.send("\x05\x15" + anna.password)
    screen.wait_for("•" * len(anna.password))
    screen.send("\r")
    screen.wait_for(ONLINE, SIGN_IN_SECONDS)
