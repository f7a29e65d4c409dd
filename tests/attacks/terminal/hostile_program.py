"""The screen over a hostile world, as a program of its own in a real pseudo-terminal.

`ATTACK` names which of the texts stands everywhere, `TERMINAL` is the profile of the
terminal. With each SIGUSR1 the next of the sources named by `HAPPENS` tells something.
"""

from __future__ import annotations

import asyncio
import os
import signal

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

from tests.attacks.terminal.attacks import TEXTS
from tests.attacks.terminal.hostile_world import SOURCES, hostile, marker
from tests.fakes.engine import NOON
from tests.ui.driving import FakeConfig
from tui_xmpp.core.settings import Settings, Ui
from tui_xmpp.ui.app import ChatApp


class HostileApp(ChatApp):
    """Lets the next thing happen when it is told to."""

    def begin(self, attack: str) -> None:
        engine, waiting = self.engine, iter(os.environ["HAPPENS"].split())

        def happen() -> None:
            name = next(waiting)
            SOURCES[name](engine, f"{marker(name)}{attack}")  # type: ignore[arg-type]

        self.happen = happen

    async def on_mount(self) -> None:
        """Listen for the signal; what the program itself does then comes from its own handler."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self.happen)


def main() -> None:
    """Run until Ctrl+Q."""
    attack = TEXTS[os.environ["ATTACK"]]
    engine = hostile(attack)
    app = HostileApp(
        engine,
        engine.archive,
        Settings(ui=Ui(theme="quiet-dark")),
        config_folder=None,
        config=FakeConfig(),
        today=lambda: NOON.date(),
        terminal=os.environ["TERMINAL"],
    )
    app.begin(attack)
    app.run()


if __name__ == "__main__":
    main()
