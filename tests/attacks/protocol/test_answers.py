"""What somebody else than was asked answers is no answer (RFC 6120 §8.2.3)."""

from __future__ import annotations

import asyncio

from tests.session.room_script import INFO, info
from tests.session.wire import ANNA, ROOM, Wire
from tui_xmpp.core.commands import JoinRoom

STRANGER = "mallory@evil.example/x"


async def test_only_the_room_that_was_asked_says_what_it_is(wire: Wire) -> None:
    doing = asyncio.ensure_future(wire.account.do(JoinRoom(ANNA, ROOM)))
    asked = await wire.request(INFO)
    wire.answer(asked, info(), sender=STRANGER)
    await wire.settle()
    assert not [one for one in wire.stream.written if one.tag == "{jabber:client}presence"]
    wire.answer(asked, info(), sender=str(ROOM))
    await wire.until(
        lambda: any(
            one.get("to", "").startswith(str(ROOM)) and one.tag.endswith("presence")
            for one in wire.stream.written
        )
    )
    await doing
