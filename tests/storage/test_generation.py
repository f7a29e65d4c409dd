"""Whether a database is an older copy is known, and nothing else is taken for one."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from tui_xmpp.core import restored
from tui_xmpp.storage.database import Database
from tui_xmpp.storage.generation import Generation
from tui_xmpp.storage.keyvalue import SqliteKeyValue


def used(folder: Path, times: int = 1) -> str | None:
    """Open the database, write so many times, close it; returns what it says of having been put back."""
    path = folder / "archive.db"
    with closing(Database(path, generation=Generation(path))) as database:
        facts = SqliteKeyValue(database)
        for number in range(times):
            with database.writing():
                facts.put("test", "n", str(number))
        return facts.get(restored.SPACE, restored.LAST)


def test_e12_an_older_copy_that_is_put_back_is_noticed_each_time(tmp_path: Path) -> None:
    database, copy = tmp_path / "archive.db", tmp_path / "copy"
    assert used(tmp_path) is None
    shutil.copy(database, copy)
    assert used(tmp_path) is None
    shutil.copy(copy, database)
    first = used(tmp_path)
    assert first is not None
    assert used(tmp_path) == first
    shutil.copy(copy, database)
    assert used(tmp_path) not in (None, first)


def test_e12_a_copy_of_the_running_program_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    database = Database(path, generation=Generation(path))
    with database.writing():
        SqliteKeyValue(database).put("test", "n", "1")
    with closing(database.reader().__class__(str(tmp_path / "copy"))) as copy:
        database.reader().backup(copy)
    with database.writing():
        SqliteKeyValue(database).put("test", "n", "2")
    database.close()
    shutil.copy(tmp_path / "copy", path)
    assert used(tmp_path) is not None


def test_e12_a_directory_that_is_put_back_whole_is_noticed(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    used(here)
    shutil.copytree(here, tmp_path / "kept")
    used(here)
    here.rename(tmp_path / "spoilt")
    shutil.copytree(tmp_path / "kept", here)
    assert used(here) is not None


def test_e12_a_database_that_comes_alone_is_noticed(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    used(tmp_path)
    shutil.copy(tmp_path / "archive.db", here)
    assert used(here) is not None


def test_e12_a_kill_between_database_and_count_is_no_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Generation, "_write", lambda self: None)
        assert used(tmp_path, times=3) is None
    assert used(tmp_path) is None


def test_e12_a_kill_at_the_first_start_is_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def kill(self: Generation) -> tuple[bool, str]:
        found(self)
        raise Killed

    found = Generation._find_origin
    with monkeypatch.context() as patch:
        patch.setattr(Generation, "_find_origin", kill)
        with pytest.raises(Killed):
            used(tmp_path)
    assert used(tmp_path) is None


def test_what_was_undone_is_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with closing(Database(path, generation=Generation(path))) as database:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError), database.writing():
                SqliteKeyValue(database).put("test", "n", str(1 // 0))
    assert used(tmp_path) is None


def test_other_rights_and_another_name_of_the_directory_are_no_copy(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    used(here)
    for file in here.iterdir():
        file.chmod(0o600)
    moved = here.rename(tmp_path / "there")
    assert used(moved) is None


def test_a_count_that_a_power_cut_has_spoilt_is_no_copy(tmp_path: Path) -> None:
    used(tmp_path)
    (tmp_path / "archive.count").write_bytes(b"\0" * 20)
    assert used(tmp_path) is None
