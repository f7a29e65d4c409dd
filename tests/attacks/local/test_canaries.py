"""L-03 and L-05: a password, a passphrase and a message are looked for wherever they must not be."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from tests.attacks.local.conftest import begin_with, files_with
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tests.server.program.conftest import OpenProgram
from tests.server.program.running import ONLINE, SIGN_IN_SECONDS, Program, enter
from tests.terminal import Terminal
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.security import Protection
from tui_xmpp.storage.encryption import SECRET
from tui_xmpp.storage.paths import locate
from tui_xmpp.storage.vault_file import VaultFile

PASSPHRASE = "canary of four words"
MESSAGE = "canarymessage0815"


def with_vault(ours: Program, address: str, password: str, *, encrypted: bool) -> None:
    """Keep the password in the vault, in place of a command that tells it."""
    paths = locate(ours.config, ours.data)
    paths.data.mkdir(mode=0o700, exist_ok=True)
    VaultFile(paths.vault).create(PASSPHRASE).put(f"password {address}", password)
    lines = [line for line in ours.config_file.read_text().splitlines() if "password_command" not in line]
    ours.config_file.write_text("\n".join([*lines, "", "[secrets]", 'store = "vault"', ""]))
    if encrypted:
        with Terminal([sys.executable, "-m", "tui_xmpp", *ours._folders(), "archive", "encrypt"]) as terminal:
            unlock(terminal, "Passphrase of the vault:")
            assert terminal.wait_exit() == 0


def unlock(terminal: Terminal, asked: str = "Unlock the vault") -> None:
    terminal.wait_for(asked)
    terminal.send(f"{PASSPHRASE}\r")


@pytest.mark.server
@pytest.mark.parametrize("encrypted", [False, True])
def test_l03_of_a_whole_session_only_the_archive_has_the_message(
    prosody: ChatServer, accounts: Accounts, program: OpenProgram, tmp_path: Path, encrypted: bool
) -> None:
    anna, bert = accounts(prosody, "anna", "bert")
    ours = program(prosody, anna)
    with_vault(ours, anna.address, anna.password, encrypted=encrypted)
    screen = ours.open(before="ulimit -S -c $(ulimit -H -c)")
    unlock(screen)
    screen.wait_for(ONLINE, SIGN_IN_SECONDS)
    enter(screen, f"/msg {bert.address} {MESSAGE}")
    screen.wait_for(rf"{MESSAGE}[^\n]*✓", 30)
    process = Path(f"/proc/{screen.process.pid}")
    for name in ("cmdline", "environ"):
        content = (process / name).read_bytes()
        assert not any(one.encode() in content for one in (PASSPHRASE, anna.password, MESSAGE))
    assert "Max core file size        0" in (process / "limits").read_text()
    places = (ours.config, ours.data, tmp_path / "home", tmp_path / "run")
    assert files_with(PASSPHRASE, *places) == files_with(anna.password, *places) == []
    found = set(files_with(MESSAGE, *places))
    assert found == set() if encrypted else found and found <= {"archive.db", "archive.db-wal"}
    screen.send("\x11")
    assert screen.wait_exit() == 0
    assert files_with(PASSPHRASE, *places) == files_with(anna.password, *places) == []
    if encrypted:
        assert files_with(MESSAGE, *places) == []
    for secret in (PASSPHRASE, anna.password):
        assert secret.encode() not in screen.raw
    vault = VaultFile(ours.data / "vault").open(PASSPHRASE)
    assert f"password {anna.address}" in vault.names
    assert (f"other {SECRET}" in vault.names) is encrypted


@pytest.mark.parametrize("arguments", [(), ("--screen-reader",), ("--stock-driver",)])
def test_l03_a_crash_with_the_passphrase_at_hand_shows_nothing_of_it(
    program: OpenProgram, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    ours = Program(tmp_path / "own")
    ours.data.mkdir()
    VaultFile(ours.data / "vault").create(PASSPHRASE)
    ours.config_file.write_text('[secrets]\nstore = "vault"\n')
    env = begin_with(
        tmp_path / "site",
        "from tui_xmpp.storage import vault_file\n"
        "def broken(self, passphrase):\n    copy = passphrase\n    raise RuntimeError('broken')\n"
        "vault_file.VaultFile.open = broken\n",
    )
    screen = ours.open(env=env, arguments=arguments)
    try:
        unlock(screen)
        screen.wait_for("stopped because of a mistake")
        screen.wait_exit()
    finally:
        ours.close()
    assert b"RuntimeError" in screen.raw
    assert b"canary" not in screen.raw
    assert files_with(PASSPHRASE, tmp_path) == []


class Everything(logging.Handler):
    """Hears what every logger of the process says, as a debug log would."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


@pytest.mark.server
@pytest.mark.parametrize("omemo", [False, True], ids=["clear", "sealed"])
async def test_l05_a_debug_log_of_a_whole_session_has_no_secret(
    prosody: ChatServer, accounts: Accounts, tmp_path: Path, omemo: bool
) -> None:
    anna, bert = accounts(prosody, "anna", "bert")
    everything, root = Everything(), logging.getLogger()
    before = root.level
    root.addHandler(everything)
    root.setLevel(logging.DEBUG)
    try:
        async with (
            Person(anna, prosody, tmp_path / "a", omemo=omemo) as a,
            Person(bert, prosody, tmp_path / "b", omemo=omemo) as b,
        ):
            for one in (a, b):
                await one.online()
                mine = (one.address, one.address)
                await one.until(lambda: not omemo or one.world.devices.get(mine), "keys")  # noqa: B023
            await a.do(SendMessage(a.chat(b), MESSAGE))
            read = await b.message(a, MESSAGE)
            assert read.protection is (Protection.SEALED if omemo else Protection.CLEAR)
    finally:
        root.setLevel(before)
        root.removeHandler(everything)
    text = "\n".join(everything.said)
    assert "slixmpp" in text, "nothing was logged at all"
    for canary in (anna.password, bert.password, MESSAGE):
        assert canary not in text
