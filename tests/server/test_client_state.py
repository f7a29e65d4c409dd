"""Nobody looks: what a server holds back then, and that nothing is said to one that would send more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.link.proxy import Link
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tui_xmpp.core.account import Connection
from tui_xmpp.core.commands import SendMessage, SetClientState, SetPresence
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import ConnectionChanged

pytestmark = pytest.mark.server

CHANGES = 20


async def cost(anna: Person, bert: Person, link: Link, name: str) -> int:
    """Bytes down for Bert's moods, up to his next message."""
    # What Anna said before has been dealt with when this has come.
    await anna.do(SendMessage(anna.chat(bert), f"before {name}"))
    await bert.message(anna, f"before {name}")
    before = link.counts.down
    for number in range(CHANGES):
        await bert.do(SetPresence((Show.AWAY, Show.AVAILABLE)[number % 2], f"{name} {number}"))
    await bert.do(SendMessage(bert.chat(anna), name))
    await anna.message(bert, name)
    last = f"{name} {CHANGES - 1}"

    def sees() -> bool:
        there = anna.world.presences.get((anna.address, bert.address), {})
        return any(one.status == last for one in there.values())

    await anna.until(sees, "Bert's last mood")
    return link.counts.down - before


async def test_who_does_not_look_gets_less(server: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Link(server.c2s_port) as link,
        Person(anna_at, server, tmp_path / "anna", changed={"port": link.port, "link": "mobile"}) as anna,
        Person(bert_at, server, tmp_path / "bert") as bert,
    ):
        await anna.online()
        await bert.online()
        await cost(anna, bert, link, "hello")
        looking = await cost(anna, bert, link, "looking")
        await anna.do(SetClientState(active=False))
        away = await cost(anna, bert, link, "away")
        if server.kind == "ejabberd":
            assert away < looking / 2
            # A link that comes again begins as if somebody looked.
            anna.told.clear()
            link.cut()
            await anna.until(
                lambda: any(one.connection is Connection.ONLINE for one in anna.happened(ConnectionChanged))
            )
            assert await cost(anna, bert, link, "back") < looking / 2
        else:
            # It would hold everything back, and send it with stamps.
            assert 0.9 < away / looking < 1.1
