"""How fast the program is on the screen, against the smallest Textual application in the same run.

The ordinary start shows the last session's screen first; the time to the first live frame stands beside it.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

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
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """As after any installation: Python keeps what it compiled, here in a folder that the warm-up fills."""
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("compiled"))}


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory, nobody: int) -> Paths:
    """Folders of an account with 40 people and 3 chats, 1,000 messages in all."""
    folder = tmp_path_factory.mktemp("used")
    paths = locate(folder / "config", folder / "data", {})
    filled.folder(paths, people=40, chats=3, each=334, port=nobody)
    return paths


def ours(paths: Paths) -> list[str]:
    return [str(PROGRAM), "--config", str(paths.config), "--data", str(paths.data)]


def shown(environment: dict[str, str], argv: Sequence[str], *patterns: str) -> float:
    """Seconds from the start of a program to the moment when its screen shows all of the patterns."""
    with Terminal(argv, columns=120, rows=40, env=environment) as terminal:
        for pattern in patterns:
            terminal.wait_for(pattern)
        return time.monotonic() - terminal.started


def first_paint(environment: dict[str, str], paths: Paths, newest: str, *, kept: bool = False) -> float:
    """The list with a chat's name, and the text of the newest message; `kept`: from the last session."""
    # What is killed keeps no frame, so that each folder stays what it is.
    assert (paths.cache / "screen").exists() is kept
    return shown(environment, ours(paths), "Bram 0001", newest)


def leave(environment: dict[str, str], paths: Paths, newest: str) -> None:
    """One session, ended as a user ends it."""
    with Terminal(ours(paths), columns=120, rows=40, env=environment) as terminal:
        terminal.wait_for(newest)
        terminal.send("\x11")
        assert terminal.wait_exit() == 0


def lasted(environment: dict[str, str], argv: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True, env={**os.environ, **environment})
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


def test_start(used: Paths, million: Path, nobody: int, tmp_path: Path, compiled: dict[str, str]) -> None:
    large = locate(tmp_path / "config", tmp_path / "data", {})
    large.data.mkdir()
    shutil.copy(million, large.database)
    filled.folder(large, people=40, chats=0, each=0, port=nobody)
    left = locate(tmp_path / "left" / "config", tmp_path / "left" / "data", {})
    filled.folder(left, people=40, chats=3, each=334, port=nobody)
    newest = "the new figures"
    leave(compiled, left, newest)
    minimal, paint, drawn, big = alternating(
        lambda: shown(compiled, [sys.executable, str(MINIMAL)], "first paint"),
        lambda: first_paint(compiled, left, newest, kept=True),
        lambda: first_paint(compiled, used, newest),
        lambda: first_paint(compiled, large, f"ok {filled.RARE}"),
    )
    nothing, version = alternating(
        lambda: lasted(compiled, [sys.executable, "-c", "pass"]),
        lambda: lasted(compiled, [str(PROGRAM), "--version"]),
    )
    results.write(
        "start",
        {
            "title": f"Start with Python's bytecode kept, medians of {RUNS} runs",
            "table": [
                ["what", "ms", "times"],
                ["first paint of the smallest Textual application", ms(minimal), ""],
                ["first paint: the last session's screen", ms(paint), times(paint, minimal)],
                [
                    "first live frame; the very first start shows nothing before it",
                    ms(drawn),
                    times(drawn, minimal),
                ],
                ["first live frame, from an archive of 1,000,000 messages", ms(big), times(big, minimal)],
                ["`python -c pass`", ms(nothing), ""],
                ["`tui-xmpp --version`", ms(version), times(version, nothing)],
            ],
            "first_paint_ms": {
                "minimal": ms(minimal),
                "kept_frame": ms(paint),
                "drawn_archive_1000": ms(drawn),
                "drawn_archive_1000000": ms(big),
            },
            "first_paint_ratio": round(paint / minimal, 3),
            "first_drawn_ratio": round(drawn / minimal, 3),
            "archive_size_ratio": round(big / drawn, 3),
            "version_ms": {"python": ms(nothing), "tui-xmpp --version": ms(version)},
        },
    )
    print(f"\nfirst paint {times(paint, minimal)}, first live frame {times(drawn, minimal)} times minimal")
    assert paint <= FIRST_PAINT_BAR * minimal
    assert big <= drawn * 1.2
    assert version <= VERSION_BAR * nothing + VERSION_SECONDS


def times(seconds: float, yardstick: float) -> str:
    return f"{seconds / yardstick:.2f}"


def ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
