"""All of the disk opens at once, and the world is there again after a restart."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.storage.samples import AVA, CHAT, ME, ROOM, at, incoming
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
from tui_xmpp.storage.opening import open_reader, open_storage, remembered
from tui_xmpp.storage.paths import Paths, locate


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
        open_reader(paths.database)
    storage = open_storage(paths)
    storage.archive.keep(incoming("hello"))
    reader, database = open_reader(paths.database)
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
