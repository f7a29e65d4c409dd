"""An archive is encrypted and made plain again without loss, also when the process is killed at any point."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.storage.samples import AVA, CHAT, ME, incoming, outgoing
from tui_xmpp.core.contact import Contact
from tui_xmpp.core.message import Reaction
from tui_xmpp.core.ports import StorageError
from tui_xmpp.core.query import Query
from tui_xmpp.storage import converting, encryption, wiping
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.cache import SqliteCache
from tui_xmpp.storage.connecting import connect
from tui_xmpp.storage.converting import decrypt, encrypt, tidy
from tui_xmpp.storage.database import Database

KEY = bytes(range(32))
COUNT = 400


def filled(path: Path, key: bytes | None = None) -> None:
    with closing(Database(path, key=key)) as database:
        archive = SqliteArchive(database)
        archive.keep_all([incoming(f"canary number {one}", one) for one in range(COUNT)])
        archive.keep(outgoing("from me", COUNT, id="own"))
        archive.react(CHAT, "own", Reaction(AVA, "", ("👍",)))
        archive.correct(CHAT, "own", ME, "from me, better", own=True)
        SqliteCache(database).put_roster(ME, "v7", [Contact(ME, AVA, "Ava")])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    filled(folder / "archive.db")
    return folder / "archive.db"


def key_of(path: Path) -> bytes | None:
    return KEY if encryption.is_encrypted(path) else None


def everything(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, whatever the file is."""
    with closing(connect(path, key_of(path))) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names}


def clear_text(path: Path) -> list[str]:
    return [one.name for one in path.parent.iterdir() if one.is_file() and b"canary" in one.read_bytes()]


def test_there_and_back_nothing_is_lost(path: Path) -> None:
    before = everything(path)
    assert encrypt(path, KEY) == COUNT + 1
    assert encryption.is_encrypted(path)
    assert encryption.is_key(path, KEY)
    assert everything(path) == before
    assert clear_text(path) == []
    with closing(Database(path, key=KEY)) as database:
        archive = SqliteArchive(database)
        assert len(archive.search(Query(words=("canary",)), limit=1000)) == COUNT
        archive.keep(incoming("said while it was encrypted", COUNT + 1))
        (newest,) = archive.page(CHAT, limit=1).messages
        assert newest.row == COUNT + 2
    assert decrypt(path, KEY) == COUNT + 2
    assert not encryption.is_encrypted(path) and not encryption.marker(path).exists()
    with closing(Database(path)) as database:
        assert len(SqliteArchive(database).search(Query(words=("encrypted",)))) == 1
        assert SqliteCache(database).roster(ME)[0] == "v7"
    assert sorted(one.name for one in path.parent.iterdir()) == ["archive.db"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_only_in_the_log_comes_along(path: Path) -> None:
    script = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from tests.storage.samples import incoming\n"
        "from tui_xmpp.storage.archive import SqliteArchive\nfrom tui_xmpp.storage.database import Database\n"
        "SqliteArchive(Database(Path(sys.argv[1]))).keep(incoming('last canary', 9999))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script, path], timeout=60)
    assert path.with_name("archive.db-wal").stat().st_size
    encrypt(path, KEY)
    assert clear_text(path) == []
    with closing(Database(path, key=KEY)) as database:
        assert SqliteArchive(database).page(CHAT, limit=1).messages[0].body == "last canary"


def test_an_archive_that_is_not_there_yet_begins_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    assert encrypt(path, KEY) == 0
    filled(path, KEY)
    assert clear_text(path) == []


def test_the_old_file_is_overwritten_and_not_only_unnamed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiping.os, "ftruncate", lambda file, size: None)
    # A second file descriptor sees the bytes that are left where the old file was.
    with path.open("rb") as old:
        before = old.read()
        assert b"canary" in before
        encrypt(path, KEY)
        old.seek(0)
        after = old.read()
    assert len(after) == len(before)
    assert not any(after[at : at + 64] == before[at : at + 64] for at in range(0, len(after), 64))


