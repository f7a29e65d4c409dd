"""The screen over a fake engine whose messages are signed by a real gpg: its key is locked.

`LOCKED_HOME` is the home of gpg, `LOCKED_KEY` the fingerprint.
"""

from __future__ import annotations

import asyncio
import os
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

from tests.fakes.engine import ME, NOON, FakeEngine
from tests.ui.driving import FakeConfig
from tests.ui.world import peopled
from tui_xmpp.core import commands as cmd
from tui_xmpp.core.events import Level, Notice
from tui_xmpp.core.openpgp import LendTerminal
from tui_xmpp.core.settings import Settings, Ui
from tui_xmpp.session.crypto.gpg import Gpg, Lent
from tui_xmpp.session.crypto.gpg_status import GpgFailed
from tui_xmpp.session.crypto.lending import Lending
from tui_xmpp.ui.app import ChatApp


def main() -> None:
    """Run until Ctrl+Q."""
    engine = peopled()
    gpg, key = Gpg(home=os.environ["LOCKED_HOME"]), os.environ["LOCKED_KEY"]
    context: Any = SimpleNamespace(own=ME, emit=engine.emit, new_id=lambda: "one")
    lending = Lending(context)
    tasks = []

    async def sign() -> None:
        async def work(lent: Lent | None) -> bytes:
            return await gpg.seal(b"hello", (key,), key, lent=lent)

        try:
            sealed = await lending.have(
                work, "Your key is locked.", at_once=os.environ["LOCKED_ASK"] == "now"
            )
            engine.emit(Notice(f"signed, {len(sealed) > 100}", Level.INFO))
        except GpgFailed as failed:
            engine.emit(Notice(f"not signed: {failed}", Level.WARN))

    plain = engine.do

    async def do(command: cmd.Command) -> None:
        if isinstance(command, LendTerminal):
            lending.lent(command)
        elif isinstance(command, cmd.SendMessage):
            tasks.append(asyncio.create_task(sign()))
        else:
            await plain(command)

    assert isinstance(engine, FakeEngine)
    engine.do = do  # type: ignore[method-assign]
    app = ChatApp(
        engine,
        engine.archive,
        Settings(ui=Ui(theme="quiet-dark")),
        config_folder=None,
        config=FakeConfig(),
        today=lambda: NOON.date(),
    )
    app.run()


if __name__ == "__main__":
    main()
