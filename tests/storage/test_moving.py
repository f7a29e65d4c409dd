"""Secrets that are moved are never gone: not half-way, not when a place fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storage.test_vault import Broken, Null, Ring
from tui_xmpp.core.address import Address
from tui_xmpp.core.ports import StorageError, VaultError
from tui_xmpp.storage.moving import entries_of, move
from tui_xmpp.storage.places import KeyringPlace, VaultPlace
from tui_xmpp.storage.unlocking import ARCHIVE_KEY
from tui_xmpp.storage.vault_file import Cost, VaultFile

ME = Address.parse("me@example.org")
WORDS = "four words of nonsense"
KEPT = {
    ("tui-xmpp", "me@example.org"): "secret",
    ("tui-xmpp token", "me@example.org"): "token",
    ("tui-xmpp secret", "archive"): "key",
}


@pytest.fixture
def file(tmp_path: Path) -> VaultFile:
    made = VaultFile(tmp_path / "vault", Cost(memory=19 * 1024, passes=2, lanes=1))
    made.create(WORDS)
    return made


def full() -> Ring:
    ring = Ring()
    ring.kept = dict(KEPT)
    return ring


def nothing() -> None:
    return


async def test_to_the_vault_and_back(file: VaultFile) -> None:
    ring = full()
    keyring, vault = KeyringPlace(lambda: ring), VaultPlace(file.open(WORDS))
    settled: list[int] = []
    moved = await move(entries_of([ME]), keyring, vault, lambda: settled.append(len(ring.kept)))
    assert (moved, settled, ring.kept) == (entries_of([ME]), [3], {})
    again = VaultPlace(file.open(WORDS))
    assert set(again.entries()) == set(moved)
    await move(again.entries(), again, keyring, nothing)
    assert ring.kept == KEPT
    assert file.open(WORDS).names == []


class Liar(Ring):
    """Keeps what it is given until it is asked a second time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        return self.kept.get((service, username)) if self.asked <= 4 else None


@pytest.mark.parametrize("bad", [Null, Broken, Liar, lambda: None])
async def test_a_place_that_fails_takes_nothing_away(file: VaultFile, bad: Callable[[], Ring | None]) -> None:
    vault = VaultPlace(file.open(WORDS))
    await move(entries_of([ME]), KeyringPlace(full), vault, nothing)
    ring = bad()
    with pytest.raises(VaultError):
        await move(vault.entries(), vault, KeyringPlace(lambda: ring), nothing)
    assert len(file.open(WORDS).names) == 3


async def test_settings_that_cannot_be_written_take_nothing_away(file: VaultFile) -> None:
    def fail() -> None:
        raise StorageError("full")

    ring = full()
    with pytest.raises(StorageError):
        await move(entries_of([ME]), KeyringPlace(lambda: ring), VaultPlace(file.open(WORDS)), fail)
    assert ring.kept == KEPT


async def test_a_vault_that_lost_what_was_written_is_noticed(
    file: VaultFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = file.open(WORDS)
    monkeypatch.setattr(type(opened), "save", lambda self: None)
    ring = full()
    with pytest.raises(VaultError, match="did not keep"):
        await move(entries_of([ME]), KeyringPlace(lambda: ring), VaultPlace(opened), nothing)
    assert ring.kept == KEPT


async def test_one_key_of_an_archive_never_takes_the_place_of_another(file: VaultFile) -> None:
    ring = full()
    vault = VaultPlace(file.open(WORDS))
    await vault.put(ARCHIVE_KEY, "another")
    with pytest.raises(VaultError, match="Nothing was moved"):
        await move(entries_of([ME]), KeyringPlace(lambda: ring), vault, nothing)
    assert ring.kept == KEPT
    assert await vault.get(ARCHIVE_KEY) == "another"
