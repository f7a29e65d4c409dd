"""Files on real servers: put there by one session and fetched by another, in clear and sealed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.omemo import with_keys
from tests.server.person import Person
from tui_xmpp.core.attachment import Transfer, TransferState, attachment_in
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.file_commands import CancelTransfer, Download, SendFile
from tui_xmpp.core.file_events import TransferEnded, TransferProgress
from tui_xmpp.core.message import Message
from tui_xmpp.core.questions import SpentHere
from tui_xmpp.core.security import Protection
from tui_xmpp.core.traffic import Category

pytestmark = pytest.mark.server

CONTENT = os.urandom(1_500_000)


async def ended(one: Person, count: int = 1) -> Transfer:
    await one.until(lambda: len(one.happened(TransferEnded)) >= count, "a transfer is over")
    return one.happened(TransferEnded)[-1].transfer


async def send(one: Person, other: Person, path: Path) -> Transfer:
    await asyncio.to_thread(path.write_bytes, CONTENT)
    before = len(one.happened(TransferEnded))
    await one.do(SendFile(one.chat(other), str(path)))
    transfer = await ended(one, before + 1)
    assert transfer.state is TransferState.DONE, transfer.reason
    return transfer


async def got(one: Person, other: Person, sealed: bool) -> Message:
    found: list[Message] = []

    def look() -> bool:
        files = [(it, attachment_in(it.body)) for it in one.messages(other)]
        found[:] = [it for it, file in files if file is not None and file.is_sealed is sealed]
        return bool(found)

    await one.until(look, "a file comes")
    return found[-1]


async def fetch(one: Person, message: Message, folder: Path) -> tuple[str, bytes]:
    await one.do(Download(message.chat, message.row, str(folder)))
    transfer = await ended(one)
    assert transfer.state is TransferState.DONE, transfer.reason
    path = Path(transfer.file)
    return path.name, await asyncio.to_thread(path.read_bytes)


async def test_a_file_in_clear(server: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(anna_at, server, tmp_path / "anna") as anna,
        Person(bert_at, server, tmp_path / "bert") as bert,
    ):
        await anna.online()
        await bert.online()
        await send(anna, bert, tmp_path / "très grand plan.png")
        message = await got(bert, anna, sealed=False)
        assert message.protection is Protection.CLEAR
        assert await fetch(bert, message, tmp_path / "got") == ("très grand plan.png", CONTENT)
        for one, other in ((anna, bert), (bert, anna)):
            report = await one.session.ask(SpentHere(one.address))
            spent = {(it.category, it.chat): it.xml + it.tls for it in report.spent}
            assert len(CONTENT) < spent[Category.FILES, one.chat(other)].total < len(CONTENT) * 1.05


async def test_a_file_in_a_sealed_chat(server: ChatServer, accounts: Accounts, tmp_path: Path) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(anna_at, server, tmp_path / "anna", omemo=True) as anna,
        Person(bert_at, server, tmp_path / "bert", omemo=True) as bert,
    ):
        await with_keys(anna, bert)
        transfer = await send(anna, bert, tmp_path / "secret plan.png")
        assert transfer.total == len(CONTENT) + 16
        message = await got(bert, anna, sealed=True)
        assert message.protection is Protection.SEALED and "secret" not in message.body
        name, content = await fetch(bert, message, tmp_path / "got")
        assert content == CONTENT and name.endswith(".png")
        sent = await got(anna, bert, sealed=True)
        assert sent.protection is Protection.SEALED and sent.row == transfer.row
        # Our own file can be fetched again, under its name.
        await anna.do(Download(sent.chat, sent.row, str(tmp_path / "again")))
        again = await ended(anna, 2)
        assert Path(again.file).name == "secret plan.png"


async def test_what_is_said_meanwhile_goes_and_a_file_can_be_stopped(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Person(anna_at, server, tmp_path / "anna") as anna,
        Person(bert_at, server, tmp_path / "bert") as bert,
    ):
        await anna.online()
        await bert.online()
        path = tmp_path / "large"
        await asyncio.to_thread(path.write_bytes, os.urandom(8_000_000))
        await anna.do(SendFile(anna.chat(bert), str(path)))
        await anna.do(SendMessage(anna.chat(bert), "meanwhile"))
        await bert.message(anna, "meanwhile")
        await anna.do(CancelTransfer(anna.address, anna.happened(TransferProgress)[0].transfer.id))
        await ended(anna)


async def test_a_file_that_is_too_large_is_said_so(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    (anna_at,) = accounts(server, "anna")
    async with Person(anna_at, server, tmp_path / "anna") as anna:
        await anna.online()
        path = tmp_path / "huge"
        with path.open("wb") as file:
            file.truncate(11_000_000)
        await anna.do(SendFile(anna.chat(anna), str(path)))
        transfer = await ended(anna)
        assert transfer.reason == "Your server takes files of up to 10.5 MB, and this one has 11 MB."
