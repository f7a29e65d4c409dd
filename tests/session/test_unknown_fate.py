"""What may have arrived goes again only once its archive, asked from before it, does not have it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import pytest_asyncio

from tests.session.room_script import join
from tests.session.test_custody_of_messages import FULL_DISK, fail_once
from tests.session.test_resumption import (
    ENABLED,
    bodies,
    deliveries,
    new_session,
    resume,
    say,
    sent_ids,
    sequence_base,
)
from tests.session.wire import ANNA, BERT, FULL, IN_ROOM, ROOM, WITH_BERT, Wire
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.custody import Stage
from tui_xmpp.core.message import Delivery
from tui_xmpp.session.features import history
from tui_xmpp.session.opening import SignedIn

MAM = "{urn:xmpp:mam:2}query"
RSM = "{http://jabber.org/protocol/rsm}"


@pytest_asyncio.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    made = Wire(tmp_path)
    await made.online(enabled=ENABLED)
    yield made
    await made.close()


def from_bert(number: int) -> str:
    """A message of Bert's, as our archive has it."""
    return (
        f"<message from='{BERT}/desk' to='{ANNA}' type='chat' id='b{number}'><body>b{number}</body>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ANNA}' id='{number}'/></message>"
    )


def result(query: ET.Element, number: int, id: str, body: str) -> str:
    """A message of ours, as our archive gives it back."""
    return (
        f"<message from='{ANNA}' to='{FULL}'><result xmlns='urn:xmpp:mam:2' id='{number}' "
        f"queryid='{query[0].get('queryid')}'><forwarded xmlns='urn:xmpp:forward:0'>"
        "<delay xmlns='urn:xmpp:delay' stamp='2026-01-05T12:00:00Z'/>"
        f"<message xmlns='jabber:client' from='{FULL}' to='{BERT}' type='chat' id='{id}'><body>{body}</body>"
        f"<origin-id xmlns='urn:xmpp:sid:0' id='{id}'/></message></forwarded></result></message>"
    )


def after(query: ET.Element) -> str | None:
    return query.findtext(f".//{RSM}after")


async def answer_everything(wire: Wire) -> None:
    for _ in range(12):
        wire.answer_all()
        await wire.settle()


async def catch_up(wire: Wire) -> str | None:
    """A new session, whose server does not know the last; after which id is the archive asked?"""
    wire.lose()
    await new_session(wire, None)
    return after(await wire.request(MAM))


async def test_an_answer_that_overtook_the_count_does_not_hide_what_it_answers(wire: Wire) -> None:
    await wire.take(from_bert(100))
    await say(wire, "one")
    await wire.take(from_bert(102))
    assert await catch_up(wire) == "100", "ours may be 101"


async def test_once_the_count_has_come_the_archive_is_asked_from_what_came_last(wire: Wire) -> None:
    await wire.take(from_bert(100))
    await say(wire, "one")
    await wire.take(from_bert(102))
    wire.hear(f"<a xmlns='urn:xmpp:sm:3' h='{sequence_base(wire)}'/>")
    assert await catch_up(wire) == "102"


async def test_what_is_said_in_a_room_does_not_hold_up_our_own_archive(wire: Wire) -> None:
    await join(wire)
    await answer_everything(wire)
    await wire.do(SendMessage(IN_ROOM, "hello"))
    assert bodies(wire)[-1] == "hello"
    await wire.take(from_bert(100))
    await wire.take(
        f"<message from='{ROOM}/Dora' type='groupchat' id='d1'><body>d</body>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ROOM}' id='7'/></message>"
    )
    newest = wire.archive.newest_archive_id
    assert newest(ANNA) == ("100", wire.messages()[-1].at)
    assert newest(ANNA, IN_ROOM) is None, "ours may stand before it"


async def test_a_hole_is_searched_before_what_lies_behind_it_counts_as_known(wire: Wire) -> None:
    await wire.take(from_bert(100))
    await say(wire, "one")
    id = sent_ids(wire)[-1]
    wire.lose()
    await new_session(wire, None)
    wire.answer(
        await wire.request(MAM),
        "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
        "error",
    )
    query = await wire.request(f"{RSM}before")
    wire.hear(result(query, 300, "of another device", "two"))
    wire.answer(query, "<fin xmlns='urn:xmpp:mam:2'/>")
    query = await wire.request(f"{RSM}after")
    assert after(query) == "100"
    # Whatever happens now: the next look begins where this one began.
    assert await catch_up(wire) == "100"
    wire.hear(result(query := await wire.request(MAM), 101, str(id), "one"))
    wire.answer(query, "<fin xmlns='urn:xmpp:mam:2' complete='true'/>")
    await answer_everything(wire)
    assert bodies(wire) == [] and deliveries(wire)["one"] is Delivery.TAKEN


