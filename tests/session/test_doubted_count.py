"""ejabberd's old stream may take a stanza after its count was told: what it covers not, an archive must."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import pytest_asyncio

from tests.session.room_script import info, join
from tests.session.test_client_state import EJABBERD, PROSODY
from tests.session.test_resumption import (
    ENABLED,
    bodies,
    deliveries,
    requests_in,
    resume,
    say,
    sent_ids,
    sequence_base,
)
from tests.session.test_unknown_fate import MAM, RSM, after, answer_everything, from_bert, result
from tests.session.wire import FULL, IN_ROOM, ROOM, WITH_BERT, Wire
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.message import Delivery
from tui_xmpp.session.opening import SignedIn
from tui_xmpp.session.timing import LinkTiming

COMPLETE = "<fin xmlns='urn:xmpp:mam:2' complete='true'/>"


@pytest_asyncio.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    made = Wire(tmp_path)
    await made.online(enabled=ENABLED)
    made.stream.server_caps = EJABBERD
    made.stream.start_session()
    yield made
    await made.close()


def queries(wire: Wire) -> list[ET.Element]:
    return [one for one in wire.stream.written if one.find(MAM) is not None]


async def test_what_the_old_stream_took_uncounted_is_not_sent_twice(wire: Wire) -> None:
    await wire.take(from_bert(100))
    base = sequence_base(wire)
    await say(wire, "one", "two", "three")
    ids = sent_ids(wire)
    wire.lose()
    await resume(wire, base + 1)
    assert bodies(wire) == [] and deliveries(wire)["one"] is Delivery.TAKEN
    query = await wire.request(MAM)
    assert after(query) == "100"
    assert requests_in(wire) == 1, "a dead link is to be noticed while all waits for the archive"
    await say(wire, "four")
    assert bodies(wire) == [], "it would overtake what may have to go again"
    wire.hear(result(query, 101, str(ids[1]), "two"))
    wire.answer(query, COMPLETE)
    await wire.settle()
    assert bodies(wire) == ["three", "four"] and sent_ids(wire)[0] == ids[2]
    assert deliveries(wire)["two"] is Delivery.TAKEN


@pytest.mark.parametrize("caps", [PROSODY, "http://other.example#1"])
async def test_other_servers_are_believed(wire: Wire, caps: str) -> None:
    wire.stream.server_caps = caps
    wire.stream.start_session()
    base = sequence_base(wire)
    await say(wire, "one")
    wire.lose()
    await resume(wire, base)
    assert bodies(wire) == ["one"] and not queries(wire)


async def test_where_all_was_counted_nothing_is_asked(wire: Wire) -> None:
    await say(wire, "one")
    base = sequence_base(wire)
    wire.lose()
    await resume(wire, base)
    assert not queries(wire)
    await say(wire, "two")
    assert bodies(wire) == ["two"]


async def test_what_comes_live_does_not_hide_what_is_looked_for(wire: Wire) -> None:
    await wire.take(from_bert(100))
    base = sequence_base(wire)
    await say(wire, "one")
    id = sent_ids(wire)[0]
    wire.lose()
    await resume(wire, base)
    await wire.take(from_bert(102))
    # The link is lost once more before anything was answered, and with it this process.
    again = wire.reborn()
    again.connect()
    again.account.life.established(SignedIn(FULL, resumed=base))
    query = await again.request(MAM)
    assert after(query) == "100" and bodies(again) == []
    again.hear(result(query, 101, str(id), "one"))
    again.answer(query, COMPLETE)
    await answer_everything(again)
    assert bodies(again) == []
    await again.close()


async def test_an_answer_from_before_the_next_cut_settles_nothing_said_after_it(wire: Wire) -> None:
    base = sequence_base(wire)
    await say(wire, "one")
    wire.lose()
    await resume(wire, base)
    early = await wire.request(MAM)
    carl = ChatKey(WITH_BERT.account, ROOM.bare)
    await wire.do(SendMessage(carl, "to another"))
    had = sequence_base(wire)
    wire.lose()
    await resume(wire, had - 1)
    wire.answer(early, COMPLETE)
    await wire.settle()
    assert bodies(wire) == [], "that answer may be older than what was said since"
    await answer_everything(wire)
    assert bodies(wire) == ["one", "to another"]


async def test_a_new_process_asks_too(wire: Wire) -> None:
    await wire.take(from_bert(100))
    base = sequence_base(wire)
    await say(wire, "one", "two")
    ids = sent_ids(wire)
    again = wire.reborn()
    again.connect()
    again.account.life.established(SignedIn(FULL, resumed=base))
    query = await again.request(MAM)
    assert after(query) == "100" and bodies(again) == []
    again.hear(result(query, 101, str(ids[0]), "one"))
    again.answer(query, COMPLETE)
    await answer_everything(again)
    assert bodies(again) == ["two"]
    await again.close()


@pytest.mark.parametrize("archive", [True, False])
async def test_a_room_tells_by_its_archive_or_by_what_it_sends_back(
    wire: Wire, archive: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LinkTiming, "silence", 0.05)
    await join(wire, answer=info() if archive else info(["muc_open"]))
    await answer_everything(wire)
    assert wire.world.rooms[IN_ROOM].archive is archive
    base = sequence_base(wire)
    for body in ("one", "two"):
        await wire.do(SendMessage(IN_ROOM, body))
    ids = sent_ids(wire)[-2:]
    wire.lose()
    await resume(wire, base)
    assert bodies(wire) == []
    await wire.take(
        f"<message from='{ROOM}/anna' to='{FULL}' type='groupchat' id='{ids[0]}'><body>one</body>"
        f"<origin-id xmlns='urn:xmpp:sid:0' id='{ids[0]}'/>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ROOM}' id='7'/></message>"
    )
    if archive:
        assert [one.get("to") for one in queries(wire)] == [str(ROOM)]
        await answer_everything(wire)
    await wire.until(lambda: "two" in bodies(wire))
    assert bodies(wire) == ["two"]


async def test_a_cut_while_the_archive_is_asked_begins_nothing_anew(wire: Wire) -> None:
    """On a link that flaps, each page that came is a step forward."""
    base = sequence_base(wire)
    await say(wire, "one")
    id = sent_ids(wire)[0]
    wire.lose()
    await resume(wire, base)
    first = await wire.request(MAM)
    wire.lose()
    await resume(wire, base)
    await wire.settle()
    assert [one.get("id") for one in queries(wire)] == [first.get("id")], "it is only sent again"
    wire.hear(result(first, 101, str(id), "one"))
    wire.answer(first, COMPLETE)
    query = await wire.request(f"{RSM}after")
    assert after(query) == "101" and bodies(wire) == []
    await say(wire, "two")
    wire.answer(query, COMPLETE)
    await wire.settle()
    assert bodies(wire) == ["two"]


async def test_what_waits_for_room_does_not_overtake_what_is_doubted(wire: Wire) -> None:
    base = sequence_base(wire)
    await say(wire, "one")
    wire.stream.waiting = 5000
    await say(wire, "two")
    assert bodies(wire)[-1:] == ["one"], "there is no room for the other one"
    wire.lose()
    await resume(wire, base)
    assert bodies(wire) == []
    await answer_everything(wire)
    assert bodies(wire) == ["one", "two"]
