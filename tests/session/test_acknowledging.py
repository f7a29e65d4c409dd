"""When the server is asked what it has, when it is told what we have, and what waits for its word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import pytest_asyncio

from tests.session.cells.probes import Timers
from tests.session.test_resumption import BODY, ENABLED, bodies, deliveries, requests_in, say, sequence_base
from tests.session.wire import FULL, WITH_BERT, Wire
from tui_xmpp.core.commands import SendMessage, SetLinkCell
from tui_xmpp.core.message import Delivery
from tui_xmpp.session import convert, watching
from tui_xmpp.session.lanes import MOST_UNACKNOWLEDGED, Lane, Lanes, Parcel
from tui_xmpp.session.opening import SignedIn

PIECE = 350
ASK = "<r xmlns='urn:xmpp:sm:3'/>"
ANSWER = "{urn:xmpp:sm:3}a"


@pytest_asyncio.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    made = Wire(tmp_path)
    await made.online(enabled=ENABLED)
    yield made
    await made.close()


def piece(number: int, length: int = PIECE) -> ET.Element:
    query = convert.element("jabber:iq:private", "query")
    convert.add(query, f"urn:example:{number}", "piece", "x" * length)
    return query


def acknowledge(wire: Wire) -> None:
    wire.hear(f"<a xmlns='urn:xmpp:sm:3' h='{sequence_base(wire)}'/>")


def pieces_in(wire: Wire) -> int:
    return sum(one.find("{jabber:iq:private}query") is not None for one in wire.stream.written)


async def test_the_background_goes_on_as_the_server_answers_and_to_its_end(wire: Wire) -> None:
    transfers = [
        asyncio.ensure_future(wire.account.request("set", piece(number), background=True))
        for number in range(30)
    ]
    await asyncio.sleep(0)
    written, asked = pieces_in(wire), requests_in(wire)
    assert 0 < written * PIECE <= MOST_UNACKNOWLEDGED and asked == 1
    while pieces_in(wire) < 30:
        acknowledge(wire)
        assert pieces_in(wire) > written, "without any other cause"
        written = pieces_in(wire)
    # What is written last is waited for by nobody.
    assert requests_in(wire) < 30
    wire.answer_all()
    await asyncio.wait_for(asyncio.gather(*transfers), 1)


async def test_a_message_in_the_midst_of_the_background_goes_at_once(wire: Wire) -> None:
    waiting = [wire.account.request("set", piece(number), background=True) for number in range(30)]
    await asyncio.sleep(0)
    before = pieces_in(wire)
    await say(wire, "typed meanwhile")
    assert waiting and bodies(wire) == ["typed meanwhile"] and pieces_in(wire) == before


async def test_a_question_that_a_link_swallowed_keeps_no_other_from_being_asked(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    wire.connect()
    wire.account.life.open(frozenset())
    for number in range(30):
        wire.account.request("set", piece(number), background=True)
    assert requests_in(wire) == 1
    wire.lose()
    await wire.online(enabled=ENABLED)
    before = requests_in(wire)
    await say(wire, "one")
    assert requests_in(wire) == before + 1
    await wire.close()


async def test_the_background_goes_on_where_the_server_will_not_count(wire: Wire) -> None:
    for number in range(30):
        wire.account.request("set", piece(number), background=True)
    await asyncio.sleep(0)
    assert pieces_in(wire) < 30
    wire.hear("<failed xmlns='urn:xmpp:sm:3'/>")
    assert pieces_in(wire) == 30


@pytest.mark.parametrize("length", [MOST_UNACKNOWLEDGED // 2 + 1, 3 * MOST_UNACKNOWLEDGED])
async def test_there_is_never_more_of_the_background_under_way_than_a_message_can_wait_for(
    length: int,
) -> None:
    """A longer stanza cannot be divided: it goes alone."""
    under_way: list[Parcel] = []
    asked: list[int] = []
    lanes = Lanes(
        under_way.append,
        lambda: True,
        lambda: sum(len(one.text) for one in under_way),
        lambda: asked.append(len(under_way)),
    )
    lanes.open()
    for _ in range(3):
        lanes.put(Parcel("x" * length, Lane.BACKGROUND))
    assert len(under_way) == 1 and asked
    under_way.clear()
    lanes.run()
    assert len(under_way) == 1


async def test_a_question_that_finds_nothing_new_is_answered(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XEP-0198 §4: whoever is asked MUST answer; a server that hears nothing gives the link up."""
    monkeypatch.setattr(wire.account.life.acknowledging, "_delay", lambda: 0.0)
    await wire.take(BODY.format("m1"))

    for number in (1, 2):
        await wire.take(ASK)
        await wire.until(partial(has_answered, wire, number))
    assert len({one.get("h") for one in wire.stream.written if one.tag == ANSWER}) == 1


def has_answered(wire: Wire, times: int) -> bool:
    return sum(one.tag == ANSWER for one in wire.stream.written) == times


def is_noted(wire: Wire, moment: datetime) -> bool:
    kept = wire.custody.stream(wire.account.own)
    return kept is not None and kept.seen_at == moment


async def test_while_the_link_stands_the_disk_knows_it(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "STANDS_SECONDS", 0.0)
    wire.account.life._watching._note_later()
    for _ in range(20):
        wire.clock.turn(60)
        await wire.until(partial(is_noted, wire, wire.clock.now()))
    turned = wire.clock.now()
    again = wire.reborn()
    again.clock.turn((turned - again.clock.now()).total_seconds() + 60)
    assert again.account.life.resumption() is not None
    await again.close()


async def test_what_was_written_before_counting_was_refused_is_asked_for_by_a_ping(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    await wire.account.do(SendMessage(WITH_BERT, "one"))
    wire.connect()
    wire.account.life.open(frozenset())
    wire.account.life.established(SignedIn(FULL))
    await wire.settle()
    assert bodies(wire) == ["one"]
    wire.hear("<failed xmlns='urn:xmpp:sm:3'/>")
    ping = await wire.request("{urn:xmpp:ping}ping")
    assert deliveries(wire)["one"] is Delivery.WRITTEN
    wire.answer(ping)
    await wire.until(lambda: deliveries(wire)["one"] is Delivery.TAKEN)
    assert not wire.custody.pending(wire.account.own)
    await wire.close()


async def test_an_answer_does_not_ride_on_every_packet(wire: Wire) -> None:
    """Prosody asks behind each stanza: each packet would carry one, and each would be asked about again."""

    async def answered(number: int) -> bool:
        await wire.take(BODY.format(f"m{number}"))
        wire.stream.written.clear()
        await wire.take("<r xmlns='urn:xmpp:sm:3'/>")
        await say(wire, f"answer {number}")
        return any(one.tag == ANSWER for one in wire.stream.written)

    with Timers(asyncio.get_running_loop()) as timers:
        assert await answered(1)
        assert not await answered(2)
        # It is given all the same, as late as it may be.
        assert timers.seconds("_answer")[-1] == wire.account.pacing.ack_delay
        await wire.do(SetLinkCell(wire.account.own, "ack_delay", "0"))
        assert await answered(3), "after half of that it rides again"
