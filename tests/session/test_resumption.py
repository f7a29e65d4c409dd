"""Stream management (XEP-0198): what survives a cut link, a dead process, a session that is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest_asyncio

from tests.session.cells.probes import Timers
from tests.session.wire import FULL, ROOM, WITH_BERT, Wire, text
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.custody import Stage
from tui_xmpp.core.message import Delivery
from tui_xmpp.session.opening import SignedIn

ENABLED = "<enabled xmlns='urn:xmpp:sm:3' id='s1' resume='true' max='300'/>"
BODY = "<message from='bert@example.org/desk' type='chat' id='{0}'><body>{0}</body></message>"


@pytest_asyncio.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    made = Wire(tmp_path)
    await made.online(enabled=ENABLED)
    yield made
    await made.close()


def bodies(wire: Wire) -> list[str]:
    """Of the messages written on the newest stream, in order."""
    return [text(one) for one in wire.stream.written if one.tag == "{jabber:client}message"]


def sent_ids(wire: Wire) -> list[str | None]:
    return [one.get("id") for one in wire.stream.written if one.tag == "{jabber:client}message"]


def requests_in(wire: Wire) -> int:
    return sum(one.tag == "{urn:xmpp:sm:3}r" for one in wire.stream.written)


async def say(wire: Wire, *words: str) -> None:
    for one in words:
        await wire.do(SendMessage(WITH_BERT, one))


def deliveries(wire: Wire) -> dict[str, Delivery]:
    return {one.body: one.delivery for one in wire.messages()}


def sequence_base(wire: Wire) -> int:
    """What the server has acknowledged or could: everything written before the test's own messages."""
    return wire.account.life.management._sent[-1].sequence if wire.account.life.management._sent else 0


async def resume(wire: Wire, h: int) -> None:
    """A new link takes the old session up; the server had *h* stanzas of ours."""
    wire.connect()
    wanted = wire.account.life.resumption()
    assert wanted is not None and wanted.id == "s1"
    wire.account.life.established(SignedIn(wanted.bound, resumed=h))
    await wire.settle()


async def new_session(wire: Wire, failed: int | None, *, answers: bool = True) -> None:
    """A new link; the server does not know the old session, but may still know what it had of it."""
    wire.connect()
    wire.account.life.open(frozenset())
    wire.hear("<enabled xmlns='urn:xmpp:sm:3' id='s2' resume='true'/>")
    wire.account.life.established(SignedIn(FULL, failed=failed))
    await wire.settle()


async def test_what_the_server_did_not_have_goes_again_in_order_and_first(wire: Wire) -> None:
    base = sequence_base(wire)
    await say(wire, "one", "two", "three")
    ids = sent_ids(wire)
    wire.lose()
    await say(wire, "typed offline")
    await resume(wire, base + 1)
    assert bodies(wire) == ["two", "three", "typed offline"]
    assert sent_ids(wire)[:2] == ids[1:]
    assert deliveries(wire)["one"] is Delivery.TAKEN
    assert deliveries(wire)["two"] is Delivery.WRITTEN


async def test_resent_stanzas_are_the_same_bytes(wire: Wire) -> None:
    base = sequence_base(wire)
    await say(wire, "one")
    before = ET.tostring(wire.stream.written[-2])
    wire.lose()
    await resume(wire, base)
    assert before in [ET.tostring(one) for one in wire.stream.written]


async def test_acknowledgements_after_a_resume_meet_the_right_messages(wire: Wire) -> None:
    base = sequence_base(wire)
    await say(wire, "one", "two")
    wire.lose()
    await say(wire, "three")
    await resume(wire, base)
    wire.hear(f"<a xmlns='urn:xmpp:sm:3' h='{base + 2}'/>")
    await wire.settle()
    assert deliveries(wire) == {
        "one": Delivery.TAKEN,
        "two": Delivery.TAKEN,
        "three": Delivery.WRITTEN,
    }


async def test_a_refused_resumption_with_a_count_settles_everything(wire: Wire) -> None:
    base = sequence_base(wire)
    await say(wire, "one", "two")
    wire.lose()
    await new_session(wire, base + 1)
    assert deliveries(wire)["one"] is Delivery.TAKEN
    assert bodies(wire) == ["two"]


async def test_a_refused_resumption_without_a_count_asks_the_archive_first(wire: Wire) -> None:
    await say(wire, "one", "two")
    id_one = sent_ids(wire)[0]
    wire.lose()
    await new_session(wire, None)
    assert bodies(wire) == []
    query = await wire.request("{urn:xmpp:mam:2}query")
    queryid = query[0].get("queryid")
    wire.hear(
        f"<message from='anna@example.org' to='{FULL}'>"
        f"<result xmlns='urn:xmpp:mam:2' queryid='{queryid}' id='a1'>"
        "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-01-05T12:00:00Z'/>"
        f"<message xmlns='jabber:client' from='{FULL}' to='bert@example.org' type='chat' id='{id_one}'>"
        f"<body>one</body><origin-id xmlns='urn:xmpp:sid:0' id='{id_one}'/></message></forwarded>"
        "</result></message>"
    )
    wire.answer(query, "<fin xmlns='urn:xmpp:mam:2' complete='true'/>")
    await wire.until(lambda: bodies(wire) == ["two"])
    assert deliveries(wire)["one"] is Delivery.TAKEN
    assert not wire.account.unsettled()


async def test_what_was_typed_offline_does_not_overtake_what_is_of_unknown_fate(wire: Wire) -> None:
    await say(wire, "one")
    wire.lose()
    await say(wire, "two")
    await new_session(wire, None)
    assert bodies(wire) == []
    wire.answer_all()
    await wire.until(lambda: bodies(wire) == ["one", "two"])


