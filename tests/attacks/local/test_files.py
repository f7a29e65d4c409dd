"""L-02: umask 000, files that others can read, a data directory that is a link."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal

PROGRAM = [sys.executable, "-m", "tui_xmpp"]
WORDS = "four words of nonsense"


class Place:
    """Folders of an installation whose server is not there."""

    def __init__(self, folder: Path) -> None:
        self.config, self.data = folder / "c", folder / "d"
        self.config.mkdir(mode=0o755)
        (self.config / "config.toml").write_text(
            '[[account]]\naddress = "me@example.org"\nhost = "127.0.0.1"\nport = 1\n'
            'password_command = "echo secret"\n'
        )

    @property
    def command(self) -> list[str]:
        folders = ["--config", str(self.config), "--data", str(self.data)]
        return ["sh", "-c", 'umask 000; exec "$@"', "sh", *PROGRAM, *folders]

    def open_to_others(self) -> dict[str, str]:
        everything = [self.config, self.data, *self.config.rglob("*"), *self.data.rglob("*")]
        modes = {str(one): stat.S_IMODE(one.lstat().st_mode) for one in everything}
        return {name: oct(mode) for name, mode in modes.items() if mode & 0o077}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    yield


def used(place: Place) -> None:
    """Start the screen, let it fail to connect, and kill it."""
    with Terminal(place.command) as screen:
        screen.wait_for("127.0.0.1")
        screen.kill()


def make_vault(place: Place) -> None:
    with Terminal([*place.command, "vault", "create"]) as terminal:
        terminal.wait_for("A passphrase for the vault:")
        terminal.send(f"{WORDS}\r")
        terminal.wait_for("The same again:")
        terminal.send(f"{WORDS}\r")
        assert terminal.wait_exit() == 0
        assert WORDS.encode() not in terminal.raw


def test_whatever_the_umask_others_read_nothing(place: Place) -> None:
    used(place)
    make_vault(place)
    (place.config / "config.toml").chmod(0o644)
    with Terminal([*place.command, "archive", "status"]) as terminal:
        assert terminal.wait_exit() == 0
    with Terminal(place.command) as screen:
        screen.wait_for("Unlock the vault")
        screen.kill()
    assert {one.name for one in place.data.iterdir()} >= {"archive.db", "vault", "lock"}
    assert place.open_to_others() == {}


def test_what_others_could_read_is_closed(place: Place) -> None:
    used(place)
    make_vault(place)
    for one in (place.data, *place.data.rglob("*")):
        one.chmod(0o755 if one.is_dir() else 0o644)
    with Terminal(place.command) as screen:
        screen.wait_for("Unlock the vault")
        screen.kill()
    assert place.open_to_others() == {}


@pytest.mark.parametrize(
    "verb", [["send", "ava@example.org", "hi"], ["vault", "create"], ["archive", "encrypt"]]
)
def test_a_linked_data_directory_is_refused(place: Place, tmp_path: Path, verb: list[str]) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place.data.symlink_to(elsewhere)
    done = subprocess.run(
        [*place.command, *verb], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 1
    assert "is a link" in done.stderr
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["vault", "archive.db", "archive.encrypted", "lock", "archive.db.new", "archive.db.old"]
)
def test_a_linked_file_is_refused_and_its_target_stays(place: Place, tmp_path: Path, name: str) -> None:
    target = tmp_path / "target"
    target.write_text("somebody's")
    target.chmod(0o644)
    place.data.mkdir(mode=0o700)
    (place.data / name).symlink_to(target)
    done = subprocess.run(
        [*place.command, "archive", "encrypt"],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ},
    )
    assert done.returncode == 1
    assert "is a link" in done.stderr
    assert target.read_text() == "somebody's"
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
