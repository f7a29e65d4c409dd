"""L-01: no keyring, one that keeps nothing, one that writes in clear, one that is locked for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.local.conftest import begin_with, files_with
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.program.conftest import OpenProgram
from tests.server.program.running import ONLINE, SIGN_IN_SECONDS
from tests.server.program.test_first_run import fill

pytestmark = pytest.mark.server

KEYRINGS = """
import os, threading
import keyring.backend

class Keyring:
    priority = 99
    def get_password(self, service, username):
        if KIND == "locked":
            threading.Event().wait()
        return None
    def set_password(self, service, username, password):
        if KIND == "plaintext":
            with open(os.environ["PLAIN"], "a") as file:
                file.write(password)
    def delete_password(self, service, username):
        pass

# One that is locked, or that lies, looks like a good one.
Keyring.__module__ = {
    "none": "keyring.backends.fail",
    "null": "keyring.backends.null",
    "plaintext": "keyrings.alt.file",
}.get(KIND, "keyring.backends.SecretService")
keyring.backend.get_all_keyring = lambda: [Keyring()]
"""


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("none", "no safe keyring"),
        ("null", "no safe keyring"),
        ("plaintext", "no safe keyring"),
        ("liar", "did not keep"),
        ("locked", "does not answer"),
    ],
)
def test_the_password_is_nowhere_and_the_screen_lives(
    prosody: ChatServer, accounts: Accounts, program: OpenProgram, tmp_path: Path, kind: str, said: str
) -> None:
    (anna,) = accounts(prosody, "anna")
    ours = program(prosody)
    env = begin_with(tmp_path / "site", f"KIND = {kind!r}\n{KEYRINGS}") | {"PLAIN": str(tmp_path / "plain")}
    screen = ours.open(env=env)
    screen.wait_for("Sign in")
    screen.send("\x1bOQ")
    screen.wait_for("CA file")
    fill(
        screen,
        ("Address", anna.address),
        ("Password", anna.password),
        ("Remember", "y"),
        ("Host", "127.0.0.1"),
        ("Port", str(prosody.direct_tls_port)),
        ("TLS", "direct"),
        ("CA file", str(prosody.ca_file)),
    )
    screen.send("\r")
    screen.wait_for(ONLINE, SIGN_IN_SECONDS)
    screen.wait_for(said, 30)
    screen.send("it lives")
    screen.wait_for("> it lives")
    screen.send("\x15\x11")
    assert screen.wait_exit() == 0
    assert anna.password.encode() not in screen.raw
    assert files_with(anna.password, tmp_path) == []
    # At the next start it is asked for, and a locked keyring does not hold up the screen.
    screen = ours.open(env=env)
    screen.wait_for(rf"Password for {anna.address}\?", 30)
    screen.send("it lives")
    screen.wait_for("it lives")
