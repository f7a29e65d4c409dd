"""The real program in a real tmux, and what reaches the terminal outside of it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.terminal import Terminal

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")


ASKING = """
import asyncio, sys
from tui_xmpp.ui.terminal.notification import notification
from tui_xmpp.ui.terminal.passthrough import Between, wrapped
from tui_xmpp.ui.terminal.tmux import ask_tmux

name = asyncio.run(ask_tmux("display-message", "-p", "#{client_termname}"))
wrong = asyncio.run(ask_tmux("no-such-command"))
print(f"{name} {wrong}", wrapped(notification("9", "ava", "New message"), Between.TMUX), flush=True)
sys.stdin.read()
"""


@contextmanager
def tmux(folder: Path, *program: str) -> Iterator[Terminal]:
    """The terminal outside of a server of its own, with default options but for two."""
    options = folder / "options"
    options.write_text("set -g status off\nset -g allow-passthrough on\n")
    command = ["tmux", "-S", str(folder / "tmux"), "-f", str(options)]
    with Terminal([*command, "new-session", shlex.join([sys.executable, *program])], cwd=ROOT) as outside:
        yield outside
        subprocess.run([*command, "kill-server"], check=True, timeout=10)


def test_what_is_copied_reaches_the_clipboard_with_the_default_options(tmp_path: Path) -> None:
    with tmux(tmp_path, "-m", "tests.ui.fake_program") as outside:
        outside.wait_for("Which platform")
        outside.send("\x1b[1;5A")
        outside.send("ky")
        outside.wait_for("Sent to tmux, and to the clipboard unless")
        # "Shall we meet at the station?"
        osc = b"\x1b]52;;U2hhbGwgd2UgbWVldCBhdCB0aGUgc3RhdGlvbj8="
        outside.wait_until(lambda: osc in outside.raw.replace(b"52;c;", b"52;;"), "OSC 52")


def test_a_notification_reaches_the_terminal_that_tmux_names(tmp_path: Path) -> None:
    with tmux(tmp_path, "-c", ASKING) as outside:
        outside.wait_for("xterm-256color None")
        outside.wait_until(lambda: b"\x1b]9;tui-xmpp: ava: New message\x07" in outside.raw, "OSC 9")
