"""The real program in a real tmux, and what reaches the terminal outside of it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Terminal]:
    """The terminal that tmux is attached to, with default options but no status line."""
    options = tmp_path / "options"
    options.write_text("set -g status off\n")
    tmux = ["tmux", "-S", str(tmp_path / "tmux"), "-f", str(options)]
    program = shlex.join([sys.executable, "-m", "tests.ui.fake_program"])
    with Terminal([*tmux, "new-session", program], cwd=ROOT) as running:
        running.wait_for("Which platform")
        yield running
        subprocess.run([*tmux, "kill-server"], check=True, timeout=10)


def test_what_is_copied_reaches_the_clipboard_with_the_default_options(outside: Terminal) -> None:
    outside.send("\x1b[1;5A")
    outside.send("ky")
    outside.wait_for("Sent to tmux, and to the clipboard unless")
    # "Shall we meet at the station?"
    osc = b"\x1b]52;;U2hhbGwgd2UgbWVldCBhdCB0aGUgc3RhdGlvbj8="
    outside.wait_until(lambda: osc in outside.raw.replace(b"52;c;", b"52;;"), "OSC 52")
