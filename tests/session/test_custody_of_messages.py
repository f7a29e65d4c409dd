"""What could lose a message, double it or show it as sent: each by the moment in which it would happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.session.room_script import join
from tests.session.test_history import Server
from tests.session.test_resumption import (
    BODY,
    ENABLED,
    bodies,
    deliveries,
    new_session,
    resume,
    say,
    sequence_base,
)
from tests.session.wire import ANNA, BERT, IN_ROOM, ROOM, WITH_BERT, Wire
from tui_xmpp.core.commands import CorrectMessage, React, Refused, RetractMessage, RetryMessage, SendMessage
from tui_xmpp.core.events import RoomChanged
from tui_xmpp.core.message import Delivery
from tui_xmpp.core.ports import StorageError
from tui_xmpp.core.room import RoomState
from tui_xmpp.session.archive_query import ArchiveQueries
from tui_xmpp.session.feature import Failed
from tui_xmpp.session.features import history

FULL_DISK = StorageError("The disk is full.")


@pytest_asyncio.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    made = Wire(tmp_path)
    await made.online(enabled=ENABLED)
    yield made
    await made.close()


def fail_once(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, *, at: int = 1, error: Exception = FULL_DISK
) -> None:
    """The disk refuses the *at*-th call of a method, and takes all others."""
    real: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def failing(*values: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            raise error
        return real(*values, **named)

    monkeypatch.setattr(owner, name, failing)


async def test_the_count_of_a_refusal_holds_for_what_a_killed_process_did_not_note(wire: Wire) -> None:
    await say(wire, "one")
    base = sequence_base(wire)
    # Requests, presences: the server counts them, and a new process knows nothing of them.
    again = wire.reborn()
    await new_session(again, base + 3)
    assert deliveries(again)["one"] is Delivery.TAKEN
    assert not again.account.unsettled()
    await again.close()


async def test_the_count_of_a_refusal_tells_what_did_not_arrive_before_a_kill(wire: Wire) -> None:
    await say(wire, "one", "two")
    base = sequence_base(wire)
    again = wire.reborn()
    await new_session(again, base - 1)
    assert bodies(again) == ["two"]
    await again.close()


async def test_an_acknowledgement_the_disk_did_not_take_is_taken_from_the_next(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(wire, "one", "two")
    base = sequence_base(wire)
    fail_once(monkeypatch, wire.custody, "settled")
    wire.hear(f"<a xmlns='urn:xmpp:sm:3' h='{base}'/>")
    assert wire.stream.failure
    wire.lose()
    await new_session(wire, base)
    assert bodies(wire) == []
    assert set(deliveries(wire).values()) == {Delivery.TAKEN}


async def test_a_message_whose_writing_the_disk_refused_goes_before_the_next(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = sequence_base(wire)
    fail_once(monkeypatch, wire.custody, "transaction", at=2)
    await say(wire, "one")
    assert wire.stream.failure and bodies(wire) == []
    wire.lose()
    await say(wire, "two")
    await resume(wire, base)
    assert bodies(wire) == ["one", "two"]


async def test_a_page_of_the_archive_that_a_cut_link_swallowed_is_asked_for_again(wire: Wire) -> None:
    page = asyncio.ensure_future(wire.account.fetched(ANNA, []))
    await asyncio.sleep(0)
    wire.lose()
    with pytest.raises(Failed) as failed:
        await page
    assert failed.value.condition == "offline", "after this the catch-up tries again"


async def test_a_page_of_the_archive_that_the_disk_refused_is_asked_for_again(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch, wire.archive, "keep_all")
    page = asyncio.ensure_future(wire.account.fetched(ANNA, []))
    with pytest.raises(Failed) as failed:
        await asyncio.wait_for(page, 1)
    assert wire.stream.failure and failed.value.condition == "offline"


async def test_nothing_behind_a_message_that_the_disk_refused_is_acknowledged(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    handled = wire.account.life.management._handled
    fail_once(monkeypatch, wire.archive, "keep_all")
    fail_once(monkeypatch, wire.archive, "keep_all", error=ValueError("one that cannot be dealt with"))
    for one in ("m1", "m2"):
        wire.hear(BODY.format(one))
    await wire.settle()
    assert wire.stream.failure and not wire.messages()
    wanted = wire.account.life.resumption()
    assert wanted is not None and wanted.handled == handled


async def test_two_open_queries_never_share_results(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter(["aa-first", "aa-second", "bb-third"])
    monkeypatch.setattr(wire.account, "new_id", lambda: next(ids))
    queries = ArchiveQueries(wire.account)
    first, second = queries.ask(ANNA), queries.ask(ROOM)
    assert first.query_id != second.query_id


async def test_the_hole_is_noted_before_what_lies_behind_it_counts_as_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(tmp_path)
    server = Server(wire, 120)
    killed = asyncio.get_running_loop().create_future()

    def kill(gap: object) -> None:
        # From here on nothing of this process reaches the disk.
        killed.set_result(wire.archive.newest_archive_id(ANNA))

    monkeypatch.setattr(wire.archive, "add_gap", kill)
    await wire.online(answers=False)
    await server.serve()
    assert await asyncio.wait_for(killed, 1) is None
    await wire.close()


async def test_a_disk_that_is_full_for_a_while_does_not_end_the_catching_up(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(wire, "one")
    wire.lose()
    monkeypatch.setattr(history, "_MOST_SECONDS", 0.0)
    fail_once(monkeypatch, wire.archive, "newest_archive_id", at=2)
    await new_session(wire, None)
    for _ in range(20):
        wire.answer_all()
        await wire.settle()
    assert bodies(wire) == ["one"]


async def test_a_failed_message_is_sent_again_or_still_counts_as_failed(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(wire, "one")
    (message,) = wire.messages()
    await wire.take(
        f"<message from='{BERT}' type='error' id='{message.id}'><error type='cancel'>"
        "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    )
    assert deliveries(wire)["one"] is Delivery.FAILED
    fail_once(monkeypatch, wire.custody, "add")
    with pytest.raises(Refused):
        await wire.do(RetryMessage(WITH_BERT, message.row))
    assert deliveries(wire)["one"] is Delivery.FAILED
    await wire.do(RetryMessage(WITH_BERT, message.row))
    assert bodies(wire) == ["one", "one"] and deliveries(wire)["one"] is Delivery.WRITTEN


async def test_what_is_changed_here_is_on_its_way_to_the_others(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(wire, "one")
    (message,) = wire.messages()
    for command in (
        CorrectMessage(WITH_BERT, message.row, "two"),
        React(WITH_BERT, message.row, ("👍",)),
        RetractMessage(WITH_BERT, message.row),
    ):
        fail_once(monkeypatch, wire.custody, "add")
        with pytest.raises(Refused):
            await wire.do(command)
        monkeypatch.undo()
    assert wire.messages() == (message,)


async def test_what_waits_for_a_room_goes_before_what_is_said_once_we_are_back(wire: Wire) -> None:
    await join(wire)
    wire.answer_all()
    await wire.settle()
    wire.account.emit(RoomChanged(IN_ROOM, RoomState.JOINING))
    await wire.do(SendMessage(IN_ROOM, "one"))
    wire.account.emit(RoomChanged(IN_ROOM, RoomState.JOINED))
    await wire.do(SendMessage(IN_ROOM, "two"))
    assert bodies(wire) == []
    for _ in range(5):
        wire.answer_all()
        await wire.settle()
    assert bodies(wire) == ["one", "two"]


async def test_what_was_shown_of_another_device_says_nothing_of_what_may_not_have_arrived(wire: Wire) -> None:
    await say(wire, "one")
    wire.lose()
    await new_session(wire, None)
    await wire.take(
        "<message from='anna@example.org'><sent xmlns='urn:xmpp:carbons:2'>"
        "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' "
        "from='anna@example.org/phone' to='bert@example.org' type='chat' id='p1'>"
        "<body>from the phone</body></message></forwarded></sent></message>"
    )
    await wire.take(
        "<message from='bert@example.org/desk' type='chat'>"
        "<displayed xmlns='urn:xmpp:chat-markers:0' id='p1'/></message>"
    )
    assert deliveries(wire) == {"one": Delivery.WRITTEN, "from the phone": Delivery.READ}


async def test_a_program_that_uses_an_id_again_is_heard_each_time(wire: Wire) -> None:
    for one in ("first", "second", "second"):
        await wire.take(f"<message from='{BERT}/bot' type='chat' id='1'><body>{one}</body></message>")
    assert [one.body for one in wire.messages()] == ["first", "second"]


async def test_what_was_shown_of_another_device_says_nothing_of_what_is_not_acknowledged(wire: Wire) -> None:
    await say(wire, "one")
    (message,) = wire.messages()
    await wire.take(
        "<message from='anna@example.org'><sent xmlns='urn:xmpp:carbons:2'>"
        "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' "
        "from='anna@example.org/phone' to='bert@example.org' type='chat' id='p1'>"
        "<body>from the phone</body></message></forwarded></sent></message>"
    )
    await wire.take(
        "<message from='bert@example.org/desk' type='chat'>"
        "<displayed xmlns='urn:xmpp:chat-markers:0' id='p1'/></message>"
    )
    assert deliveries(wire) == {"one": Delivery.WRITTEN, "from the phone": Delivery.READ}
    await wire.take(
        f"<message from='{BERT}' type='error' id='{message.id}'><error type='cancel'>"
        "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    )
    assert deliveries(wire)["one"] is Delivery.FAILED


async def test_what_was_shown_was_taken_and_so_was_what_went_before_it(wire: Wire) -> None:
    await say(wire, "one", "two", "three")
    two = wire.messages()[1]
    await wire.take(
        "<message from='bert@example.org/desk' type='chat'>"
        f"<displayed xmlns='urn:xmpp:chat-markers:0' id='{two.id}'/></message>"
    )
    assert deliveries(wire) == {"one": Delivery.READ, "two": Delivery.READ, "three": Delivery.WRITTEN}
