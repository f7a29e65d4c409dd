"""The demo from end to end: what it starts, what it shows, and that nothing is left of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli import processes
from tests.terminal import Terminal
from tui_xmpp.cli.demo import Stage, demo
from tui_xmpp.cli.exit_codes import ExitCode, Failure

CTRL_Q = "\x11"
OPENS_WITHIN = 3.0
"""Seconds, once everything is installed."""
GENTLY = 3.0
"""Times longer on a machine that does other things too."""

# The demo around a screen that only says where it is, and waits.
WITHOUT_SCREEN = """
import time
from tui_xmpp.cli.demo import demo
def screen(stage):
    stage.wait()
    print(stage.data.parent, flush=True)
    time.sleep(120)
demo(screen)
"""


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the demo makes its folder."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield tmp_path
    assert not processes.wait_gone(str(tmp_path))


def test_without_prosody_one_sentence_says_what_to_install(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(scratch))
    with pytest.raises(Failure, match="Install the package prosody") as caught:
        demo(lambda stage: ExitCode.OK)
    assert caught.value.code is ExitCode.FAILED
    assert not list(scratch.glob("tui-xmpp-demo-*"))


@pytest.mark.server
def test_everything_is_set_up_while_the_screen_is_open_and_gone_after(scratch: Path) -> None:
    seen: list[Path] = []

    def screen(stage: Stage) -> ExitCode:
        folder = stage.data.parent
        seen.append(folder)
        stage.wait()
        assert processes.wait_there(str(folder), "prosody")
        assert processes.wait_there(str(folder), "demo-bots")
        config = (stage.config / "config.toml").read_text()
        assert "alice@localhost" in config
        assert "password" not in config
        return ExitCode.OK

    assert demo(screen) is ExitCode.OK
    assert not processes.wait_gone(str(seen[0]))
    assert not seen[0].exists()


@pytest.mark.server
def test_nothing_outlives_a_demo_that_is_killed(scratch: Path) -> None:
    running = subprocess.Popen([sys.executable, "-c", WITHOUT_SCREEN], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    folder = running.stdout.readline().strip()
    assert processes.of_folder(folder)
    running.send_signal(signal.SIGKILL)
    running.wait(10)
    running.stdout.close()
    assert not processes.wait_gone(folder)


@pytest.mark.server
def test_the_real_program_shows_the_company_and_an_echo(scratch: Path) -> None:
    with Terminal([sys.executable, "-m", "tui_xmpp", "demo"], columns=120, rows=36) as terminal:
        terminal.wait_for("Ava")
        assert time.monotonic() - terminal.started < OPENS_WITHIN * GENTLY
        terminal.wait_for(r"#Community gar", 30)
        number = terminal.wait_for(r"(\d) Ava ", 30)[1]
        terminal.send(f"/go {number}\r")
        terminal.wait_for("I say back whatever", 30)
        terminal.send("hello echo")
        terminal.wait_for("hello echo")
        terminal.send("\r")
        _wait_twice(terminal, "hello echo")
        (scratch / "plan.txt").write_text("the plan")
        terminal.send(f"/send {scratch / 'plan.txt'}\r")
        terminal.wait_for(r"plan\.txt · 8 B", 30)
        terminal.send(CTRL_Q)
        assert terminal.wait_exit() == 0
    assert not processes.wait_gone(str(scratch))
    assert not list(scratch.glob("tui-xmpp-demo-*"))


@pytest.mark.server
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_demo_leaves_nothing_when_it_is_told_to_go(scratch: Path, number: signal.Signals) -> None:
    with Terminal([sys.executable, "-m", "tui_xmpp", "demo"], columns=120, rows=36) as terminal:
        terminal.wait_for(r"\d Ava ", 30)
        os.kill(terminal.process.pid, number)
        assert terminal.wait_exit() == 0
    assert not processes.wait_gone(str(scratch))
    assert not list(scratch.glob("tui-xmpp-demo-*"))


def _wait_twice(terminal: Terminal, text: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while len(re.findall(text, terminal.text())) < 2:
        assert time.monotonic() < deadline, terminal.text()
        terminal.read()
