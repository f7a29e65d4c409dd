"""F-01: whatever a file is called, it becomes a fresh one in the directory, for its owner only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.session.file_names import create, safe_name

HOSTILE = [
    "../x",
    "..",
    ".",
    "",
    "%2e%2e%2fx",
    "%252e%252e%252fx",
    "/etc/x",
    "C:\\autoexec.bat",
    "..\\x",
    ".bashrc",
    "-rf",
    "--help",
    "~root",
    "a\x00b",
    "a\nb",
    "\x1b[2J",
    "a" * 300,
    "ü" * 300,
    "a" * 300 + ".tar.gz",
    "x." + "y" * 300,
    "gpj.\u202eexe",
    " . ",
    "....",
    "name. ",
    "\ud800",
]


def check(name: str) -> None:
    assert name and name not in (".", "..")
    assert len(os.fsencode(name)) <= 255
    assert not set(name) & set("/\\\0\n\u202e\x1b")
    assert name[0] not in ".-~ " and name[-1] not in ". "


@pytest.mark.parametrize("proposed", HOSTILE)
def test_a_hostile_name_is_neutralised(proposed: str, tmp_path: Path) -> None:
    inside = tmp_path / "downloads"
    inside.mkdir()
    before = set(tmp_path.iterdir())
    descriptor, path = create(inside, proposed)
    os.close(descriptor)
    check(path.name)
    assert path.parent == inside and path.resolve().parent == inside.resolve()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(tmp_path.iterdir()) == before and list(inside.iterdir()) == [path]


@given(st.text())
def test_every_name_is_neutralised(proposed: str) -> None:
    name = safe_name(proposed)
    check(name)
    assert len(os.fsencode(name)) <= 255 - len(" (1000)")


def test_an_honest_name_stays() -> None:
    for name in ("Urlaub am Meer.jpg", "très cool.jpg", "写真.png", "archive.tar.gz"):
        assert safe_name(name) == name


def test_what_is_there_is_never_touched(tmp_path: Path) -> None:
    precious = tmp_path.parent / "precious"
    precious.write_text("mine")
    (tmp_path / "a.txt").write_text("first")
    (tmp_path / "a (1).txt").symlink_to(precious)
    (tmp_path / "a (2).txt").symlink_to(tmp_path / "nothing there")
    os.mkfifo(tmp_path / "a (3).txt")
    descriptor, path = create(tmp_path, "a.txt")
    os.write(descriptor, b"new")
    os.close(descriptor)
    assert path.name == "a (4).txt"
    assert (precious.read_text(), (tmp_path / "a.txt").read_text()) == ("mine", "first")
    assert not (tmp_path / "nothing there").exists()


def test_a_long_name_is_copied_too(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        descriptor, path = create(tmp_path, "n" * 400 + ".jpeg")
        os.close(descriptor)
        names.append(path.name)
    assert len(set(names)) == 3 and all(name.endswith(".jpeg") for name in names)