def test_the_copy_is_on_the_disk_before_it_takes_the_name(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(file: int) -> None:
        done.append(f"synced {Path(f'/proc/self/fd/{file}').readlink().name}")
        fsync(file)

    def replaced(self: Path, target: Path) -> Path:
        done.append(f"renamed {self.name.split('.encrypted.')[0]}")
        return replace(self, target)

    monkeypatch.setattr(converting.os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    encrypt(path, KEY)
    at = done.index("renamed archive.db.new")
    assert "synced archive.db.new" in done[:at]
    assert "synced data" in done[at:]


def test_a_second_name_of_the_old_file_is_somebodys_copy(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.hardlink_to(path)
    encrypt(path, KEY)
    assert b"canary" in copy.read_bytes()


def test_while_somebody_reads_it_stays_as_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui_xmpp.storage import connecting

    monkeypatch.setattr(connecting, "BUSY_SECONDS", 0.05)
    before = everything(path)
    # In a process of its own: two libraries in one do not see each other's locks.
    script = (
        "import sqlite3, sys\none = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "one.execute('BEGIN')\none.execute('SELECT count(*) FROM message').fetchone()\n"
        "print('reading', flush=True)\nsys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None and reader.stdin is not None
        reader.stdout.readline()
        with pytest.raises(StorageError, match="Another program"):
            encrypt(path, KEY)
        reader.stdin.close()
    assert not encryption.is_encrypted(path)
    assert everything(path) == before
    encrypt(path, KEY)


def drop_a_message(copy: sqlite3.Connection) -> None:
    copy.execute("PRAGMA recursive_triggers = OFF")
    copy.execute("DELETE FROM message WHERE row = 7")


def drop_an_index(copy: sqlite3.Connection) -> None:
    copy.execute("DROP INDEX message_place")


def spoil_the_search(copy: sqlite3.Connection) -> None:
    copy.execute("UPDATE words_docsize SET sz = x'7f00' WHERE id = 7")


@pytest.mark.parametrize("spoil", [drop_a_message, drop_an_index, spoil_the_search])
def test_a_copy_that_is_not_the_same_is_never_used(
    path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[sqlite3.Connection], None]
) -> None:
    copy = converting._copy

    def spoilt(source: sqlite3.Connection, new: Path, key: bytes) -> None:
        copy(source, new, key)
        with closing(connect(new, key)) as connection:
            spoil(connection)

    before = everything(path)
    monkeypatch.setattr(converting, "_copy", spoilt)
    with pytest.raises(StorageError):
        encrypt(path, KEY)
    assert everything(path) == before
    assert sorted(one.name for one in path.parent.iterdir()) == ["archive.db"]


def test_a_changed_page_of_the_copy_is_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = converting._copy

    def spoilt(source: sqlite3.Connection, new: Path, key: bytes) -> None:
        copy(source, new, key)
        with new.open("r+b") as file:
            file.seek(3 * 4096 + 50)
            file.write(b"\0\0\0\0")

    monkeypatch.setattr(converting, "_copy", spoilt)
    with pytest.raises(StorageError):
        encrypt(path, KEY)
    assert len(everything(path)["message"]) == COUNT + 1


def test_a_full_disk_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(converting.os, "fsync", full)
        with pytest.raises(StorageError, match="no space left"):
            encrypt(path, KEY)
    assert everything(path) == before
    tidy(path)
    assert sorted(one.name for one in path.parent.iterdir()) == ["archive.db"]


def test_with_the_wrong_key_it_stays_encrypted(path: Path) -> None:
    encrypt(path, KEY)
    before = path.read_bytes()
    with pytest.raises(StorageError):
        decrypt(path, bytes(32))
    assert path.read_bytes() == before
    decrypt(path, KEY)


def test_a_link_is_not_wiped(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"canary")
    link.symlink_to(target)
    with pytest.raises(OSError):
        wiping.wipe(link)
    assert target.read_bytes() == b"canary"


# --- killed ----------------------------------------------------------------------------------------------

# Each call that touches the folder, and each thousand steps of SQLite, is a point to be killed at.
KILLED = """
import os, signal, sys
from pathlib import Path
from tui_xmpp.storage import connecting, converting

path, verb, at, steps = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
left = at

def step(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return 0

def hook(event, args):
    if event.startswith(("open", "os.")) and str(path.parent) in repr(args):
        step()

connect = connecting.connect

def watched(*arguments, **options):
    connection = connect(*arguments, **options)
    connection.set_progress_handler(step, steps)
    return connection

if steps:
    converting.connect = watched
else:
    sys.addaudithook(hook)
getattr(converting, verb)(path, bytes(range(32)))
print(at - left)
"""


def run(path: Path, verb: str, at: int, steps: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, path, verb, str(at), str(steps)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode in (0, -9), done.stderr
    return done.stdout.strip()


def points(folder: Path, verb: str, start: Path, steps: int) -> int:
    """How many points there are to be killed at."""
    copy = Path(shutil.copytree(start.parent, folder / "count")) / "archive.db"
    return int(run(copy, verb, 10**9, steps))


@pytest.mark.parametrize("verb", ["encrypt", "decrypt"])
@pytest.mark.parametrize("steps", [0, 1000])
def test_killed_at_any_point_the_old_or_the_new_is_there_whole(
    path: Path, tmp_path: Path, verb: str, steps: int
) -> None:
    before = everything(path)
    if verb == "decrypt":
        encrypt(path, KEY)
    last = points(tmp_path, verb, path, steps)
    assert last > 8
    ends = set()
    # Of SQLite's own steps a sample, of ours each one.
    for at in range(1, last + 1, max(1, last // 12) if steps else 1):
        copy = Path(shutil.copytree(path.parent, tmp_path / str(at))) / "archive.db"
        assert run(copy, verb, at, steps) == ""
        ends.add(encryption.is_encrypted(copy))
        tidy(copy)
        assert everything(copy) == before
        left = {one.name for one in copy.parent.iterdir()}
        assert left == {"archive.db", *(["archive.encrypted"] if encryption.is_encrypted(copy) else [])}
        if encryption.is_encrypted(copy):
            assert clear_text(copy) == []
        # It can be begun again.
        wanted = verb == "encrypt"
        if encryption.is_encrypted(copy) is not wanted:
            {"encrypt": encrypt, "decrypt": decrypt}[verb](copy, KEY)
        assert encryption.is_encrypted(copy) is wanted
        assert everything(copy) == before
    assert ends == {True, False} or steps
