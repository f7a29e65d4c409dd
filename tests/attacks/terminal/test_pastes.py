"""T-09: a paste is one piece of the draft, whatever is in it: nothing is sent, and no command is run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.terminal.sequences import foreign
from tests.terminal import Terminal

ROOT = Path(__file__).parents[3]
BEGIN, END = "\x1b[200~", "\x1b[201~"
LONG = "line of a log\n" * 360_000
"""Five megabytes."""


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal([sys.executable, "-m", "tests.ui.fake_program"], cwd=ROOT) as running:
        running.wait_for("Which platform")
        yield running


@pytest.mark.parametrize(
    "pasted",
    [
        "one\n/quit\nlast",
        "/quit\r\nlast",
        f"one{END}/quit\rlast",
        f"one{END}\r/quit\rlast",
        f"one{END}{BEGIN}/quit\rlast",
        f"one{END}\x1b[13u/quit\x1b[13ulast",
        f"one{END}\x11\x1bq last",
        "one\x1b]52;c;eA==\x07\x9b6n\x00last",
    ],
)
def test_t09_nothing_is_sent_and_nothing_runs(terminal: Terminal, pasted: str) -> None:
    terminal.send(f"{BEGIN}{pasted}{END}")
    terminal.wait_for("> [^\n]*(?:\n[^\n]*){0,2}last")
    assert "◌" not in terminal.text()
    assert terminal.process.poll() is None
    assert foreign(bytes(terminal.raw)) == []


def test_t09_five_megabytes_are_one_draft(terminal: Terminal) -> None:
    terminal.send_all(f"{BEGIN}{LONG}{END}")
    terminal.wait_for("line of a log")
    terminal.send("\x1bs")
    terminal.wait_for("alice@example.org: online")
    assert "◌" not in terminal.text()
