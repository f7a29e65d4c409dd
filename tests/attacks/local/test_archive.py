"""L-11: odd words in a search, and an archive that is newer, spoilt or on a full disk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.attacks.local.conftest import begin_with
from tests.storage.samples import AVA, CHAT, incoming
from tui_xmpp.core.ports import StorageError, VaultError
from tui_xmpp.core.query import Query
from tui_xmpp.storage import encryption, migrations
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.connecting import connect
from tui_xmpp.storage.converting import encrypt
from tui_xmpp.storage.database import Database
from tui_xmpp.storage.paths import Paths, locate, secure
from tui_xmpp.storage.vault_file import Cost, VaultFile

KEY = bytes(range(32))
COUNT = 400
PROGRAM = [sys.executable, "-m", "tui_xmpp"]
# A keyring with the key in it, for a process of its own.
KEYRING = f"""
import keyring.backend

class Keyring:
    priority = 9
    def get_password(self, service, username):
        return "{KEY.hex()}" if service == "tui-xmpp secret" else None

Keyring.__module__ = "keyring.backends.SecretService"
keyring.backend.get_all_keyring = lambda: [Keyring()]
"""


@pytest.fixture(params=["plain", "encrypted"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """The folders of an installation with messages, plain or encrypted."""
    paths = locate(tmp_path / "c", tmp_path / "d")
    secure(paths)
    for name, text in begin_with(tmp_path / "site", KEYRING).items():
        monkeypatch.setenv(name, text)
    key = None
    if request.param == "encrypted":
        key = KEY
        encryption.mark(paths.database, KEY)
    with closing(Database(paths.database, key=key)) as database:
        SqliteArchive(database).keep_all([incoming(f"message {one} " * 40, one) for one in range(COUNT)])
    return paths


def key_of(paths: Paths) -> bytes | None:
    return KEY if encryption.is_encrypted(paths.database) else None


def run(paths: Paths, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "--config", str(paths.config), "--data", str(paths.data), *words],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def history(paths: Paths) -> subprocess.CompletedProcess[str]:
    return run(paths, "history", str(AVA), "--limit", "0")


def newer(paths: Paths) -> None:
    with closing(connect(paths.database, key_of(paths))) as connection:
        connection.execute(f"PRAGMA user_version = {len(migrations.ALL) + 1}")


def spoilt_pages(paths: Paths) -> None:
    size = paths.database.stat().st_size
    with paths.database.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (size - 8192))


def cut_short(paths: Paths) -> None:
    with paths.database.open("r+b") as file:
        file.truncate(paths.database.stat().st_size // 2 // 4096 * 4096)


@pytest.mark.parametrize(
    ("spoil", "said"), [(newer, "newer tui-xmpp"), (spoilt_pages, "damaged"), (cut_short, "damaged")]
)
def test_a_spoilt_archive_is_a_sentence_and_stays(
    place: Paths, spoil: Callable[[Paths], None], said: str
) -> None:
    assert len(history(place).stdout.splitlines()) == COUNT
    spoil(place)
    before = place.database.read_bytes()
    for words in (("history", str(AVA), "--limit", "0"), ("archive", "encrypt"), ("archive", "decrypt")):
        done = run(place, *words)
        assert done.returncode == 1, done.stderr
        assert said in done.stderr or "already" in done.stderr
        assert "Traceback" not in done.stderr
        assert place.database.read_bytes() == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can make a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("key", [None, KEY])
def test_on_a_full_disk_nothing_that_was_kept_is_lost(small_disk: Path, key: bytes | None) -> None:
    path = small_disk / "archive.db"
    kept = 0
    with closing(Database(path, key=key)) as database:
        archive = SqliteArchive(database)
        with pytest.raises(StorageError, match="full"):
            for kept in range(10_000):
                archive.keep(incoming(f"message {kept} " * 100, kept, id=str(kept)))
    with closing(Database(path, key=key, read_only=True)) as database:
        found = SqliteArchive(database).page(CHAT, limit=10_000).messages
    assert [one.id for one in found] == [str(one) for one in range(kept)]
    assert kept > 10


def test_a_full_disk_changes_neither_vault_nor_archive(small_disk: Path) -> None:
    path = small_disk / "archive.db"
    with closing(Database(path)) as database:
        SqliteArchive(database).keep_all([incoming(f"message {one} " * 40, one) for one in range(300)])
    vault = VaultFile(small_disk / "vault", Cost(memory=19 * 1024, passes=2, lanes=1)).create("four words")
    vault.put("a", "secret")
    with (small_disk / "filler").open("wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"x" * 4096)
    before = vault.path.read_bytes()
    with pytest.raises(VaultError, match="cannot be written"):
        vault.put("b", "another")
    # Full at once, and with room for a part of the copy.
    for room in (0, 40 * 4096):
        filler = small_disk / "filler"
        with filler.open("r+b") as file:
            file.truncate(filler.stat().st_size - room)
        with pytest.raises(StorageError, match=r"full|no space"):
            encrypt(path, KEY)
        assert vault.path.read_bytes() == before
        left = {one.name for one in small_disk.iterdir()} - {"archive.db-shm", "archive.db-wal"}
        assert left == {"archive.db", "filler", "vault"}
    filler.unlink()
    with closing(connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (300,)


ODD = [
    '"',
    "'; DROP TABLE message; --",
    "a AND NOT b",
    "NEAR(a b)",
    "body:",
    "*",
    "%",
    "_",
    "\\",
    "\0",
    "(",
    "^a",
    "-a",
]


@pytest.mark.parametrize("text", ODD, ids=repr)
def test_odd_words_are_looked_for_as_they_are(place: Paths, text: str) -> None:
    with closing(Database(place.database, key=key_of(place))) as database:
        archive = SqliteArchive(database)
        archive.keep(incoming(f"before {text} after", COUNT))
        for query in (Query(words=(text,)), Query(phrases=(text,)), Query(words=("before",), sender=text)):
            archive.search(query)
        assert len(archive.page(CHAT, limit=1000).messages) == COUNT + 1
        assert len(archive.search(Query(words=("before",)))) == 1
