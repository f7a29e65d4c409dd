"""Where fetched files are put."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_xmpp.session.download_place import download_place


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def desktop(environ: dict[str, str], text: str) -> None:
    folder = Path(environ["HOME"]) / ".config"
    folder.mkdir()
    (folder / "user-dirs.dirs").write_text(text)


def test_what_is_asked_for_goes_before_what_is_configured(environ: dict[str, str]) -> None:
    assert download_place("/a", "/b", environ) == Path("/a")
    assert download_place("", "/b", environ) == Path("/b")
    assert download_place("", "~/b", environ) == Path.home() / "b"


def test_without_either_it_is_the_desktops_place(environ: dict[str, str]) -> None:
    home = Path(environ["HOME"])
    assert download_place("", "", environ) == home / "Downloads"
    desktop(environ, '# by hand\nXDG_MUSIC_DIR="$HOME/Music"\nXDG_DOWNLOAD_DIR="$HOME/got here"\n')
    assert download_place("", "", environ) == home / "got here"
    assert download_place("", "", {**environ, "XDG_DOWNLOAD_DIR": "/srv/got"}) == Path("/srv/got")


@pytest.mark.parametrize(
    "line", ['XDG_DOWNLOAD_DIR="$HOME"', 'XDG_DOWNLOAD_DIR="got"', "XDG_DOWNLOAD_DIR=$(id)", "\udcff"]
)
def test_what_names_no_place_of_its_own_is_passed_over(environ: dict[str, str], line: str) -> None:
    desktop(environ, line.encode("utf-8", "surrogateescape").decode("latin-1"))
    assert download_place("", "", environ) == Path(environ["HOME"]) / "Downloads"
    relative = {**environ, "XDG_DOWNLOAD_DIR": "got"}
    assert download_place("", "", relative) == Path(environ["HOME"]) / "Downloads"
