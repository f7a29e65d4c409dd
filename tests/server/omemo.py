"""What the tests of OMEMO on real servers share: keys that are out, rooms for members, profanity's keys."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from pathlib import Path

from tests.server.chat_server import Account, ChatServer
from tests.server.person import DEADLINE, Person
from tests.server.profanity import Profanity
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import JoinRoom
from tui_xmpp.core.room import RoomState
from tui_xmpp.session import convert
from tui_xmpp.session.crypto import omemo_wire as wire
from tui_xmpp.session.crypto.omemo_names import OLD


def bodies(one: Person, key: ChatKey) -> list[str]:
    return [message.body for message in one.archive.page(key).messages]


async def with_keys(*people: Person) -> None:
    for one in people:
        await one.online()
        mine = (one.address, one.address)
        await one.until(partial(one.world.devices.get, mine), "has keys")


async def published(here: Person, owner: Address) -> None:
    """Return once the list of `owner` for OMEMO 0.3 and the keys of all in it can be fetched.

    Which of both comes first is left to each program, and here also to which version of OMEMO.
    """
    context = here.session._accounts[here.address].account
    async with asyncio.timeout(DEADLINE):
        while not (devices := await wire.fetch_list(context, OLD, owner)):
            pass
        for one in devices:
            while not await wire.fetch_bundle(context, OLD, owner, one):
                pass


async def reads(one: Person, key: ChatKey, text: str) -> None:
    await one.until(lambda: text in bodies(one, key), f"{one.address} reads {text!r}")
    assert bodies(one, key).count(text) == 1


async def make_private(one: Person, room: Address) -> ChatKey:
    """A room for members only that shows addresses."""
    key = ChatKey(one.address, room)
    await one.do(JoinRoom(one.address, room))
    await one.until(lambda: one.world.rooms[key].state is RoomState.JOINED, "is in")
    query = convert.element("http://jabber.org/protocol/muc#owner", "query")
    query.append(
        convert.form(
            "http://jabber.org/protocol/muc#roomconfig",
            **{
                "muc#roomconfig_membersonly": "1",
                "muc#roomconfig_whois": "anyone",
                "muc#roomconfig_persistentroom": "1",
            },
        )
    )
    context = one.session._accounts[one.address].account
    await context.request("set", query, to=room)
    return key


async def make_member(one: Person, room: Address, *others: Address) -> None:
    context = one.session._accounts[one.address].account
    for other in others:
        query = convert.element("http://jabber.org/protocol/muc#admin", "query")
        convert.add(
            query, "http://jabber.org/protocol/muc#admin", "item", affiliation="member", jid=str(other)
        )
        await context.request("set", query, to=room)


async def list_profanity(client: Profanity, account: Account, server: ChatServer, folder: Path) -> None:
    """Have profanity make its keys, and see that they are on the account's list.

    It publishes its keys, but on a Prosody not always the list: then nobody could know of them.
    """
    client.type("/omemo trustmode blind")
    client.type("/omemo gen")
    screen = client.wait_for(re.compile(r"materials generated. Your Device ID is \d+"))
    found = re.search(r"Device ID is (\d+)", screen)
    assert found is not None
    async with Person(account, server, folder, omemo=True) as here:
        await with_keys(here)
        context = here.session._accounts[here.address].account
        devices = await wire.fetch_list(context, OLD, here.address)
        await wire.publish_list(context, OLD, {**devices, int(found[1]): None})
