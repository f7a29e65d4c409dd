"""What was spent is on disk, and grows no further than it must."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.storage.samples import CHAT, ME, ROOM_CHAT
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.traffic import Amount, Category, Spent
from tui_xmpp.storage.database import Database
from tui_xmpp.storage.ledger import SqliteLedger

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONE = Spent(ME, NOON, Category.CHAT, CHAT, Amount(100, 200), Amount(22, 44), Amount(52, 104), Amount(0, 160))
OTHER = Address.parse("work@example.org")
ALL = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
def ledger(database: Database) -> SqliteLedger:
    return SqliteLedger(database)


def test_amounts_of_the_same_hour_add_up(ledger: SqliteLedger) -> None:
    ledger.add([ONE])
    ledger.add([ONE, replace(ONE, chat=None), replace(ONE, category=Category.MARKS)])
    double = Spent(
        ME, NOON, Category.CHAT, CHAT, Amount(200, 400), Amount(44, 88), Amount(104, 208), Amount(0, 320)
    )
    assert ledger.spent(*ALL) == [replace(ONE, chat=None), double, replace(ONE, category=Category.MARKS)]


def test_only_hours_that_begin_in_the_time_asked_for(ledger: SqliteLedger) -> None:
    ledger.add([replace(ONE, hour=NOON + number * HOUR) for number in range(4)])
    found = ledger.spent(NOON + timedelta(minutes=1), NOON + 3 * HOUR)
    assert [one.hour for one in found] == [NOON + HOUR, NOON + 2 * HOUR]
    assert ledger.spent(NOON.astimezone(), NOON + timedelta(seconds=1)) == [ONE]


def test_it_survives(ledger: SqliteLedger, database: Database, tmp_path: Path) -> None:
    ledger.add([ONE, replace(ONE, account=OTHER, chat=ChatKey(OTHER, CHAT.address))])
    database.close()
    again = Database(tmp_path / "archive.db")
    assert len(SqliteLedger(again).spent(*ALL)) == 2
    again.close()


def test_it_survives_the_death_of_the_process(database: Database, tmp_path: Path) -> None:
    database.close()
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from tests.storage.test_ledger import ONE\n"
        "from tui_xmpp.storage.database import Database\nfrom tui_xmpp.storage.ledger import SqliteLedger\n"
        "SqliteLedger(Database(Path(sys.argv[1]))).add([ONE])\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "archive.db")], check=False)
    assert killed.returncode == -signal.SIGKILL
    again = Database(tmp_path / "archive.db")
    assert SqliteLedger(again).spent(*ALL) == [ONE]
    again.close()


def test_what_is_long_ago_is_kept_by_day_without_chats(ledger: SqliteLedger) -> None:
    midnight = NOON.replace(hour=0)
    ledger.add(
        [
            replace(ONE, hour=NOON + HOUR * number, chat=chat)
            for number in (0, 5)
            for chat in (CHAT, ROOM_CHAT)
        ]
    )
    ledger.add([replace(ONE, hour=NOON, category=Category.LOGIN, chat=None)])
    ledger.add([replace(ONE, hour=NOON + DAY)])
    before = sum((one.xml for one in ledger.spent(*ALL)), Amount())
    for _ in range(2):
        ledger.forget(midnight + DAY + HOUR)
        old, login, new = ledger.spent(*ALL)
        assert (old.hour, old.chat, old.xml, old.spared) == (midnight, None, Amount(400, 800), Amount(0, 640))
        assert (login.hour, login.category) == (midnight, Category.LOGIN)
        assert new == replace(ONE, hour=NOON + DAY)
    assert sum((one.xml for one in ledger.spent(*ALL)), Amount()) == before
