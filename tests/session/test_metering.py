"""What the meter tells and keeps, on a scripted wire."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.session.wire import ANNA, WITH_BERT, Wire
from tui_xmpp.core.account import TransportKind
from tui_xmpp.core.budget_events import BudgetReached
from tui_xmpp.core.events import Notice, RatesChanged
from tui_xmpp.core.ports import StorageError
from tui_xmpp.core.settings import Encryption, Link, Settings
from tui_xmpp.core.traffic import Amount, Category, Spent
from tui_xmpp.session import metering
from tui_xmpp.session.metering import Metering

MESSAGE = "<message to='bert@example.org' type='chat'><body>hello</body></message>"


class Carrier:
    """A wire that carries what it is told, over a kernel that tells nothing."""

    kind = TransportKind.TCP
    bytes_in = bytes_out = 0

    def carried(self) -> None:
        return None


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "TICK", 0.01)


def carry(wire: Wire) -> Metering:
    """A link of the account that only the meter looks at."""
    stream: Any = wire.stream
    stream.wire, stream.read_bytes = Carrier(), 0
    found = wire.account.metering
    found.begin(stream)
    return found


def say(wire: Wire, text: str = MESSAGE) -> None:
    wire.stream.wire.bytes_out += len(text)
    wire.account.metering.said([text])


def kept(wire: Wire) -> dict[Category, Spent]:
    wire.account.metering.save()
    now = wire.clock.now()
    found = wire.ledger.spent(now - timedelta(hours=2), now + timedelta(hours=2))
    return {one.category: one for one in found}


async def test_rates_are_told_while_they_change_and_then_no_more(wire: Wire) -> None:
    meter = carry(wire)
    for _ in range(50):
        say(wire)
    await wire.until(lambda: bool(wire.happened(RatesChanged)) and meter._ticking is None)
    told = [one.rates for one in wire.happened(RatesChanged)]
    assert told[0].up > 500 and told[-1].up == 0 and told[-1].today.up > 50 * len(MESSAGE)
    # One for what came, one for the end of it; nothing runs once all is quiet.
    assert len(told) == 2


async def test_what_was_said_is_kept_by_category_and_chat(wire: Wire) -> None:
    carry(wire)
    say(wire)
    say(wire, "<r xmlns='urn:xmpp:sm:3'/>")
    spent = kept(wire)
    assert spent[Category.CHAT].chat == WITH_BERT
    assert spent[Category.CHAT].xml == Amount(len(MESSAGE))
    assert spent[Category.KEEPALIVE].xml == Amount(len("<r xmlns='urn:xmpp:sm:3'/>"))
    # Without a kernel that tells it is reckoned: a handshake, and 22 bytes a record.
    assert sum(one.tls.up for one in spent.values()) == 700 + 2 * 22


async def test_it_is_kept_by_itself_before_long(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "SAVE_SECONDS", 0.01)
    carry(wire)
    say(wire)
    now = wire.clock.now()
    span = (now - timedelta(hours=1), now + timedelta(hours=1))
    await wire.until(lambda: any(one.category is Category.CHAT for one in wire.ledger.spent(*span)))
    assert wire.account.metering._saving is None


async def test_a_disk_that_refuses_loses_nothing(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    carry(wire)
    say(wire)

    def refuse(_: object) -> None:
        raise StorageError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(wire.ledger, "add", refuse)
        for _ in range(2):
            wire.account.metering.save()
        assert [one.text for one in wire.happened(Notice)] == ["The disk is full."]
    assert kept(wire)[Category.CHAT].xml == Amount(len(MESSAGE))


async def test_an_answer_belongs_to_what_was_asked(wire: Wire) -> None:
    meter = carry(wire)
    say(wire, "<iq type='set' id='a1'><query xmlns='urn:xmpp:mam:2'/></iq>")
    answer = metering.categories.read("<iq type='error' id='a1'/>")
    wire.stream.wire.bytes_in += 22
    meter.came(answer, 22)
    assert kept(wire)[Category.HISTORY].xml.down == 22


async def test_it_goes_on_from_what_today_has_cost(wire: Wire, tmp_path: Path) -> None:
    carry(wire)
    say(wire)
    wire.lose()
    spent = sum((one.xml + one.tls for one in kept(wire).values()), Amount())
    again = wire.reborn()
    assert again.account.metering._today == spent
    await again.close()


async def test_a_budget_is_told_once_for_each_share(tmp_path: Path) -> None:
    wire = Wire(tmp_path, settings=Settings(link=Link(budget=1), encryption=Encryption(omemo=False)))
    await wire.online()
    meter = carry(wire)
    for number in range(11):
        say(wire, " " * 99_000)
        meter.save()
        assert len(wire.happened(BudgetReached)) <= number
    told = [one.share for one in wire.happened(BudgetReached)]
    assert told == [0.5, 0.8, 0.95, 1.0]
    assert wire.account.metering._budget.left == 0
    await wire.close()


async def test_what_is_spared_is_kept_apart(wire: Wire) -> None:
    carry(wire)
    wire.account.metering.spared(Category.CHAT, 160, 0, WITH_BERT)
    spent = kept(wire)[Category.CHAT]
    assert spent.spared == Amount(160) and spent.account == ANNA
    await asyncio.sleep(0)
