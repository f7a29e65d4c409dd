"""T-02: what was sealed may hold every byte, and is shown as text all the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.attacks.omemo.test_opening import hear, ready, stanza
from tests.attacks.terminal.attacks import TEXTS
from tests.attacks.terminal.sequences import foreign
from tests.session.wire import ANNA
from tests.ui.driving import driven
from tests.ui.world import AVA, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.security import Protection


@pytest.mark.parametrize("attack", TEXTS)
async def test_t02_sealed_text_steers_no_terminal(tmp_path: Path, attack: str) -> None:
    """The older OMEMO seals bytes, so that not even XML keeps an ESC out."""
    text = f"it says {TEXTS[attack]}".encode("utf-8", "ignore").decode()
    scene = await ready(tmp_path)
    await hear(scene, stanza(scene.bert.seal(ANNA, text)))
    (message,) = [one for one in scene.wire.messages() if one.protection is Protection.SEALED]
    assert message.body == text
    engine = peopled()
    async with driven(engine, size=(160, 40)) as seen:
        engine.emit(ev.MessageKept(replace(message, chat=AVA, row=engine.archive.next_row(), at=engine.now)))
        await seen.shows("it says")
        assert foreign(seen.text) == []
    await scene.close()
