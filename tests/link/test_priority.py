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
PIECES = 12
PIECE = "x" * 1000
SECONDS = 2.0
TRANSFER_SECONDS = 60.0
"""For 13 kB, a round trip after each piece: about 20 on an idle machine."""


async def test_a_large_transfer_comes_to_its_end_and_holds_up_no_typed_message(
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
        whole = asyncio.gather(*transfers)
        for done in (1, PIECES // 2):
            # In the middle of a piece, as one has just been answered.
            await asyncio.wait_for(transfers[done - 1], TRANSFER_SECONDS)
            began = time.monotonic()
            await anna.do(SendMessage(anna.chat(bert), text := f"typed after {done}"))
            await bert.message(anna, text)
            # Half a round trip, the message itself, and what had left before it.
            assert time.monotonic() - began < SECONDS
            assert not whole.done()
        await asyncio.wait_for(whole, TRANSFER_SECONDS)


def piece(number: int) -> ET.Element:
    """A kilobyte to keep in private storage (XEP-0049)."""
    query = convert.element("jabber:iq:private", "query")
    convert.add(query, f"urn:example:{number}", "piece", PIECE)
    return query
