"""Opens links, on the machine of the user alone: never on the one at the other end of an SSH session."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from tui_xmpp.core.terminal import is_remote
from tui_xmpp.ui.terminal.tmux import ask_tmux

_ATTACHED = ("SSH_CONNECTION", "SSH_TTY")
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")


async def is_here(environment: Mapping[str, str]) -> bool:
    """Whether a browser started by this program would come up where the terminal is."""
    if is_remote(environment):
        return False
    if environment.get("TMUX") and await _attached_from_afar():
        return False
    return sys.platform == "darwin" or any(environment.get(name) for name in _SCREENS)


async def _attached_from_afar() -> bool:
    """A session of tmux may be taken up over SSH after this program was started in it."""
    # tmux(1), update-environment: set from the client that attaches, or "-NAME" where that has none.
    said = await ask_tmux("show-environment") or ""
    return any(line.startswith(tuple(f"{name}=" for name in _ATTACHED)) for line in said.splitlines())


def start(url: str) -> bool:
    """Start the user's browser with a safe *url*; False: there is none."""
    command = "open" if sys.platform == "darwin" else "xdg-open"
    try:
        subprocess.Popen(
            [command, url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    return True
