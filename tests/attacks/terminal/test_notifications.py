"""T-10: what is told on the desktop is text, in no command line, and never a flood."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.terminal.attacks import ATTACKS, MARKUP
from tests.attacks.terminal.sequences import foreign
from tests.ui.driving import driven
from tests.ui.world import BRAM, peopled
from tui_xmpp.core.settings import Attention, Settings, Ui
from tui_xmpp.ui.terminal.notification import notification

TEXTS = [*ATTACKS.values(), MARKUP, "--help", "-e sh", "$(id)", "`id`", "; id", "a;b", "4;1;50"]


@pytest.mark.parametrize("form", ["9", "99", "777"])
@pytest.mark.parametrize("text", TEXTS)
def test_t10_no_text_is_more_than_text(form: str, text: str) -> None:
    assert foreign(notification(form, text, text)) == []


async def test_t10_a_thousand_messages_start_one_command(tmp_path: Path) -> None:
    """Whose words are the user's own: what was written is in its environment."""
    told = tmp_path / "told"
    hook = tmp_path / "hook"
    hook.write_text(f'#!/bin/sh\necho "$# $TUI_XMPP_TEXT" >>{told}\n')
    hook.chmod(0o755)
    attention = Attention(command=str(hook), text="message", bell=False, terminal="off")
    settings = Settings(ui=Ui(theme="quiet-dark"), notify=attention)
    async with driven(peopled(), settings=settings) as seen:
        for number in range(1000):
            seen.engine.receive(BRAM, f"--help; $(id) {number}")
        await seen.until(lambda: told.exists() and told.read_text(), "the command")
        await seen.settle()
        assert len(told.read_text().splitlines()) == 1
        assert told.read_text().startswith("0 ")
