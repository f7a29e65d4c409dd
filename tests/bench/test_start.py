"""How fast the program is on the screen, against the smallest Textual application in the same run."""

from __future__ import annotations

import compileall
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import tui_xmpp
from tests.bench import filled, results
from tests.terminal import Terminal
from tui_xmpp.storage.paths import Paths, locate

pytestmark = pytest.mark.bench
RUNS = 11
FIRST_PAINT_BAR = 1.3
VERSION_BAR = 1.5
VERSION_SECONDS = 0.1
MINIMAL = Path(__file__).parent / "minimal_app.py"
PROGRAM = Path(sys.executable).with_name("tui-xmpp")


@pytest.fixture(scope="module")
def nobody() -> Iterator[int]:
    """A port of loopback where connections are taken by nobody."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory, nobody: int) -> Paths:
    """Folders of an account with 40 people and 3 chats, 1,000 messages in all."""
    compileall.compile_dir(Path(tui_xmpp.__file__).parent, quiet=2)
    folder = tmp_path_factory.mktemp("used")
    paths = locate(folder / "config", folder / "data", {})
    filled.folder(paths, people=40, chats=3, each=334, port=nobody)
    return paths


def ours(paths: Paths) -> list[str]:
    return [str(PROGRAM), "--config", str(paths.config), "--data", str(paths.data)]


def shown(argv: Sequence[str], *patterns: str) -> float:
    """Seconds from the start of a program to the moment when its screen shows all of the patterns."""
    with Terminal(argv, columns=120, rows=40) as terminal:
        for pattern in patterns:
            terminal.wait_for(pattern)
        return time.monotonic() - terminal.started


def first_paint(paths: Paths, newest: str) -> float:
    """The list with a chat's name, and the text of the newest message."""
    return shown(ours(paths), "Bram 0001", newest)


def lasted(argv: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True)
    return time.perf_counter() - began


def alternating(*runs: object) -> list[float]:
    """The median of each, in seconds, after one run of each to warm up."""
    taken: list[list[float]] = [[] for _ in runs]
    for number in range(RUNS + 1):
        for run, times in zip(runs, taken, strict=True):
            seconds = run()  # type: ignore[operator]
            if number:
                times.append(seconds)
    return [statistics.median(times) for times in taken]


def test_start(used: Paths, million: Path, nobody: int, tmp_path: Path) -> None:
    large = locate(tmp_path / "config", tmp_path / "data", {})
    large.data.mkdir()
    shutil.copy(million, large.database)
    filled.folder(large, people=40, chats=0, each=0, port=nobody)
    minimal, small, big = alternating(
        lambda: shown([sys.executable, str(MINIMAL)], "first paint"),
        lambda: first_paint(used, "the new figures"),
        lambda: first_paint(large, f"ok {filled.RARE}"),
    )
    nothing, version = alternating(
        lambda: lasted([sys.executable, "-c", "pass"]), lambda: lasted([str(PROGRAM), "--version"])
    )
    ratio = small / minimal
    results.write(
        "start",
        {
            "title": f"Start, medians of {RUNS} runs",
            "table": [
                ["what", "ms", "times"],
                ["first paint of the smallest Textual application", ms(minimal), ""],
                ["first paint, from an archive of 1,000 messages", ms(small), f"{ratio:.2f}"],
                ["first paint, from an archive of 1,000,000 messages", ms(big), f"{big / minimal:.2f}"],
                ["`python -c pass`", ms(nothing), ""],
                ["`tui-xmpp --version`", ms(version), f"{version / nothing:.2f}"],
            ],
            "first_paint_ms": {"minimal": ms(minimal), "archive_1000": ms(small), "archive_1000000": ms(big)},
            "first_paint_ratio": round(ratio, 3),
            "archive_size_ratio": round(big / small, 3),
            "version_ms": {"python": ms(nothing), "tui-xmpp --version": ms(version)},
        },
    )
    assert ratio <= FIRST_PAINT_BAR
    assert big <= small * 1.2
    assert version <= VERSION_BAR * nothing + VERSION_SECONDS


def ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
