"""The program's directories: where they are, and that nobody else gets in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_xmpp.core.ports import AlreadyRunning, StorageError
from tui_xmpp.storage.instance_lock import InstanceLock
from tui_xmpp.storage.paths import Paths, locate, secure


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return locate(tmp_path / "c", tmp_path / "d", {"HOME": str(tmp_path)})


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_xdg_directories(tmp_path: Path) -> None:
    home = {"HOME": "/home/x", "XDG_CONFIG_HOME": "relative", "XDG_RUNTIME_DIR": str(tmp_path)}
    paths = locate(environ=home)
    assert paths.config_file == Path("/home/x/.config/tui-xmpp/config.toml")
    assert paths.database == Path("/home/x/.local/share/tui-xmpp/archive.db")
    assert paths.cache == Path("/home/x/.cache/tui-xmpp")
    assert paths.runtime == tmp_path / "tui-xmpp"
    paths = locate(environ={"HOME": "/home/x", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d"})
    assert (paths.config, paths.data) == (Path("/c/tui-xmpp"), Path("/d/tui-xmpp"))
    assert paths.runtime == Path("/d/tui-xmpp/run")


def test_given_directories_have_a_runtime_directory_of_their_own(tmp_path: Path) -> None:
    environ = {"HOME": "/home/x", "XDG_RUNTIME_DIR": str(tmp_path)}
    one = locate(Path("c"), tmp_path / "one", environ)
    two = locate(Path("c"), tmp_path / "two", environ)
    assert one.config == Path.cwd() / "c"
    assert one.cache == tmp_path / "one" / "cache"
    assert len({one.runtime, two.runtime, locate(environ=environ).runtime}) == 3
    assert locate(data=tmp_path / "one", environ=environ).runtime == one.runtime


def test_directories_are_made_for_the_user_alone(paths: Paths) -> None:
    secure(paths)
    for directory in (paths.config, paths.data, paths.cache, paths.runtime):
        assert mode(directory) == 0o700
    (paths.data / "new").touch()
    assert mode(paths.data / "new") == 0o600


def test_what_was_too_open_is_closed(paths: Paths) -> None:
    for directory in (paths.config, paths.data):
        directory.mkdir(mode=0o755)
    for file in (paths.config_file, paths.database):
        file.touch(mode=0o644)
    secure(paths)
    assert [mode(one) for one in (paths.config, paths.data)] == [0o700, 0o700]
    assert [mode(one) for one in (paths.config_file, paths.database)] == [0o600, 0o600]


def test_a_linked_data_directory_is_refused(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    paths.data.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="is a link"):
        secure(paths)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_linked_database_is_refused(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "bait").touch(mode=0o644)
    paths.data.mkdir()
    paths.database.symlink_to(tmp_path / "bait")
    with pytest.raises(StorageError, match="is a link"):
        secure(paths)
    assert mode(tmp_path / "bait") == 0o644


def test_a_linked_config_file_is_allowed_and_closed(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "dotfiles.toml").touch(mode=0o644)
    paths.config.mkdir()
    paths.config_file.symlink_to(tmp_path / "dotfiles.toml")
    secure(paths)
    assert mode(tmp_path / "dotfiles.toml") == 0o600


def test_somebody_elses_directory_is_refused(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.data.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(StorageError, match="belongs to somebody else"):
        secure(paths)


def test_a_file_in_the_way_is_a_sentence(paths: Paths) -> None:
    paths.data.touch()
    with pytest.raises(StorageError, match=r"file exists\. Check"):
        secure(paths)


_HOLD = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from tui_xmpp.storage.instance_lock import InstanceLock
lock = InstanceLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_the_second_instance_hears_who_holds_the_directory(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path), root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=rf"process {holder.pid}\)"):
            InstanceLock(path)
        holder.kill()
    # The lock of a killed process is free.
    lock = InstanceLock(path)
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        InstanceLock(path)
    lock.release()
    lock.release()
    InstanceLock(path).release()
    assert mode(path) == 0o600
