"""OMEMO with profanity in a room: both read each other, and somebody who is away reads both."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, OpenProfanity
from tests.server.omemo import list_profanity, make_member, make_private, published, reads, with_keys
from tests.server.person import Person
from tests.server.profanity import Profanity
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import JoinRoom, SendMessage
from tui_xmpp.core.security import Encrypt, Protection
from tui_xmpp.core.security_commands import SetEncryption

ASKED = 100

pytestmark = pytest.mark.server


def asked(client: Profanity, line: str, shown: str) -> None:
    """Have profanity do something that it can do only once servers have answered it."""
    for _ in range(ASKED):
        client.type(line)
        if shown in client.screen():
            return
    raise AssertionError(f"profanity did not show {shown!r} but\n{client.screen()}")


async def test_profanity_and_we_read_each_other_in_a_room_and_so_does_a_member_who_is_away(
    server: ChatServer, accounts: Accounts, tmp_path: Path, profanity: OpenProfanity
) -> None:
    anna_at, bert_at, cara_at = accounts(server, "anna", "bert", "cara")
    berts = profanity(bert_at, server)
    await list_profanity(berts, bert_at, server, tmp_path / "bert")
    async with Person(anna_at, server, tmp_path / "anna", omemo=True) as anna:
        await with_keys(anna)
        async with Person(cara_at, server, tmp_path / "cara", omemo=True) as cara:
            await with_keys(cara)
            await published(cara, cara.address)
        room = Address.parse(f"cellar-{anna_at.user}@{server.rooms_domain}")
        key = await make_private(anna, room)
        await make_member(anna, room, Address.parse(bert_at.address), Address.parse(cara_at.address))
        await anna.until(lambda: anna.world.rooms[key].members_only, "the room is for members")
        await asyncio.to_thread(berts.join, str(room), "Bert")
        await asyncio.to_thread(asked, berts, "/omemo start", "[OMEMO]")
        keys = f"{cara_at.address}'s OMEMO fingerprint"
        await asyncio.to_thread(asked, berts, f"/omemo fingerprint {cara_at.address}", keys)
        await anna.do(SetEncryption(key, Encrypt.ALWAYS))
        await anna.do(SendMessage(key, "can you read this"))
        await asyncio.to_thread(berts.wait_for, "can you read this")
        await asyncio.to_thread(berts.type, "yes, every word")
        await reads(anna, key, "yes, every word")
        await anna.do(SendMessage(key, "then all is well"))
        await asyncio.to_thread(berts.wait_for, "then all is well")
        said = anna.archive.page(key).messages
        assert {one.protection for one in said} == {Protection.SEALED}
        async with Person(cara_at, server, tmp_path / "cara", omemo=True) as cara:
            await cara.online()
            await cara.do(JoinRoom(cara.address, room))
            for text in ("can you read this", "yes, every word", "then all is well"):
                await reads(cara, ChatKey(cara.address, room), text)
