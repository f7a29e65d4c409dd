"""A full disk at the end of a link, and faults of our own: the account goes on, and somebody is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.session.test_custody_of_messages import FULL_DISK, fail_once
from tests.session.test_resumption import BODY, ENABLED, bodies, new_session, resume, say, sequence_base
from tests.session.wire import ANNA, Wire
from tui_xmpp.core.custody import Stage
from tui_xmpp.core.events import Notice


@pytest_asyncio.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    made = Wire(tmp_path)
    await made.online(enabled=ENABLED)
    yield made
    await made.close()


@pytest.mark.parametrize("refused", ["restage", "drop_stream", "pending"])
@pytest.mark.parametrize("resumable", [True, False])
async def test_a_session_ends_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str, resumable: bool
) -> None:
    wire = Wire(tmp_path)
    if resumable:
        await wire.online(enabled=ENABLED)
    else:
        await wire.online()
    await say(wire, "one")
    fail_once(monkeypatch, wire.custody, refused)
    if resumable:
        wire.account.life.end()
    else:
        wire.lose()
    assert not wire.account.life.opened and wire.account.life.management.state is None
    await new_session(wire, None)
    assert [one.stage for one in wire.custody.pending(ANNA)] == [Stage.UNKNOWN]
    assert bodies(wire) == [], "the archive is asked first"
    for _ in range(5):
        wire.answer_all()
        await wire.settle()
    assert bodies(wire) == ["one"]
    await wire.close()


async def test_a_disk_that_does_not_tell_what_waits_is_asked_again_over_another_link(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = sequence_base(wire)
    wire.lose()
    await say(wire, "typed offline")
    fail_once(monkeypatch, wire.custody, "pending")
    await resume(wire, base)
    assert wire.stream.failure == str(FULL_DISK)
    wire.lose()
    await resume(wire, base)
    assert bodies(wire) == ["typed offline"]


async def test_a_session_that_cannot_be_written_down_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(tmp_path)
    await wire.online(enabled="<other xmlns='urn:example:x'/>")
    fail_once(monkeypatch, wire.custody, "put_stream")
    wire.hear(ENABLED)
    assert wire.stream.failure == str(FULL_DISK)
    await wire.close()


async def test_what_fails_behind_what_came_in_does_not_end_the_inbox(wire: Wire) -> None:
    def fail() -> None:
        raise ValueError("a fault of ours")

    wire.account.inbox.put(fail)
    await wire.take(BODY.format("later"))
    assert [one.body for one in wire.messages()] == ["later"]
    assert wire.happened(Notice)


async def test_whatever_fails_in_the_inbox_cuts_the_link_and_the_next_brings_it_again(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    handled = wire.account.life.management._handled
    fail_once(monkeypatch, wire.account.life.management, "handled", error=ValueError("a fault of ours"))
    await wire.take(BODY.format("one"))
    assert wire.stream.failure and wire.account.life.management._handled == handled
    wire.lose()
    await resume(wire, sequence_base(wire))
    await wire.take(BODY.format("one"))
    assert [one.body for one in wire.messages()] == ["one"]
