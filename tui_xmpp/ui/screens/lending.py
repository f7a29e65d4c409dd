"""Lends the terminal to gpg, which asks for a passphrase in it, and takes it back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from tui_xmpp.core.events import Level, QuestionSettled
from tui_xmpp.core.openpgp import LendTerminal, PassphraseWanted
from tui_xmpp.ui.terminal.handing import handed_over

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.main import MainScreen


async def lend(screen: MainScreen, id: str) -> None:
    """Leave the terminal to gpg until the question with this id is settled; what comes in is drawn then."""
    asked = screen.world.questions.get(id)
    if not isinstance(asked, PassphraseWanted):
        return
    events = screen.engine.events()
    try:
        terminal = os.ttyname(0)
        with handed_over(screen.app):
            if await screen.do(LendTerminal(asked.account, id, terminal)):
                async for batch in events:
                    if any(isinstance(one, QuestionSettled) and one.id == id for one in batch):
                        return
    except (OSError, SuspendNotSupported):
        screen.say("This terminal cannot be lent to gpg: unlock your key with gpg elsewhere.", Level.WARN)
        await screen.do(LendTerminal(asked.account, id, ""))
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()