@pytest.mark.parametrize(
    "proof",
    [
        "<received xmlns='urn:xmpp:receipts' id='{0}'/>",
        "<displayed xmlns='urn:xmpp:chat-markers:0' id='{0}'/>",
    ],
)
async def test_what_the_other_side_has_is_not_sent_again_nor_what_went_before_it(
    wire: Wire, proof: str
) -> None:
    await say(wire, "one", "two", "three")
    await wire.take(f"<message from='{BERT}/desk' type='chat'>{proof.format(sent_ids(wire)[1])}</message>")
    wire.lose()
    await new_session(wire, None)
    await answer_everything(wire)
    assert bodies(wire) == ["three"]


async def test_proof_that_comes_while_the_archive_is_asked_counts(wire: Wire) -> None:
    await say(wire, "one", "two")
    id = sent_ids(wire)[0]
    wire.lose()
    await new_session(wire, None)
    await wire.take(
        f"<message from='{BERT}/desk' type='chat'><received xmlns='urn:xmpp:receipts' id='{id}'/></message>"
    )
    assert deliveries(wire) == {"one": Delivery.DELIVERED, "two": Delivery.WRITTEN}
    await answer_everything(wire)
    assert bodies(wire) == ["two"], "of the old stream nothing is known but the one"


async def test_killed_while_the_archive_is_asked_it_is_asked_again(wire: Wire) -> None:
    await say(wire, "one")
    id = sent_ids(wire)[0]
    assert await catch_up(wire) is None
    again = wire.reborn()
    assert [one.stage for one in again.custody.pending(ANNA)] == [Stage.UNKNOWN]
    again.connect()
    wanted = again.account.life.resumption()
    assert wanted is not None and wanted.id == "s2"
    again.account.life.established(SignedIn(wanted.bound, resumed=0))
    query = await again.request(MAM)
    assert bodies(again) == []
    again.hear(result(query, 1, str(id), "one"))
    again.answer(query, "<fin xmlns='urn:xmpp:mam:2' complete='true'/>")
    await answer_everything(again)
    assert bodies(again) == [] and deliveries(again)["one"] is Delivery.TAKEN
    await again.close()


async def test_a_roll_back_leaves_nothing_that_the_disk_does_not_know(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(wire, "one")
    id = sent_ids(wire)[0]
    wire.lose()
    await new_session(wire, None)
    query = await wire.request(MAM)
    refuse_to_commit_once(wire, monkeypatch)
    wire.hear(result(query, 1, str(id), "one"))
    wire.answer(query, "<fin xmlns='urn:xmpp:mam:2' complete='true'/>")
    await wire.settle()
    assert wire.stream.failure and list(wire.account.unsettled()) == [WITH_BERT]
    wire.lose()
    wire.connect()
    wanted = wire.account.life.resumption()
    assert wanted is not None
    wire.account.life.established(SignedIn(wanted.bound, resumed=sequence_base(wire)))
    await wire.settle()
    assert bodies(wire) == []


def refuse_to_commit_once(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk takes all of a transaction, but not its end."""
    real = wire.custody.transaction
    refused: list[bool] = []

    @contextmanager
    def transaction(*, durable: bool = True) -> Iterator[Any]:
        with real(durable=durable) as connection:
            yield connection
            if durable and not refused:
                refused.append(True)
                raise FULL_DISK

    monkeypatch.setattr(wire.custody, "transaction", transaction)


async def test_what_the_disk_does_not_tell_at_once_is_not_overtaken(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_MOST_SECONDS", 0.0)
    await say(wire, "one")
    wire.lose()
    await new_session(wire, None)
    fail_once(monkeypatch, wire.custody, "pending")
    settle = wire.account.outbox.settle
    refused: list[Exception] = []

    def watched(chat: Any) -> None:
        try:
            settle(chat)
        except Exception as error:
            refused.append(error)
            # Said at the worst moment.
            assert not wire.account.outbox._may_go(wire.custody.pending(ANNA)[0])
            raise

    monkeypatch.setattr(wire.account.outbox, "settle", watched)
    await answer_everything(wire)
    await say(wire, "two")
    assert refused == [FULL_DISK] and bodies(wire) == ["one", "two"]


async def test_killed_at_any_stage_all_goes_once_and_in_order(wire: Wire) -> None:
    """One is at the server, one was written, one is queued behind a link that is gone."""
    base = sequence_base(wire)
    await say(wire, "one", "two")
    wire.lose()
    await say(wire, "three")
    again = wire.reborn()
    await resume(again, base + 1)
    assert bodies(again) == ["two", "three"]
    await again.close()
