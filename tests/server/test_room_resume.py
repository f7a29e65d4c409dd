"""A room on a server of today, once the session goes on behind a lost link: as the others see it."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.link.proxy import Link
from tests.link.shape import Break
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tests.server.person import Person
from tests.server.test_rooms import InRoom
from tui_xmpp.core.account import Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.commands import ChangeNick, LeaveRoom, SetPresence, SetSubject
from tui_xmpp.core.contact import Show
from tui_xmpp.core.events import ConnectionChanged, RoomChanged
from tui_xmpp.core.room import RoomState

pytestmark = pytest.mark.server


@pytest.mark.parametrize("how", [Break.RESET, Break.HOLE])
async def test_a_room_is_what_it_became_meanwhile(
    server: ChatServer, accounts: Accounts, tmp_path: Path, how: Break
) -> None:
    anna_at, bert_at, carl_at = accounts(server, "anna", "bert", "carl")
    address = Address.parse(f"garden-{secrets.token_hex(3)}@{server.rooms_domain}")
    async with (
        Link(server.c2s_port) as link,
        Person(anna_at, server, tmp_path / "anna") as a,
        Person(bert_at, server, tmp_path / "bert", changed={"port": link.port}) as b,
        Person(carl_at, server, tmp_path / "carl") as c,
    ):
        for one in (a, b, c):
            await one.online()
        anna, bert, carl = (InRoom.of(one, address) for one in (a, b, c))
        await anna.make("Anna")
        await bert.join("Bert")
        await carl.join("Carl")
        await bert.sees("Anna", "Bert", "Carl")
        await anna.say("before")
        await bert.hear("before")
        b.told.clear()
        link.refuse()
        link.cut(how)
        await carl.person.do(LeaveRoom(carl.key))
        await anna.person.do(ChangeNick(anna.key, "Ann"))
        await anna.person.until(lambda: anna.room.nick == "Ann", "the new nick")
        await anna.person.do(SetPresence(Show.AWAY, "tea", account=a.address))
        await anna.person.do(SetSubject(anna.key, "Spring"))
        await anna.say("meanwhile")
        await anna.person.until(lambda: anna.room.subject == "Spring", "the subject")
        link.accept()
        # Who says nothing is not told that the way is gone.
        await bert.say("after")
        await anna.hear("after")
        await bert.hear("meanwhile")
        await bert.sees("Ann", "Bert")
        await b.until(lambda: bert.room.occupants["Ann"].show is Show.AWAY, "Ann away")
        await b.until(lambda: bert.room.subject == "Spring", "the subject")
        assert bert.room.state is RoomState.JOINED
        assert not [one for one in b.happened(RoomChanged) if one.state is not None]
        states = [one.connection for one in b.happened(ConnectionChanged)]
        assert states.count(Connection.ONLINE) == 1
        assert sorted(one.body for one in bert.messages() if one.body) == ["after", "before", "meanwhile"]
