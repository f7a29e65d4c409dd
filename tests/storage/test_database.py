"""A database that cannot be used is named in a sentence and left as it is."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.storage.samples import CHAT, incoming
from tui_xmpp.core.ports import StorageError
from tui_xmpp.storage import migrations
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.archive_read import SqliteArchiveReader
from tui_xmpp.storage.database import Database


def test_a_new_database_takes_every_step_and_the_next_start_none(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    for _ in range(2):
        database = Database(path)
        with database.reading() as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (len(migrations.ALL),)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        database.close()


def test_an_older_database_is_brought_up_and_keeps_its_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    database = Database(path)
    SqliteArchive(database).keep(incoming("old"))
    database.close()
    steps = (*migrations.ALL, ("ALTER TABLE chat ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",))
    monkeypatch.setattr(migrations, "ALL", steps)
    with pytest.raises(StorageError, match="older tui-xmpp"):
        Database(path, read_only=True)
    database = Database(path)
    with database.reading() as connection:
        assert connection.execute("SELECT colour FROM chat").fetchall() == [("red",)]
    assert [one.body for one in SqliteArchive(database).page(CHAT).messages] == ["old"]
    database.close()


def test_a_step_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    Database(path).close()
    steps = (*migrations.ALL, ("CREATE TABLE half (x)", "CREATE TABLE chat (x)"))
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "ALL", steps)
        with pytest.raises(StorageError):
            Database(path)
    database = Database(path)
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone() == (0,)
    database.close()


def test_a_newer_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="newer tui-xmpp"):
        Database(path)
    assert path.read_bytes() == before


def test_what_is_not_a_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"somebody's letters" * 1000)
    with pytest.raises(StorageError, match=r"damaged.*Nothing was deleted"):
        Database(path)
    assert path.read_bytes() == b"somebody's letters" * 1000


def test_a_corrupt_page_is_a_sentence_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    database = Database(path)
    SqliteArchive(database).keep_all([incoming(f"message {number} " * 50, number) for number in range(500)])
    database.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (size - 8192))
    with pytest.raises(StorageError, match="damaged"):
        opened = Database(path)
        try:
            SqliteArchive(opened).page(CHAT)
        finally:
            opened.close()
    assert path.stat().st_size == size


def test_a_full_disk_loses_nothing_that_was_kept(database: Database, archive: SqliteArchive) -> None:
    archive.keep(incoming("kept"))
    with database.writing() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    with database.writing() as connection:
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageError, match="full"):
        archive.keep(incoming("too much " * 10_000, 1))
    assert [one.body for one in archive.page(CHAT).messages] == ["kept"]
    with database.writing() as connection:
        connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
    archive.keep(incoming("room again", 2))
    assert [one.body for one in archive.page(CHAT).messages] == ["kept", "room again"]


def test_a_database_held_by_another_program_is_a_sentence(
    tmp_path: Path, database: Database, archive: SqliteArchive
) -> None:
    with database.writing() as connection:
        connection.execute("PRAGMA user_version")
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database._writer.execute("PRAGMA busy_timeout = 1")  # type: ignore[union-attr]
    with pytest.raises(StorageError, match="Another program holds"):
        archive.keep(incoming())
    other.close()
    archive.keep(incoming())


def test_a_missing_directory_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        Database(tmp_path / "no" / "a.db")


_AS_NOBODY = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from tui_xmpp.core.ports import StorageError
from tui_xmpp.storage.database import Database
if os.getuid() == 0:
    os.setuid(65534)
try:
    Database(Path(sys.argv[1]))
except StorageError as error:
    print(error)
"""


def test_a_read_only_database_is_a_sentence(tmp_path: Path) -> None:
    folder = Path("/tmp") / f"tui-xmpp-read-only-{tmp_path.name}-{threading.get_native_id()}"
    folder.mkdir(mode=0o755)
    try:
        path = folder / "a.db"
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE letters (x)")
        connection.close()
        path.chmod(0o444)
        folder.chmod(0o555)
        root = str(Path(__file__).parents[2])
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, str(path), root], capture_output=True, text=True, timeout=60
        )
        assert "cannot be written" in done.stdout, done.stderr
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_reading_only_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    database = Database(path)
    SqliteArchive(database).keep(incoming("hello"))
    reading = Database(path, read_only=True)
    assert [one.body for one in SqliteArchiveReader(reading).page(CHAT).messages] == ["hello"]
    with pytest.raises(StorageError, match="reading only"):
        SqliteArchive(reading).keep(incoming())
    with pytest.raises(StorageError), reading.reading() as connection:
        connection.execute("DELETE FROM message")
    reading.close()
    database.close()
    with pytest.raises(StorageError):
        SqliteArchive(database).page(CHAT)
    again = Database(path, read_only=True)
    assert [one.body for one in SqliteArchiveReader(again).page(CHAT).messages] == ["hello"]
    again.close()


_KILLED = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from tests.storage.samples import incoming
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.database import Database
archive = SqliteArchive(Database(Path(sys.argv[1])))
for number in range(100000):
    archive.keep(incoming(str(number), number, id=str(number)))
    print(number, flush=True)
"""


def test_what_was_kept_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(path), root], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 30:
                process.kill()
                break
        told = int(line)
    database = Database(path)
    kept = [int(one.body) for one in SqliteArchive(database).page(CHAT, limit=100_000).messages]
    assert kept == list(range(len(kept)))
    assert len(kept) > told
    database.close()


def test_the_archive_is_light_to_import() -> None:
    root = str(Path(__file__).parents[2])
    words = (
        f"import sys; sys.path.insert(0, {root!r}); import tui_xmpp.storage.opening;"
        "print({'keyring', 'tomlkit', 'msgspec', 'platformdirs', 'tomllib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "set()"


def test_what_is_written_goes_into_the_file_in_the_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint in the writing thread would stop the screen; none at all would fill the disk."""
    sizes = {}
    for after in (50, 10**9):
        monkeypatch.setattr("tui_xmpp.storage.database.CHECKPOINT_AFTER", after)
        path = tmp_path / f"{after}.db"
        database = Database(path)
        archive = SqliteArchive(database)
        for number in range(600):
            archive.keep(incoming(f"message {number}"))
            for thread in threading.enumerate():
                if thread.name == "checkpoint":
                    thread.join()
        sizes[after] = path.with_name(f"{path.name}-wal").stat().st_size
        assert len(archive.page(CHAT, limit=700).messages) == 600
        database.close()
        assert not path.with_name(f"{path.name}-wal").exists()
    assert sizes[10**9] > 5_000_000 > 2 * sizes[50]
