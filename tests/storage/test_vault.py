"""Passwords come from safe places only, and a keyring that hangs stops nobody."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from keyring.backends import SecretService, chainer, fail, kwallet, null

from tui_xmpp.core.account import Account, Token
from tui_xmpp.core.address import Address
from tui_xmpp.core.ports import VaultError
from tui_xmpp.storage import keyring_access
from tui_xmpp.storage.keyring_access import is_allowed
from tui_xmpp.storage.places import KeyringPlace, Place, VaultPlace
from tui_xmpp.storage.vault import SystemVault, place
from tui_xmpp.storage.vault_file import Cost, OpenVault, VaultFile

ME = Address.parse("me@example.org")


class Ring:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Null(Ring):
    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Broken(Ring):
    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("D-Bus said something with a canary in it")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError("D-Bus said something with a canary in it")


class Locked(Ring):
    def __init__(self) -> None:
        super().__init__()
        self.unlocked = threading.Event()
        self.calls = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.calls += 1
        self.unlocked.wait(30)
        return "secret"


async def test_kept_in_the_keyring_and_read_by_the_next_start() -> None:
    ring = Ring()
    vault = SystemVault(KeyringPlace(lambda: ring))
    assert await vault.password(Account(ME)) is None
    assert await vault.remember(ME, "secret", keep=True) == ""
    assert ring.kept == {("tui-xmpp", "me@example.org"): "secret"}
    assert await SystemVault(KeyringPlace(lambda: ring)).password(Account(ME)) == "secret"
    await vault.forget(ME)
    await vault.forget(ME)
    assert ring.kept == {}
    assert await vault.password(Account(ME)) is None


async def test_kept_in_memory_only_when_asked_so() -> None:
    ring = Ring()
    vault = SystemVault(KeyringPlace(lambda: ring))
    assert await vault.remember(ME, "secret", keep=False) == ""
    assert ring.kept == {}
    assert await vault.password(Account(ME)) == "secret"
    await vault.forget(ME)
    assert await vault.password(Account(ME)) is None


@pytest.mark.parametrize(
    ("ring", "words"),
    [(None, "no safe keyring"), (Null(), "did not keep"), (Broken(), r"failed \(RuntimeError\)")],
)
async def test_without_a_good_keyring_it_stays_in_memory_and_says_so(ring: Ring | None, words: str) -> None:
    vault = SystemVault(KeyringPlace(lambda: ring))
    said = await vault.remember(ME, "secret", keep=True)
    assert re.search(words, said)
    assert "canary" not in said
    assert await vault.password(Account(ME)) == "secret"
    assert await SystemVault(KeyringPlace(lambda: ring)).password(Account(ME)) is None
    await vault.forget(ME)


async def test_a_keyring_locked_for_ever_lets_the_program_live() -> None:
    ring = Locked()
    vault = SystemVault(KeyringPlace(lambda: ring, 0.05))
    try:
        asked = asyncio.create_task(vault.password(Account(ME)))
        ticks = 0
        while not asked.done():
            await asyncio.sleep(0)
            ticks += 1
        assert asked.result() is None
        assert ticks > 10
        assert "does not answer" in await vault.remember(ME, "secret", keep=True)
        # While one question hangs, no other thread is sent after it.
        assert ring.calls == 1
        (thread,) = [one for one in threading.enumerate() if one.name == "keyring"]
        assert thread.daemon
    finally:
        ring.unlocked.set()
    thread.join(10)
    fresh = SystemVault(KeyringPlace(lambda: ring, 10))
    assert await fresh.password(Account(ME)) == "secret"


async def test_two_accounts_at_once_both_get_theirs() -> None:
    ring = Ring()
    other = Address.parse("work@example.org")
    ring.kept = {("tui-xmpp", str(ME)): "one", ("tui-xmpp", str(other)): "two"}
    vault = SystemVault(KeyringPlace(lambda: ring))
    assert await asyncio.gather(vault.password(Account(ME)), vault.password(Account(other))) == ["one", "two"]


def test_only_backends_that_encrypt_are_allowed() -> None:
    assert is_allowed(SecretService.Keyring)
    assert is_allowed(kwallet.DBusKeyring)
    for backend in (null.Keyring, fail.Keyring, chainer.ChainerBackend):
        assert not is_allowed(backend)
    plaintext = type("PlaintextKeyring", (SecretService.Keyring,), {"__module__": "keyrings.alt.file"})
    assert not is_allowed(plaintext)


def test_a_plaintext_backend_never_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring.backend

    class Plain(Ring):
        priority = 99

    class Good(Ring):
        priority = 5

    Good.__module__, Good.__name__ = "keyring.backends.SecretService", "Keyring"
    good = Good()
    monkeypatch.setattr(keyring.backend, "get_all_keyring", lambda: [Plain(), null.Keyring(), good])
    assert keyring_access.allowed_backend() is good  # type: ignore[comparison-overlap]
    monkeypatch.setattr(keyring.backend, "get_all_keyring", lambda: [Plain(), null.Keyring()])
    assert keyring_access.allowed_backend() is None


def account(command: str) -> Account:
    return Account(ME, password_command=command)


async def test_the_first_line_of_the_command_is_the_password() -> None:
    vault = SystemVault(KeyringPlace(Ring))
    assert await vault.password(account("printf ' pass word \\nurl: x\\n'")) == " pass word "


async def test_the_command_runs_once_and_not_at_all_for_another_account(tmp_path: Path) -> None:
    vault = SystemVault(KeyringPlace(Ring))
    counted = account(f"echo x >> {tmp_path}/count; echo secret")
    assert await vault.password(counted) == await vault.password(counted) == "secret"
    assert (tmp_path / "count").read_text() == "x\n"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("echo first >&2; echo 'gpg: \033[31mno key' >&2; exit 2", "code 2: gpg: ␛\\[31mno key"),
        ("exit 1", "failed with code 1. Try"),
        ("true", "printed nothing"),
        ("echo", "printed nothing"),
        ("printf '\\377\\n'", "not UTF-8"),
        ("head -c 1000000 /dev/zero", "too long"),
        ("no-such-command-here", "code 127"),
    ],
)
async def test_a_command_that_fails_says_how(command: str, words: str) -> None:
    with pytest.raises(VaultError, match=words):
        await SystemVault(KeyringPlace(Ring)).password(account(command))


async def test_a_command_that_never_ends_is_ended_with_its_children(tmp_path: Path) -> None:
    vault = SystemVault(KeyringPlace(Ring), command_seconds=0.3)
    with pytest.raises(VaultError, match=r"not done after 0.3 seconds"):
        await vault.password(account(f"sleep 100 & echo $! > {tmp_path}/pid; wait"))
    with pytest.raises(VaultError, match=r"not done after"):
        await vault.password(account("yes"))
    pid = int((tmp_path / "pid").read_text())
    for _ in range(1000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]  # noqa: ASYNC240
        except FileNotFoundError:
            break
        if state == "Z":
            break
        os.sched_yield()
    else:
        pytest.fail("the child still runs")


async def test_much_output_does_not_block_the_command() -> None:
    command = "echo secret; head -c 300000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero | tr '\\0' y >&2"
    assert await SystemVault(KeyringPlace(Ring)).password(account(command)) == "secret"


TOKEN = Token("HT-SHA-256-NONE", "canary", datetime(2999, 1, 1, tzinfo=UTC))


async def test_a_token_is_kept_where_the_password_is() -> None:
    ring = Ring()
    await SystemVault(KeyringPlace(lambda: ring)).remember(ME, "secret", keep=True)
    vault = SystemVault(KeyringPlace(lambda: ring))
    assert await vault.password(Account(ME)) == "secret"
    await vault.keep_token(ME, TOKEN)
    after = SystemVault(KeyringPlace(lambda: ring))
    assert await after.token(ME) == TOKEN
    # The next one is kept too, though this start never needed the password.
    later = Token("HT-SHA-256-NONE", "next")
    await after.keep_token(ME, later)
    assert await SystemVault(KeyringPlace(lambda: ring)).token(ME) == later
    await after.forget(ME)
    assert ring.kept == {}
    assert await after.token(ME) is None


async def test_a_token_of_a_remembered_password_is_kept_in_the_same_start() -> None:
    ring = Ring()
    vault = SystemVault(KeyringPlace(lambda: ring))
    await vault.remember(ME, "secret", keep=True)
    await vault.keep_token(ME, TOKEN)
    assert await SystemVault(KeyringPlace(lambda: ring)).token(ME) == TOKEN


async def test_a_token_for_a_command_is_kept_in_the_keyring() -> None:
    ring = Ring()
    vault = SystemVault(KeyringPlace(lambda: ring))
    assert await vault.password(account("echo secret")) == "secret"
    await vault.keep_token(ME, TOKEN)
    assert await SystemVault(KeyringPlace(lambda: ring)).token(ME) == TOKEN


async def test_a_token_for_a_password_typed_each_time_ends_with_the_program() -> None:
    ring = Ring()
    vault = SystemVault(KeyringPlace(lambda: ring))
    assert await vault.password(Account(ME)) is None
    await vault.keep_token(ME, TOKEN)
    assert ring.kept == {}
    await vault.remember(ME, "secret", keep=False)
    await vault.keep_token(ME, TOKEN)
    assert ring.kept == {}
    assert await vault.token(ME) == TOKEN


@pytest.mark.parametrize("ring", [None, Broken()])
async def test_without_a_keyring_a_token_stays_in_memory(ring: Ring | None) -> None:
    vault = SystemVault(KeyringPlace(lambda: ring))
    await vault.password(account("echo secret"))
    await vault.keep_token(ME, TOKEN)
    assert await vault.token(ME) == TOKEN
    await vault.forget(ME)
    assert await vault.token(ME) is None


async def test_an_expired_or_spoilt_token_is_none() -> None:
    ring = Ring()
    vault = SystemVault(KeyringPlace(lambda: ring))
    await vault.remember(ME, "secret", keep=True)
    await vault.keep_token(ME, Token("HT-SHA-256-NONE", "canary", datetime(2020, 1, 1, tzinfo=UTC)))
    assert await vault.token(ME) is None
    assert ring.kept == {("tui-xmpp", str(ME)): "secret"}
    for spoilt in ("", "[]", "{", "7", '["a", "b", "never"]'):
        ring.kept["tui-xmpp token", str(ME)] = spoilt
        assert await SystemVault(KeyringPlace(lambda: ring)).token(ME) is None


@pytest.fixture
def file(tmp_path: Path) -> VaultFile:
    return VaultFile(tmp_path / "vault", Cost(memory=19 * 1024, passes=2, lanes=1))


def opened(file: VaultFile) -> OpenVault:
    return file.open("four words of nonsense")


async def test_in_the_vault_everything_is_there_at_the_next_start(file: VaultFile) -> None:
    vault = SystemVault(VaultPlace(file.create("four words of nonsense")))
    assert await vault.password(Account(ME)) is None
    assert await vault.remember(ME, "secret", keep=True) == ""
    await vault.keep_token(ME, TOKEN)
    await vault.keep_secret("archive", "key")
    after = SystemVault(VaultPlace(opened(file)))
    assert await after.password(Account(ME)) == "secret"
    assert await after.token(ME) == TOKEN
    assert await after.secret("archive") == "key"
    await after.forget(ME)
    await after.forget(ME)
    assert opened(file).names == ["other archive"]
    await after.keep_secret("archive", None)
    await after.keep_secret("archive", None)
    assert opened(file).names == []


async def test_a_vault_that_cannot_be_written_says_so_and_memory_goes_on(
    file: VaultFile, tmp_path: Path
) -> None:
    vault = SystemVault(VaultPlace(file.create("four words of nonsense")))
    file.path.unlink()
    file.path.symlink_to(tmp_path / "elsewhere")
    assert "link" in await vault.remember(ME, "secret", keep=True)
    assert await vault.password(Account(ME)) == "secret"
    await vault.keep_token(ME, TOKEN)
    assert await vault.token(ME) == TOKEN
    with pytest.raises(VaultError, match="link"):
        await vault.keep_secret("archive", "key")
    assert not (tmp_path / "elsewhere").exists()


async def test_a_key_is_never_lost_in_silence() -> None:
    ring = Ring()
    vault = SystemVault(KeyringPlace(lambda: ring))
    await vault.keep_secret("archive", "key")
    assert ring.kept == {("tui-xmpp secret", "archive"): "key"}
    assert await SystemVault(KeyringPlace(lambda: ring)).secret("archive") == "key"
    for bad in (KeyringPlace(lambda: None), KeyringPlace(Null), KeyringPlace(Broken), place("memory")):
        with pytest.raises(VaultError):
            await SystemVault(bad).keep_secret("archive", "key")
    # Not to be reached is not the same as not there.
    with pytest.raises(VaultError):
        await SystemVault(KeyringPlace(Broken)).secret("archive")


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (place("memory"), 'store = "memory"'),
        (place("vault"), "vault create"),
        (place("vault", locked=True), "was not opened"),
    ],
)
async def test_where_nothing_is_kept_it_says_why(kept: Place, words: str) -> None:
    vault = SystemVault(kept)
    assert words in await vault.remember(ME, "secret", keep=True)
    assert await vault.password(Account(ME)) == "secret"
    assert await vault.password(Account(Address.parse("other@example.org"))) is None
    assert await vault.secret("archive") is None
    await vault.forget(ME)


async def test_without_a_keyring_the_vault_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring.backend

    monkeypatch.setattr(keyring.backend, "get_all_keyring", list)
    assert "vault create" in await SystemVault(place("auto")).remember(ME, "secret", keep=True)
    assert "vault create" not in await SystemVault(place("keyring")).remember(ME, "secret", keep=True)
