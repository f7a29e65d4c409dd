"""Without a keyring a password is remembered in the vault; the next start asks for the passphrase only."""

from __future__ import annotations

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.program.conftest import OpenProgram
from tests.server.program.running import ONLINE, SIGN_IN_SECONDS
from tests.server.program.test_first_run import fill
from tui_xmpp.storage.vault_file import VaultFile

pytestmark = pytest.mark.server

WORDS = "four words of nonsense"


def test_the_second_start_asks_for_the_passphrase_only(
    server: ChatServer, accounts: Accounts, program: OpenProgram
) -> None:
    (anna,) = accounts(server, "anna")
    ours = program(server)
    ours.data.mkdir(mode=0o700)
    file = VaultFile(ours.data / "vault")
    file.create(WORDS)
    ours.config_file.write_text('[secrets]\nstore = "vault"\n', encoding="utf-8")
    screen = ours.open()
    screen.wait_for("Unlock the vault")
    screen.send(f"{WORDS}\r")
    screen.wait_for("Sign in")
    screen.send("\x1bOQ")
    screen.wait_for("CA file")
    fill(
        screen,
        ("Address", anna.address),
        ("Password", anna.password),
        ("Remember", "y"),
        ("Host", "127.0.0.1"),
        ("Port", str(server.direct_tls_port)),
        ("TLS", "direct"),
        ("CA file", str(server.ca_file)),
    )
    screen.send("\r")
    screen.wait_for(ONLINE, SIGN_IN_SECONDS)
    name = f"password {anna.address}"
    screen.wait_until(lambda: name in file.open(WORDS).names, "the password in the vault")
    screen.send("\x11")
    assert screen.wait_exit() == 0
    assert file.open(WORDS).get(name) == anna.password

    screen = ours.open()
    screen.wait_for("Unlock the vault")
    screen.send("wrong\r")
    screen.wait_for("not the passphrase")
    screen.send(f"{WORDS}\r")
    screen.wait_for(ONLINE, SIGN_IN_SECONDS)
    screen.send("\x11")
    assert screen.wait_exit() == 0

    # Left closed, the password is asked for.
    screen = ours.open()
    screen.wait_for("Esc goes on without it")
    screen.send("\x1b")
    screen.wait_for(rf"Password for {anna.address}\?", 30)
    screen.send("\x11")
    screen.wait_exit()

    # And who leaves at the question, leaves.
    screen = ours.open()
    screen.wait_for("Unlock the vault")
    screen.send("\x11")
    assert screen.wait_exit() == 0
