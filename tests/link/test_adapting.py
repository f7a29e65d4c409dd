"""A thin link to a real server: what is said of it, and what is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.link.proxy import Link
from tests.link.shape import Shape
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tui_xmpp.core import settings
from tui_xmpp.core.account import TlsMode
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.events import LinkChanged, LinkSuggested
from tui_xmpp.core.link import PROFILES
from tui_xmpp.session import adapting
from tui_xmpp.session.sensing import Sensing

pytestmark = pytest.mark.server

FAR = Shape(delay=0.35, rate=64_000)
NEAR = Shape(delay=0.02)
EVERY = 0.2
UP = 1.0
"""Seconds, in place of ten, and of five minutes."""


@pytest.mark.parametrize("auto", ["suggest", "switch"])
async def test_a_far_link_is_noticed(
    prosody: ChatServer, accounts: Accounts, tmp_path: Path, auto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapting, "Sensing", lambda chosen: Sensing(chosen, every=EVERY, up_seconds=UP))
    anna_at, bert_at = accounts(prosody, "anna", "bert")
    async with (
        Link(prosody.direct_tls_port, FAR) as way,
        Person(
            anna_at,
            prosody,
            tmp_path / "anna",
            changed={"port": way.port, "tls": TlsMode.DIRECT},
            link=settings.Link(auto=auto),
        ) as anna,
        Person(bert_at, prosody, tmp_path / "bert") as bert,
    ):
        state = anna.world.accounts[anna.address]

        async def talk_until(done: str) -> None:
            said = len(anna.messages(bert))
            while (state.suggested if auto == "suggest" else state.link.name) != done:
                said += 1
                assert said < 300, f"still {state.link.name}, suggested {state.suggested!r}"
                await anna.do(SendMessage(anna.chat(bert), f"Message {said}"))
                await bert.message(anna, f"Message {said}")

        await anna.online()
        await bert.online()
        await talk_until("satellite")
        way.change(NEAR)
        await talk_until("" if auto == "suggest" else "full")
        # The world knows it before anybody is told.
        if auto == "suggest":
            await anna.until(lambda: not anna.happened(LinkSuggested)[-1].profile, "it is told")
        else:
            await anna.until(lambda: anna.happened(LinkChanged)[-1].profile == PROFILES["full"], "it is told")
        suggested = [one.profile for one in anna.happened(LinkSuggested)]
        used = [one.profile for one in anna.happened(LinkChanged) if one.automatic]
    if auto == "suggest":
        assert suggested == ["satellite", ""]
        assert used == []
        assert "The link looks like a satellite: " in anna.happened(LinkSuggested)[0].reason
    else:
        assert suggested == []
        assert used == [PROFILES[name] for name in ("satellite", "metered", "mobile", "full")]
