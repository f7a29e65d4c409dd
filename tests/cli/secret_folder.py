"""A folder of the program's own, a keyring in memory, and somebody who types passphrases unseen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.storage.test_vault import Ring
from tui_xmpp import __main__, passphrase
from tui_xmpp.core.account import Account
from tui_xmpp.core.address import Address
from tui_xmpp.storage.config_file import ConfigFile
from tui_xmpp.storage.paths import Paths, locate, secure
from tui_xmpp.storage.vault_file import OpenVault, VaultFile

ME = Address.parse("me@example.org")
WORDS = "four words of nonsense"


class Safe(Ring):
    """Looks like a keyring that encrypts."""

    priority = 5


Safe.__module__, Safe.__name__ = "keyring.backends.SecretService", "Keyring"


class Person:
    """Types what is asked for, and reads what is said."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str], ring: Safe) -> None:
        self.paths: Paths = locate(folder / "config", folder / "data")
        self.ring = ring
        self.typed: Iterator[str] = iter(())
        self.out, self.said = "", ""
        self._capture = capture
        secure(self.paths)
        ConfigFile(self.paths.config_file).add_account(Account(ME))

    def run(self, *words: str, typing: Sequence[str] = ()) -> int:
        self.typed = iter(typing)
        where = ("--config", str(self.paths.config), "--data", str(self.paths.data))
        code = __main__.main([*words, *where])
        assert list(self.typed) == [], "not all was asked for"
        self.out, self.said = self._capture.readouterr()
        return code

    @property
    def store(self) -> str:
        return ConfigFile(self.paths.config_file).load().secrets.store

    def vault(self, words: str = WORDS) -> OpenVault:
        return VaultFile(self.paths.vault).open(words)


@pytest.fixture
def person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Person]:
    import keyring.backend

    ring = Safe()
    monkeypatch.setattr(keyring.backend, "get_all_keyring", lambda: [ring])
    made = Person(tmp_path, capsys, ring)
    monkeypatch.setattr(passphrase, "read_hidden", lambda prompt: next(made.typed, ""))
    monkeypatch.setattr(passphrase.sys.stdin, "isatty", lambda: True, raising=False)
    yield made


@pytest.fixture
def without_keyring(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring.backend

    monkeypatch.setattr(keyring.backend, "get_all_keyring", list)
