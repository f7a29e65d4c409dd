"""What could lose a message, double it or show it as sent: each by the moment in which it would happen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.session.test_resumption import (
    BODY,
    ENABLED,
    bodies,
    deliveries,
    new_session,
    resume,
    say,
    sent_ids,
    sequence_base,
)
from tests.session.wire import WITH_BERT, Wire
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.custody import Stage
from tui_xmpp.core.message import Delivery
from tui_xmpp.core.ports import StorageError


@pytest_asyncio.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    made = Wire(tmp_path)
    await made.online(enabled=ENABLED)
    yield made
    await made.close()


def fail_once(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, *, at: int = 1) -> None:
    """The disk refuses the *at*-th call of a method, and takes all others."""
    real: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def failing(*values: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            raise StorageError("The disk is full.")
        return real(*values, **named)

    monkeypatch.setattr(owner, name, failing)


async def test_the_count_of_a_refusal_holds_for_what_a_killed_process_did_not_note(wire: Wire) -> None:
    await say(wire, "one")
    base = sequence_base(wire)
    # Requests, presences: the server counts them, and a new process knows nothing of them.
    again = wire.reborn()
    await new_session(again, base + 3)
    assert deliveries(again)["one"] is Delivery.TAKEN
    assert again.account.unsettled() == ()
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
