"""L-02, L-03: what the running program lets others read, and what it leaves behind when it dies."""

from __future__ import annotations

import os
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal

ROOT = Path(__file__).parents[3]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[int]:
    """The process id of a program that was started with everything open."""
    folders = ["--config", str(tmp_path / "config"), "--data", str(tmp_path / "data")]
    umask, limits = os.umask(0), resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))
    try:
        terminal = Terminal([sys.executable, "-m", "tui_xmpp", *folders], cwd=ROOT)
    finally:
        os.umask(umask)
        resource.setrlimit(resource.RLIMIT_CORE, limits)
    with terminal:
        terminal.wait_for("Address")
        yield terminal.process.pid


def test_l02_new_files_are_for_nobody_else(running: int) -> None:
    status = Path(f"/proc/{running}/status").read_text()
    assert re.search(r"(?m)^Umask:\s+0077$", status)


def test_l03_its_memory_is_not_written_to_the_disk(running: int) -> None:
    limits = Path(f"/proc/{running}/limits").read_text()
    assert re.search(r"(?m)^Max core file size\s+0 ", limits)
