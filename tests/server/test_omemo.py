"""OMEMO between two of us on real servers: sealed from the first message, read once, and never in clear."""

from __future__ import annotations

from pathlib import Path

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.security import Protection


def said(one: Person, key: ChatKey) -> list[str]:
    return [message.body for message in one.archive.page(key).messages]


async def test_two_talk_sealed(server: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(anna_at, server, tmp_path / "anna", omemo=True) as anna,
        Person(bert_at, server, tmp_path / "bert", omemo=True) as bert,
    ):
        await anna.online()
        await bert.online()
        await bert.until(lambda: bert.world.devices.get((bert.address, bert.address)), "has keys")
        to_bert, to_anna = ChatKey(anna.address, bert.address), ChatKey(bert.address, anna.address)
        await anna.do(SendMessage(to_bert, "the first secret"))
        await bert.until(lambda: "the first secret" in said(bert, to_anna), "Bert reads it")
        await bert.do(SendMessage(to_anna, "the answer"))
        await anna.until(lambda: "the answer" in said(anna, to_bert), "Anna reads it")
        for one, key in ((anna, to_bert), (bert, to_anna)):
            for message in one.archive.page(key).messages:
                assert message.protection is Protection.SEALED
