"""What is dear is asked for first; what is refused has left nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.session.room_script import info
from tests.session.wire import ANNA, IN_ROOM, ROOM, WITH_BERT, Wire
from tui_xmpp.core.commands import Answer, FillGap, JoinRoom, SetTyping
from tui_xmpp.core.events import HistoryLoaded, PriceAsked, QuestionSettled
from tui_xmpp.core.message import Gap
from tui_xmpp.core.questions import PublicRooms, Unanswered
from tui_xmpp.core.room import RoomState
from tui_xmpp.core.settings import Encryption, Link, Settings
from tui_xmpp.core.traffic import Amount, Category
from tui_xmpp.session.transport.tcp_info import TcpInfo

MAM = "{urn:xmpp:mam:2}query"
DISCO = "{http://jabber.org/protocol/disco#info}query"
MEASURED = TcpInfo(
    rtt=0.0, rttvar=0.0, rto=0.0, retransmits=0, in_flight=0, unsent=0, acked=0, received=0, silence=0.0,
    delivery_rate=150.0,
)  # fmt: skip
ITEMS = "{http://jabber.org/protocol/disco#items}query"


@pytest_asyncio.fixture
async def lean(tmp_path: Path) -> AsyncIterator[Wire]:
    """An account on a satellite of 1,200 bit/s."""
    made = Wire(tmp_path, link="satellite")
    made.account.life.timing.looked(MEASURED, waiting=False)
    await made.online()
    yield made
    await made.close()


async def asked(wire: Wire) -> PriceAsked:
    await wire.until(lambda: bool(wire.happened(PriceAsked)))
    return wire.happened(PriceAsked)[-1]


async def answer(wire: Wire, question: PriceAsked, *, yes: bool) -> None:
    await wire.do(Answer(question.id, yes))
    await wire.until(lambda: question.id not in wire.world.questions)


async def gap(wire: Wire) -> Gap:
    return wire.archive.add_gap(Gap(0, WITH_BERT, None, "", wire.clock.now(), "b"))


async def test_older_messages_have_a_price_on_a_thin_link(lean: Wire) -> None:
    hole = await gap(lean)
    assert not await lean.do(FillGap(WITH_BERT, hole.number))
    question = await asked(lean)
    assert (question.what, question.bytes) == ("Fetch 5 older messages", 3100)
    assert question.seconds == pytest.approx(20.7, abs=0.1)
    assert not lean.requests()
    await answer(lean, question, yes=True)
    await lean.request(MAM)


async def test_what_is_refused_stays_as_it_was(lean: Wire) -> None:
    hole = await gap(lean)
    await lean.do(FillGap(WITH_BERT, hole.number))
    await answer(lean, await asked(lean), yes=False)
    await lean.until(lambda: bool(lean.happened(HistoryLoaded)))
    told = lean.happened(HistoryLoaded)[-1]
    assert (told.gap, told.count) == (hole, 0) and "Not fetched" in told.failure
    assert not lean.requests() and lean.archive.gap(hole.number) == hole
    # And it may be asked for again.
    await lean.do(FillGap(WITH_BERT, hole.number))
    await lean.until(lambda: len(lean.happened(PriceAsked)) == 2)


async def test_a_link_that_is_quick_enough_asks_nothing(lean: Wire) -> None:
    lean.account.life.timing._rate = 64_000.0
    hole = await gap(lean)
    await lean.do(FillGap(WITH_BERT, hole.number))
    await lean.request(MAM)
    assert not lean.happened(PriceAsked)


async def test_full_asks_nothing_whatever_the_link(wire: Wire) -> None:
    wire.account.life.timing._rate = 100.0
    hole = await gap(wire)
    await wire.do(FillGap(WITH_BERT, hole.number))
    await wire.request(MAM)


async def test_more_than_is_left_of_the_budget_is_asked_for_on_every_profile(tmp_path: Path) -> None:
    wire = Wire(tmp_path, settings=Settings(link=Link(budget=1), encryption=Encryption(omemo=False)))
    await wire.online()
    wire.account.metering._budget._spent = 990_000
    hole = await gap(wire)
    await wire.do(FillGap(WITH_BERT, hole.number))
    assert (await asked(wire)).bytes == 50 * 620
    await wire.close()


async def test_a_large_room_has_a_price(lean: Wire) -> None:
    await lean.account.do(JoinRoom(ANNA, ROOM))
    lean.answer(await lean.request(DISCO), info(occupants=40))
    question = await asked(lean)
    assert question.what.endswith("with 40 people") and question.bytes == 20_000
    written = len(lean.stream.written)
    await answer(lean, question, yes=False)
    await lean.until(lambda: lean.world.rooms[IN_ROOM].state is RoomState.FAILED)
    assert "cost" in lean.world.rooms[IN_ROOM].reason
    assert len(lean.stream.written) == written


async def test_a_list_of_rooms_has_a_price(lean: Wire) -> None:
    asking = asyncio.ensure_future(lean.account.ask(PublicRooms(ANNA, ROOM)))
    await answer(lean, await asked(lean), yes=False)
    with pytest.raises(Unanswered, match="not fetched"):
        await asking
    asking = asyncio.ensure_future(lean.account.ask(PublicRooms(ANNA, ROOM)))
    await lean.until(lambda: len(lean.happened(PriceAsked)) == 2)
    await answer(lean, await asked(lean), yes=True)
    await lean.request(ITEMS)
    asking.cancel()


async def test_the_end_of_the_session_is_a_no(lean: Wire) -> None:
    hole = await gap(lean)
    await lean.do(FillGap(WITH_BERT, hole.number))
    question = await asked(lean)
    lean.account.life.end()
    await lean.until(lambda: bool(lean.happened(QuestionSettled)))
    assert question.id not in lean.world.questions


async def test_what_is_not_told_is_counted_as_spared(lean: Wire) -> None:
    lean.befriend()
    for composing in (True, True, False):
        assert not await lean.do(SetTyping(WITH_BERT, composing))
    await lean.take(
        "<message from='bert@example.org/x' type='chat' id='1'><body>hi</body>"
        "<request xmlns='urn:xmpp:receipts'/></message>"
    )
    lean.account.metering.save()
    lean.clock.turn(3600)
    lean.account.metering.save()
    spared = {one.category: one.spared for one in lean.account.metering.report().spent if one.spared.total}
    assert spared[Category.CHAT] == Amount(2 * 160)
    # One contact whose presence is not wanted, for an hour.
    assert spared[Category.PRESENCE] == Amount(0, 4 * 326)
