"""What the user types goes before what nobody waits for, on a link that takes 9,600 bit/s."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.link.proxy import Link
from tests.link.shape import Shape
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tui_xmpp.core.account import TlsMode
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.session import convert

pytestmark = pytest.mark.server

THIN = Shape(delay=0.3, rate=9600)
PIECES = 40
PIECE = "x" * 1000


async def test_a_large_transfer_does_not_hold_up_a_typed_message(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Link(server.direct_tls_port) as link,
        Person(
            anna_at, server, tmp_path / "anna", changed={"port": link.port, "tls": TlsMode.DIRECT}
        ) as anna,
        Person(bert_at, server, tmp_path / "bert") as bert,
    ):
        await anna.online()
        await bert.online()
        await anna.do(SendMessage(anna.chat(bert), "before"))
        await bert.message(anna, "before")
        link.change(THIN)
        account = anna.session._accounts[anna.address].account
        transfers = [
            asyncio.ensure_future(account.request("set", piece(number), background=True))
            for number in range(PIECES)
        ]
        # Under way: the first piece has been acknowledged.
        await asyncio.wait({transfers[0]})
        began = time.monotonic()
        await anna.do(SendMessage(anna.chat(bert), "typed meanwhile"))
        await bert.message(anna, "typed meanwhile")
        taken = time.monotonic() - began
        # A round trip's half, the message itself, and what had left before it.
        assert taken < 2.0
        assert not all(one.done() for one in transfers)
        for one in transfers:
            one.cancel()


def behind(link: Link) -> dict[str, object]:
    """Settings of an account that reaches its server over the link."""
    return {"port": link.port, "tls": TlsMode.DIRECT}


def piece(number: int) -> ET.Element:
    """A kilobyte to keep in private storage (XEP-0049)."""
    query = convert.element("jabber:iq:private", "query")
    convert.add(query, f"urn:example:{number}", "piece", PIECE)
    return query
