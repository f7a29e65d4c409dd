"""An encrypted archive is an archive like any other, and without its key nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.storage.samples import CHAT, incoming
from tui_xmpp.core.ports import StorageError
from tui_xmpp.core.query import Query
from tui_xmpp.storage import encryption
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.archive_read import SqliteArchiveReader
from tui_xmpp.storage.database import Database

KEY = bytes(range(32))
OTHER = bytes(32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with closing(Database(path, key=KEY)) as opened:
        yield opened


def bodies(archive: SqliteArchiveReader) -> list[str]:
    return [one.body for one in archive.page(CHAT).messages]


def test_what_is_kept_is_there_for_the_key_and_found_by_its_words(database: Database, path: Path) -> None:
    archive = SqliteArchive(database)
    archive.keep_all([incoming("the canary sings"), incoming("Ärger für alle", 1)])
    assert [hit.message.body for hit in archive.search(Query(words=("arger",)))] == ["Ärger für alle"]
    with closing(Database(path, key=KEY, read_only=True)) as reader:
        assert bodies(SqliteArchiveReader(reader)) == ["the canary sings", "Ärger für alle"]
        assert len(SqliteArchiveReader(reader).search(Query(words=("cana",)))) == 1
    log = path.with_name("archive.db-wal").read_bytes()
    database.close()
    assert b"canary" not in log and b"canary" not in path.read_bytes()
    assert b"CREATE" not in path.read_bytes()


@pytest.mark.parametrize("key", [OTHER, None])
@pytest.mark.parametrize("read_only", [True, False])
def test_without_the_key_it_is_a_sentence_and_not_touched(
    path: Path, key: bytes | None, read_only: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    with closing(Database(path, key=KEY)) as database:
        SqliteArchive(database).keep(incoming("canary"))
    before = path.read_bytes()
    with pytest.raises(StorageError, match="Nothing was deleted"):
        Database(path, key=key, read_only=read_only)
    assert path.read_bytes() == before
    # SQLCipher would say on the terminal what it finds wrong.
    assert capfd.readouterr() == ("", "")


def test_a_plain_archive_is_not_taken_for_an_encrypted_one(path: Path) -> None:
    Database(path).close()
    before = path.read_bytes()
    with pytest.raises(StorageError):
        Database(path, key=KEY)
    assert path.read_bytes() == before


def test_a_changed_page_is_noticed(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(Database(path, key=KEY)) as database:
        SqliteArchive(database).keep_all([incoming(f"message {one} " * 50, one) for one in range(300)])
    size = path.stat().st_size
    with path.open("r+b") as file:
        for page in range(2, size // 4096):
            file.seek(page * 4096 + 100)
            file.write(b"\x00")
    with pytest.raises(StorageError, match="damaged"), closing(Database(path, key=KEY)) as opened:
        bodies(SqliteArchive(opened))
    assert path.stat().st_size == size
    assert capfd.readouterr() == ("", "")


def test_a_full_disk_loses_nothing_that_was_kept(database: Database) -> None:
    archive = SqliteArchive(database)
    archive.keep(incoming("kept"))
    with database.writing() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageError, match="full"):
        archive.keep(incoming("too much " * 10_000, 1))
    assert bodies(archive) == ["kept"]


def test_a_small_file_tells_an_encrypted_archive_from_a_damaged_one(path: Path) -> None:
    assert not encryption.is_encrypted(path)
    path.write_bytes(b"\x93" * 8192)
    assert not encryption.is_encrypted(path)
    encryption.mark(path, KEY)
    assert encryption.is_encrypted(path)
    assert encryption.is_key(path, KEY) and not encryption.is_key(path, OTHER)
    assert KEY.hex() not in encryption.marker(path).read_text()
    # Moved away, it is made anew as it was.
    path.unlink()
    assert encryption.is_encrypted(path)
    # The file itself goes first.
    sqlite3.connect(path).execute("CREATE TABLE x (y)").connection.close()
    assert not encryption.is_encrypted(path)
    encryption.unmark(path)
    encryption.unmark(path)
    assert not encryption.marker(path).exists()


def test_only_a_whole_key_is_a_key() -> None:
    key = encryption.new_key()
    assert key != encryption.new_key() and encryption.read_key(key.hex()) == key
    for spoilt in (None, "", "00", "x" * 64, key.hex() + "00"):
        assert encryption.read_key(spoilt) is None


def test_without_the_library_it_says_what_to_install(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    with pytest.raises(StorageError, match=r"encrypted-archive"):
        Database(path, key=KEY)