async def test_a_killed_process_resumes_the_session(wire: Wire, tmp_path: Path) -> None:
    base = sequence_base(wire)
    await say(wire, "one", "two")
    await wire.take(BODY.format("seen"))
    ids = sent_ids(wire)
    again = wire.reborn()
    wanted = again.account.life.resumption()
    assert wanted is not None
    assert wanted.handled == wire.account.life.management._handled
    await resume(again, base + 1)
    assert sent_ids(again) == ids[1:2]
    assert deliveries(again) == {"one": Delivery.TAKEN, "two": Delivery.WRITTEN, "seen": Delivery.INCOMING}


async def test_a_power_cut_resumes_nothing(wire: Wire) -> None:
    await say(wire, "one")
    again = wire.reborn(boot="another")
    assert again.account.life.resumption() is None
    assert [one.stage for one in again.custody.pending(again.account.own)] == [Stage.UNKNOWN]


async def test_only_what_is_on_disk_is_acknowledged(wire: Wire) -> None:
    handled = wire.account.life.management._handled
    await wire.take(BODY.format("m1"))
    wire.hear("<r xmlns='urn:xmpp:sm:3'/>")
    await wire.settle()
    wire.account.life.acknowledging.last_words()
    assert wire.stream.written[-1].get("h") == str(handled + 1)
    state = wire.custody.stream(wire.account.own)
    assert state is not None and state.handled == handled + 1


async def test_an_acknowledgement_rides_on_what_leaves_anyway(wire: Wire) -> None:
    await wire.take(BODY.format("m1"))
    written = await wire.take("<r xmlns='urn:xmpp:sm:3'/>")
    assert written == []
    await say(wire, "answer")
    tags = [one.tag.partition("}")[2] for one in wire.stream.written]
    assert tags[-3:] == ["message", "a", "r"]


async def test_it_asks_behind_the_message_and_not_again_before_the_answer(wire: Wire) -> None:
    before = requests_in(wire)
    with Timers(asyncio.get_running_loop()) as timers:
        await say(wire, "one", "two", "three")
        assert requests_in(wire) == before + 1
        base = sequence_base(wire)
        wire.hear(f"<a xmlns='urn:xmpp:sm:3' h='{base - 2}'/>")
        await wire.settle()
        assert requests_in(wire) == before + 1, "what is typed meanwhile is asked about together"
        for seconds, act in timers.due:
            if seconds <= wire.account.pacing.ask_seconds:
                act()
    assert requests_in(wire) == before + 2


async def test_a_count_beyond_what_was_sent_ends_the_session(wire: Wire) -> None:
    await say(wire, "one")
    wire.hear(f"<a xmlns='urn:xmpp:sm:3' h='{sequence_base(wire) + 1}'/>")
    await wire.settle()
    assert wire.stream.failure
    assert deliveries(wire)["one"] is Delivery.WRITTEN
    assert wire.account.life.resumption() is None


async def test_nobody_is_told_of_a_lost_link_that_is_resumed(wire: Wire) -> None:
    wire.befriend()
    await wire.take("<presence from='bert@example.org/desk'/>")
    base = sequence_base(wire)
    wire.lose()
    await resume(wire, base)
    assert wire.world.presences
    assert wire.stream.written == []


async def test_a_new_process_knows_who_was_there(wire: Wire) -> None:
    wire.befriend()
    await wire.take("<presence from='bert@example.org/desk'><show>away</show></presence>")
    await wire.take("<presence from='bert@example.org/phone'/>")
    await wire.take("<presence from='bert@example.org/phone' type='unavailable'/>")
    base = sequence_base(wire)
    again = wire.reborn()
    again.befriend()
    await resume(again, base)
    [resources] = again.world.presences.values()
    assert list(resources) == ["desk"]
    assert again.stream.written == []


async def test_a_room_is_still_joined_in_a_new_process(wire: Wire) -> None:
    wire.enter()
    await wire.take(
        f"<presence from='{ROOM}/Carl'><x xmlns='http://jabber.org/protocol/muc#user'>"
        "<item affiliation='none' role='participant'/></x></presence>"
    )
    await wire.take(
        f"<presence from='{ROOM}/Anna'><x xmlns='http://jabber.org/protocol/muc#user'>"
        "<item affiliation='owner' role='moderator'/><status code='110'/></x></presence>"
    )
    base = sequence_base(wire)
    again = wire.reborn()
    await resume(again, base)
    room = next(iter(again.world.rooms.values()))
    assert room.state.name == "JOINED"
    assert set(room.occupants) == {"Carl", "Anna"}
    assert again.stream.written == []


async def test_a_sign_in_that_comes_to_nothing_leaves_the_old_session(wire: Wire) -> None:
    base = sequence_base(wire)
    await say(wire, "one")
    wire.lose()
    wire.connect()
    wire.account.life.open(frozenset())
    wire.lose()
    await resume(wire, base)
    assert bodies(wire) == ["one"]


async def test_a_session_is_as_old_as_its_last_link(wire: Wire) -> None:
    wire.clock.turn(20 * 60)
    wire.lose()
    wire.clock.turn(2 * 60)
    assert wire.account.life.resumption() is not None
    wire.clock.turn(20 * 60)
    assert wire.account.life.resumption() is None


async def test_what_is_beyond_our_limits_is_counted_as_the_server_counts_it(wire: Wire) -> None:
    handled = wire.account.life.management._handled
    wire.account.life.left_out()
    await wire.settle()
    assert wire.account.life.management._handled == handled + 1
