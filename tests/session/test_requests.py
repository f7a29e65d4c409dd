"""Questions to the server: answered, given up, or never put."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import pytest_asyncio

from tests.session.test_resumption import ENABLED, requests_in
from tests.session.wire import Wire
from tui_xmpp.session import convert
from tui_xmpp.session.feature import Failed
from tui_xmpp.session.timing import LinkTiming

QUESTION = convert.element("urn:example:x", "query")


@pytest_asyncio.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    made = Wire(tmp_path)
    await made.online(enabled=ENABLED)
    yield made
    await made.close()


def asked(wire: Wire) -> list[ET.Element]:
    return [one for one in wire.stream.written if one.find("{urn:example:x}query") is not None]


def open_questions(wire: Wire) -> int:
    return len(wire.account.requests._asked)


async def test_what_nobody_waits_for_any_more_is_not_written_late(wire: Wire) -> None:
    wire.account.life.lanes.close()
    with pytest.raises(Failed) as failed:
        await wire.account.request("get", QUESTION, timeout=0.01)
    assert failed.value.condition == "timeout"
    given_up = asyncio.ensure_future(_result(wire))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    kept = wire.account.request("get", QUESTION)
    wire.account.life.lanes.open()
    assert len(asked(wire)) == 1
    wire.answer(asked(wire)[0])
    await kept


async def _result(wire: Wire) -> ET.Element:
    return await wire.account.request("get", QUESTION)


async def test_an_answer_that_nobody_awaits_ends_the_question(wire: Wire) -> None:
    before = open_questions(wire)
    wire.account.request("get", QUESTION)
    assert open_questions(wire) == before + 1
    wire.answer(asked(wire)[0])
    await wire.until(lambda: open_questions(wire) == before)


async def test_a_question_that_nobody_awaits_or_answers_is_given_up(wire: Wire) -> None:
    before = open_questions(wire)
    answer = wire.account.request("get", QUESTION, timeout=0.01)
    await wire.until(lambda: open_questions(wire) == before)
    with pytest.raises(Failed):
        await answer


async def test_a_question_that_nothing_follows_puts_the_link_in_doubt(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relay in between takes everything: only the server can say that it is there."""
    monkeypatch.setattr(LinkTiming, "overdue", 0.02)
    loop = asyncio.get_running_loop()
    wire.account.request("get", QUESTION, background=True)
    wire.account.request("get", QUESTION)
    before, asked_at = requests_in(wire), loop.time()
    wire.stream.heard_at = asked_at
    await wire.until(lambda: requests_in(wire) > before)
    assert loop.time() - asked_at >= 0.02
    assert requests_in(wire) == before + 1


async def test_what_else_comes_proves_the_link(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LinkTiming, "overdue", 0.05)
    loop = asyncio.get_running_loop()
    wire.account.request("get", QUESTION)
    before, asked_at = requests_in(wire), loop.time()
    while loop.time() < asked_at + 0.2:
        wire.stream.heard_at = loop.time()
        await asyncio.sleep(0)
        assert requests_in(wire) == before
    await wire.until(lambda: requests_in(wire) > before)
