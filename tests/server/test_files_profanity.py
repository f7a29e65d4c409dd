"""Files between our program and profanity, in clear and sealed, both ways."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenProfanity
from tests.server.omemo import list_profanity, with_keys
from tests.server.person import Person
from tests.server.test_files import CONTENT, ended, fetch
from tui_xmpp.core.address import Address
from tui_xmpp.core.attachment import TransferState, attachment_in
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.file_commands import SendFile
from tui_xmpp.core.message import Delivery, Message
from tui_xmpp.core.security import Protection

pytestmark = pytest.mark.server


def saved(folder: Path) -> bool:
    """Whether profanity has put the whole file there: it makes a folder of the name it is given."""
    return any(one.is_file() and one.read_bytes() == CONTENT for one in folder.rglob("*"))


@pytest.mark.parametrize("sealed", [False, True])
async def test_files_go_both_ways(
    server: ChatServer, accounts: Accounts, tmp_path: Path, profanity: OpenProfanity, sealed: bool
) -> None:
    anna_at, bert_at = accounts(server, "anna", "bert")
    berts = profanity(bert_at, server)
    if sealed:
        await list_profanity(berts, bert_at, server, tmp_path / "bert")
    protection = Protection.SEALED if sealed else Protection.CLEAR
    async with Person(anna_at, server, tmp_path / "anna", omemo=sealed) as anna:
        await (with_keys(anna) if sealed else anna.online())
        key = ChatKey(anna.address, Address.parse(bert_at.address))
        path = tmp_path / "plan.bin"
        await asyncio.to_thread(path.write_bytes, CONTENT)

        def files(outgoing: bool) -> list[Message]:
            told = [one for one in anna.archive.page(key).messages if one.outgoing is outgoing]
            return [one for one in told if attachment_in(one.body) is not None]

        await anna.do(SendMessage(key, "a file follows"))
        await anna.until(lambda: anna.archive.page(key).messages[-1].delivery >= Delivery.TAKEN, "it went")
        berts.say(anna_at.address, "")
        berts.wait_for("a file follows")
        if sealed:
            berts.type(f"/omemo start {anna_at.address}")
            berts.wait_for("[OMEMO]")
        await anna.do(SendFile(key, str(path)))
        transfer = await ended(anna)
        assert transfer.state is TransferState.DONE, transfer.reason
        await anna.until(lambda: files(True)[-1].delivery >= Delivery.TAKEN, "it is told of")
        sent = files(True)[-1]
        assert sent.protection is protection and sent.body.startswith("aesgcm:" if sealed else "https:")
        berts.wait_for(sent.body[:20])
        berts.type(f"/url save {sent.body} {tmp_path / 'got-by-bert'}")
        await anna.until(lambda: saved(tmp_path / "got-by-bert"), "profanity has it")

        berts.type(f"/sendfile {path}")
        await anna.until(lambda: bool(files(False)), "a file of profanity's")
        got = files(False)[-1]
        assert got.protection is protection
        anna.told.clear()
        assert await fetch(anna, got, tmp_path / "got") == ("plan.bin", CONTENT)
