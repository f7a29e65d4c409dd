"""What the program says about a terminal it cannot draw on."""

from __future__ import annotations

import sys

import pytest

from tests.terminal import Terminal

PROGRAM = [sys.executable, "-m", "tui_xmpp"]


@pytest.mark.parametrize(
    ("columns", "rows", "env", "said"),
    [
        (30, 10, {}, "30×10"),
        (80, 24, {"TERM": "dumb"}, "TERM"),
        (80, 24, {"PYTHONIOENCODING": "latin-1"}, "UTF-8"),
    ],
)
def test_a_sentence_and_two(columns: int, rows: int, env: dict[str, str], said: str) -> None:
    with Terminal(PROGRAM, columns=columns, rows=rows, env=env) as terminal:
        assert terminal.wait_exit() == 2
        while terminal.read():
            pass
        assert said in terminal.text().replace("\n", "")
