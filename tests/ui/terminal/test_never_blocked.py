"""A terminal that does not read, goes away, stops us or changes its size a hundred times holds up nothing."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import filled
from tests.server.tmux import InTmux
from tests.terminal import Terminal
from tests.ui.terminal.steering import ROOT, Program
from tui_xmpp.storage.paths import locate

LAG = 50.0
"""Milliseconds that the event loop may be late."""
STALL = 8.0
DEADLINE = 20.0


@pytest.fixture
def program() -> Iterator[Program]:
    with Program() as running:
        running.draw()
        yield running


def screen(program: Program) -> str:
    program.draw()
    return "\n".join(
        "".join(glyph.data for glyph in program.emulator.row(y)) for y in range(program.emulator.lines)
    )


def test_a_reader_that_stalls_does_not_stop_the_program(program: Program) -> None:
    found = program.stalled(STALL)
    assert found["longest"] <= LAG
    assert found["rained"] > STALL * 8
    last = re.findall(r"drop (\d+) falls", screen(program))[-1]
    assert int(last) == found["rained"]


def test_a_thousand_suspensions_under_load_lose_nothing(program: Program) -> None:
    program.do("rain", a_second=50)
    program.do("suspend", times=1000)
    found = program.do("dry")
    program.type("still here")
    until = time.monotonic() + DEADLINE
    # What came last may be told a frame after it came.
    while re.findall(r"drop (\d+) falls", shown := screen(program))[-1] != str(found["rained"]):
        assert time.monotonic() < until, shown
    assert "still here" in shown


def test_a_hundred_sizes_end_with_the_last(program: Program) -> None:
    for number in range(100):
        program.terminal.resize(60 + number, 16 + number % 20)
        program.terminal.read(0.01)
    program.resize(100, 30)
    # The panes are laid out a frame after the size is known: for 100 columns without the list.
    until = time.monotonic() + DEADLINE
    while "People" in (shown := screen(program)) or "Which platform?" not in shown:
        assert time.monotonic() < until, shown
    program.type("\x0c")
    assert screen(program) == shown


@pytest.mark.parametrize("way", ["closed", "SIGHUP"])
def test_an_end_of_the_terminal_ends_the_program_and_keeps_the_draft(tmp_path: Path, way: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        paths = locate(tmp_path / "config", tmp_path / "data")
        filled.folder(paths, people=5, chats=3, each=34, port=nobody.getsockname()[1])
        argv = [sys.executable, "-m", "tui_xmpp", "--config", str(paths.config), "--data", str(paths.data)]
        with Terminal(argv) as terminal:
            terminal.wait_for("waiting to try again")
            terminal.send("half a thought")
            terminal.wait_for("> half a thought")
            if way == "closed":
                terminal.hang_up()
            else:
                terminal.process.send_signal(signal.SIGHUP)
            assert terminal.process.wait(5) == 0
        with Terminal(argv) as terminal:
            terminal.wait_for("> half a thought")


def test_a_stop_and_a_continuation_draw_everything_again(program: Program) -> None:
    before = screen(program)
    program.terminal.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, program.terminal.process.pid, os.WSTOPPED | os.WNOWAIT)
    # Somebody else uses the terminal.
    program.emulator.feed("\x1b[2J\x1b[31mnot ours")
    program.terminal.process.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + 5
    while screen(program) != before:
        assert time.monotonic() < deadline


def test_late_answers_are_typed_into_nothing(program: Program) -> None:
    for answer in (
        "\x1b[?2026;2$y",
        "\x1b]11;rgb:1111/2222/3333\x1b\\",
        "\x1b[?62;22c",
        "\x1bP>|foot(1.16)\x1b\\",
    ):
        program.terminal.send(answer[:3])
        program.terminal.read(0.01)
        program.terminal.send(answer[3:])
    program.type("typed")
    assert re.search(r"(?m)^> typed *$", screen(program))


class Shell(InTmux):
    """A shell with job control, in which our program runs."""

    name = "a shell"

    def run(self) -> None:
        self.start("bash", "--norc", "-i")
        self.enter(f"cd {ROOT} && {sys.executable} -m tests.ui.fake_program")
        self.press("Enter")
        self.wait_for("Which platform?")


def test_a_stop_by_job_control_gives_the_shell_its_terminal(tmp_path: Path) -> None:
    shell = Shell(tmp_path, columns=80, rows=24)
    try:
        shell.run()
        shell.enter("a draft")
        before = shell.wait_for("> a draft")
        shell.press("C-z")
        shell.wait_for("Stopped")
        shell.enter("echo $((6 * 7))")
        shell.press("Enter")
        shell.wait_for(re.compile("^42$", re.MULTILINE))
        shell.enter("fg")
        shell.press("Enter")
        shell.wait_for(re.compile(re.escape(before)))
        shell.enter(" goes on")
        shell.wait_for("> a draft goes on")
    finally:
        shell.close()
