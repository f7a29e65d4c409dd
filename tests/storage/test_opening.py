"""All of the disk opens at once, and the world is there again after a restart."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from tests.storage.samples import AVA, CHAT, ME, ROOM, at, incoming
from tests.storage.test_vault import Ring
from tui_xmpp.core.account import Account
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import Chat, ChatKey, ChatKind
from tui_xmpp.core.contact import Contact
from tui_xmpp.core.link import PROFILES
from tui_xmpp.core.link_choice import SPACE, Choice
from tui_xmpp.core.ports import AlreadyRunning, Archive, Cache, Configuration, KeyValue, StorageError, Vault
from tui_xmpp.core.room import Bookmark
from tui_xmpp.core.settings import Settings
from tui_xmpp.core.world import World, restore
from tui_xmpp.storage import encryption, unlocking
from tui_xmpp.storage.opening import open_reader, open_storage, remembered
from tui_xmpp.storage.paths import Paths, locate
from tui_xmpp.storage.places import KeyringPlace
from tui_xmpp.storage.vault_file import Cost, OpenVault, VaultFile


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return locate(tmp_path / "c", tmp_path / "d", {"HOME": str(tmp_path)})


def test_the_world_is_there_again_after_a_restart(paths: Paths) -> None:
    storage = open_storage(paths)
    settings = storage.configuration.add_account(Account(ME))
    storage.cache.put_roster(ME, "v", [Contact(ME, AVA, "Ava")])
    storage.cache.put_bookmarks(ME, [Bookmark(ME, ROOM, "Tea")])
    storage.archive.put_chat(Chat(CHAT, ChatKind.CONTACT, draft="half a"))
    storage.archive.put_chat(Chat(ChatKey(AVA, ME), ChatKind.CONTACT))
    storage.archive.keep(incoming("hello", 3))
    storage.close()

    storage = open_storage(paths)
    settings = storage.configuration.load()
    world = restore(World(), remembered(storage, settings))
    assert list(world.accounts) == [ME]
    assert world.name_of(CHAT) == "Ava"
    assert world.bookmarks[ME, ROOM].name == "Tea"
    (chat,) = world.chats.values()
    assert (chat.draft, chat.unread, chat.last_text, chat.last_at) == ("half a", 1, "hello", at(3))
    assert remembered(storage, Settings()) == []
    storage.close()


def test_every_file_is_for_the_user_alone(paths: Paths) -> None:
    storage = open_storage(paths)
    storage.archive.keep(incoming())
    storage.configuration.add_account(Account(ME))
    files = [file for folder in (paths.data, paths.config) for file in folder.rglob("*") if file.is_file()]
    assert {file.name for file in files} >= {"archive.db", "archive.db-wal", "lock", "config.toml"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    storage.close()


def test_a_second_instance_is_refused_until_the_first_is_closed(paths: Paths) -> None:
    storage = open_storage(paths)
    with pytest.raises(AlreadyRunning):
        open_storage(paths)
    storage.close()
    open_storage(paths).close()


def test_a_database_that_cannot_be_opened_leaves_the_lock_free(paths: Paths) -> None:
    paths.data.mkdir()
    paths.database.write_bytes(b"not a database, but long enough to be looked at" * 100)
    for _ in range(2):
        with pytest.raises(StorageError, match="damaged"):
            open_storage(paths)


def test_history_is_read_beside_a_running_instance(paths: Paths) -> None:
    with pytest.raises(StorageError, match="no archive"):
        open_reader(paths)
    storage = open_storage(paths)
    storage.archive.keep(incoming("hello"))
    reader, database = open_reader(paths)
    assert [message.body for message in reader.page(CHAT).messages] == ["hello"]
    database.close()
    storage.close()


def test_the_parts_fit_the_ports(paths: Paths) -> None:
    storage = open_storage(paths)
    archive: Archive = storage.archive
    cache: Cache = storage.cache
    facts: KeyValue = storage.facts
    configuration: Configuration = storage.configuration
    vault: Vault = storage.vault
    assert None not in (archive, cache, facts, configuration, vault)
    assert archive.find(CHAT, "nothing") is None
    assert Address.parse("me@example.org") == ME
    storage.close()


def test_the_link_profile_is_known_before_anything_is_connected(paths: Paths) -> None:
    account = Account(ME, link="mobile")
    settings = Settings(accounts=(account,))
    with closing(open_storage(paths)) as storage:
        facts = storage.facts
        for kept, profile in (
            ("", "mobile"),
            (Choice("radio").kept("mobile"), "radio"),
            (Choice("radio").kept("full"), "mobile"),
            (Choice("gone").kept("mobile"), "mobile"),
        ):
            facts.put(SPACE, str(ME), kept)
            world = restore(World(), remembered(storage, settings))
            assert world.accounts[ME].link == PROFILES[profile]


WORDS = "four words of nonsense"


def encrypted(paths: Paths, key: bytes) -> None:
    paths.data.mkdir(mode=0o700, exist_ok=True)
    encryption.mark(paths.database, key)


def vault_with(paths: Paths, key: bytes) -> VaultFile:
    paths.data.mkdir(mode=0o700, exist_ok=True)
    file = VaultFile(paths.vault, Cost(memory=19 * 1024, passes=2, lanes=1))
    file.create(WORDS).put("other archive", key.hex())
    return file


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlocking, "KeyringPlace", lambda: KeyringPlace(lambda: None))


def never(file: VaultFile) -> OpenVault | None:
    raise AssertionError("asked for a passphrase nobody needs")


def test_the_vault_is_opened_once_for_the_key_and_the_passwords(paths: Paths) -> None:
    key = encryption.new_key()
    vault_with(paths, key)
    encrypted(paths, key)
    paths.config.mkdir()
    paths.config_file.write_text('[secrets]\nstore = "vault"\n')
    asked: list[VaultFile] = []

    def unlock(file: VaultFile) -> OpenVault | None:
        asked.append(file)
        return file.open(WORDS)

    for _ in range(2):
        with closing(open_storage(paths, unlock)) as storage:
            assert encryption.is_encrypted(paths.database)
            storage.archive.keep(incoming("canary"))
            assert asyncio.run(storage.vault.remember(ME, "secret", keep=True)) == ""
    assert len(asked) == 2
    assert b"canary" not in paths.database.read_bytes()
    reader, database = open_reader(paths, unlock)
    assert [one.body for one in reader.page(CHAT).messages] == ["canary"] * 2
    database.close()
    assert VaultFile(paths.vault).open(WORDS).names == ["other archive", f"password {ME}"]


def test_the_vault_is_not_asked_for_where_it_is_not_used(paths: Paths) -> None:
    vault_with(paths, encryption.new_key())
    open_storage(paths, never).close()
    paths.config_file.write_text('[secrets]\nstore = "vault"\n')
    paths.vault.unlink()
    open_storage(paths, never).close()
    open_reader(paths, never)[1].close()


@pytest.mark.usefixtures("no_keyring")
def test_a_key_in_the_vault_is_found_though_the_settings_do_not_name_it(paths: Paths) -> None:
    key = encryption.new_key()
    vault_with(paths, key)
    encrypted(paths, key)
    with closing(open_storage(paths, lambda file: file.open(WORDS))):
        assert encryption.is_encrypted(paths.database)


def test_the_key_comes_from_the_keyring_without_a_question(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = encryption.new_key()
    ring = Ring()
    ring.kept["tui-xmpp secret", "archive"] = key.hex()
    monkeypatch.setattr(unlocking, "KeyringPlace", lambda: KeyringPlace(lambda: ring))
    encrypted(paths, key)
    open_storage(paths, never).close()
    vault_with(paths, encryption.new_key())
    paths.config_file.write_text('[secrets]\nstore = "vault"\n')
    # Moved by hand: the vault has the key of another archive.
    open_storage(paths, lambda file: file.open(WORDS)).close()
    open_reader(paths, lambda file: file.open(WORDS))[1].close()


@pytest.mark.usefixtures("no_keyring")
@pytest.mark.parametrize("store", ["auto", "vault", "keyring", "memory"])
def test_without_the_key_it_is_a_sentence_and_the_lock_is_free(paths: Paths, store: str) -> None:
    encrypted(paths, encryption.new_key())
    paths.config.mkdir()
    paths.config_file.write_text(f'[secrets]\nstore = "{store}"\n')
    for _ in range(2):
        with pytest.raises(StorageError, match="key was not found"):
            open_storage(paths)
    vault_with(paths, encryption.new_key())
    with pytest.raises(StorageError, match="vault was not opened"):
        open_storage(paths)
    with pytest.raises(StorageError, match="of another archive"):
        open_storage(paths, lambda file: file.open(WORDS))
    assert not paths.database.exists()
