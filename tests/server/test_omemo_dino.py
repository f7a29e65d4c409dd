"""OMEMO with dino, a graphical client: each reads what the other sealed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.server import dino
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.omemo import published, reads, with_keys
from tests.server.person import Person
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.security import Protection

pytestmark = pytest.mark.server


@pytest.fixture(autouse=True)
def driven() -> None:
    if why := dino.missing():
        pytest.skip(f"dino cannot be driven: {why}")


@asynccontextmanager
async def both(
    server: ChatServer, accounts: Accounts, folder: Path
) -> AsyncIterator[tuple[Person, dino.Dino, ChatKey]]:
    """Anna with our program, Bert with dino, both with keys that are published; and the chat of Anna."""
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(anna_at, server, folder / "anna", omemo=True) as anna,
        dino.Dino(folder / "dino", bert_at, server) as berts,
    ):
        await with_keys(anna)
        await berts.connect(anna_at.address)
        key = ChatKey(anna.address, Address.parse(bert_at.address))
        await published(anna, key.address)
        yield anna, berts, key


async def test_dino_reads_what_we_sealed(server: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    async with both(server, accounts, tmp_path) as (anna, berts, key):
        await anna.do(SendMessage(key, "can you read this"))
        assert await berts.read("can you read this") == dino.OMEMO


async def test_we_read_what_dino_sealed(prosody: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    async with both(prosody, accounts, tmp_path) as (anna, berts, key):
        await berts.restart()
        await anna.do(SendMessage(key, "can you read this"))
        assert await berts.read("can you read this") == dino.OMEMO
        await berts.say("yes, every word")
        await reads(anna, key, "yes, every word")
        assert [one.protection for one in anna.archive.page(key).messages] == [Protection.SEALED] * 2
