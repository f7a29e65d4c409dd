"""X-07: what holds forbidden characters, pasted or chosen, goes out as XML that every server takes."""

from __future__ import annotations

import asyncio
import re
from xml.etree import ElementTree as ET

import pytest

from tests.session.room_script import INFO, info, join
from tests.session.wire import ANNA, IN_ROOM, ROOM, WITH_BERT, Wire
from tui_xmpp.core.commands import AddContact, Command, JoinRoom, SendMessage, SetPresence
from tui_xmpp.core.contact import Show

EVIL = "a\x00b\x1b[2Jc\ud800d\uffffe"
# XML 1.0 §2.2.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@pytest.mark.parametrize(
    "command",
    [
        SendMessage(WITH_BERT, EVIL),
        SendMessage(IN_ROOM, EVIL),
        SetPresence(Show.AWAY, EVIL),
        AddContact(ANNA, WITH_BERT.address, EVIL, (EVIL,), EVIL),
        JoinRoom(ANNA, ROOM, "nick", EVIL),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_x07_nothing_goes_out_that_xml_forbids(wire: Wire, command: Command) -> None:
    wire.befriend()
    if isinstance(command, SendMessage) and command.chat == IN_ROOM:
        await join(wire)
        wire.stream.written.clear()
    doing = asyncio.ensure_future(wire.account.do(command))

    def said() -> str:
        for iq in wire.requests():
            wire.answer(iq, info() if iq.find(INFO) is not None else "")
        return "".join(ET.tostring(one, encoding="unicode") for one in wire.stream.written)

    # What is left of it is said.
    await wire.until(lambda: "[2Jc" in said())
    assert not FORBIDDEN.search(said())
    said().encode()
    doing.cancel()
