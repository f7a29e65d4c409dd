"""Room services and the rooms they list."""

from __future__ import annotations

import asyncio

import pytest

from tests.session.room_script import INFO, error, info
from tests.session.wire import ANNA, Wire
from tui_xmpp.core.address import Address
from tui_xmpp.core.questions import PublicRooms, RoomServices, Unanswered

ITEMS = "{http://jabber.org/protocol/disco#items}query"
SERVICE = Address.parse("rooms.example.org")


def items(*listed: tuple[str, str], last: str = "") -> str:
    inside = "".join(f"<item jid='{address}' name='{name}'/>" for address, name in listed)
    bounds = f"<set xmlns='http://jabber.org/protocol/rsm'><last>{last}</last></set>" if last else ""
    return f"<query xmlns='http://jabber.org/protocol/disco#items'>{inside}{bounds}</query>"


async def test_only_text_conferences_are_room_services(wire: Wire) -> None:
    asking = asyncio.ensure_future(wire.account.ask(RoomServices(ANNA)))
    listed = items(("rooms.example.org", ""), ("irc.example.org", ""), ("pubsub.example.org", ""))
    wire.answer(await wire.request(ITEMS), listed)
    answers = {
        "rooms.example.org": info(),
        "irc.example.org": info().replace("'text'", "'irc'"),
        "pubsub.example.org": info().replace("'conference'", "'pubsub'"),
    }
    for _ in answers:
        iq = await wire.request(INFO)
        wire.answer(iq, answers[iq.get("to", "")])
    assert await asking == (SERVICE,)


async def test_rooms_are_listed_page_by_page_with_their_size(wire: Wire) -> None:
    asking = asyncio.ensure_future(wire.account.ask(PublicRooms(ANNA, SERVICE)))
    first = await wire.request(ITEMS)
    wire.answer(first, items(("a@rooms.example.org", "Apples (12)"), last="a"))
    second = await wire.request(ITEMS)
    assert second.findtext(".//{http://jabber.org/protocol/rsm}after") == "a"
    wire.answer(second, items(("b@rooms.example.org", "Beans"), last="b"))
    wire.answer(await wire.request(ITEMS), items())
    wire.answer(await wire.request(INFO), info(name="Beans", occupants=3))
    found = await asking
    assert [(str(one.address), one.name, one.occupants) for one in found] == [
        ("a@rooms.example.org", "Apples", 12),
        ("b@rooms.example.org", "Beans", 3),
    ]


async def test_a_service_that_repeats_its_page_does_not_hold_us(wire: Wire) -> None:
    asking = asyncio.ensure_future(wire.account.ask(PublicRooms(ANNA, SERVICE)))
    for last in ("x", "y"):
        wire.answer(await wire.request(ITEMS), items(("a@rooms.example.org", "A (1)"), last=last))
    assert len(await asking) == 1


async def test_no_service_is_a_sentence(wire: Wire) -> None:
    asking = asyncio.ensure_future(wire.account.ask(PublicRooms(ANNA, SERVICE)))
    wire.answer(await wire.request(ITEMS), error("remote-server-not-found"), "error")
    with pytest.raises(Unanswered, match="check the address"):
        await asking
