"""The screen over a fake engine, as a program of its own: for tests in a real pseudo-terminal.

`FAKE_THEME` is the theme that was chosen; empty: none was.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

from tests.fakes.engine import NOON
from tests.ui.driving import FakeConfig
from tests.ui.world import peopled
from tui_xmpp.core.settings import Settings, Ui
from tui_xmpp.ui.app import ChatApp


def main() -> None:
    """Run until Ctrl+Q; arguments: `stock` for Textual's driver, or the name of a terminal profile."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    engine = peopled()
    app = ChatApp(
        engine,
        engine.archive,
        Settings(ui=Ui(theme=os.environ.get("FAKE_THEME", "quiet-dark"))),
        config_folder=None,
        config=FakeConfig(),
        today=lambda: NOON.date(),
        terminal="" if asked == "stock" else asked,
        stock_driver=asked == "stock",
    )
    app.run()


if __name__ == "__main__":
    main()
