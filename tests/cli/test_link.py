"""`tui-xmpp link`: the ledger as lines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.scripted_engine import CHAT, ME
from tui_xmpp.cli.link import json_line, lines, readable
from tui_xmpp.core.address import Address
from tui_xmpp.core.traffic import Amount, Category, Spent
from tui_xmpp.storage.database import Database
from tui_xmpp.storage.ledger import SqliteLedger

NOW = datetime.now(UTC)
HOUR = NOW.replace(minute=0, second=0, microsecond=0)
ONE = Spent(
    ME, HOUR, Category.CHAT, CHAT, Amount(2000, 6000), Amount(200, 600), Amount(52, 52), Amount(0, 160)
)
ROOMS = replace(ONE, category=Category.ROOMS, chat=None, spared=Amount())


class Kept:
    def __init__(self, *kept: Spent) -> None:
        self._kept = kept

    def add(self, spent: Sequence[Spent]) -> None:
        raise AssertionError

    def spent(self, since: datetime, until: datetime) -> Sequence[Spent]:
        return [one for one in self._kept if since <= one.hour < until]

    def forget(self, before: datetime) -> None:
        raise AssertionError


def test_by_hour_day_and_month() -> None:
    kept = Kept(
        replace(ONE, hour=HOUR - timedelta(days=400)), replace(ONE, hour=HOUR - timedelta(days=100)), ONE
    )
    found = [(one.span, one.spent.xml.up) for one in lines(kept, None, NOW)]
    assert found == [("hour", 2000), ("day", 2000), ("month", 2000), ("month", 2000)]


def test_the_same_chat_and_category_are_one_line() -> None:
    kept = Kept(ONE, replace(ONE, hour=HOUR - timedelta(hours=1)), ROOMS)
    months = [one.spent for one in lines(kept, None, NOW) if one.span == "month"]
    assert sum(one.xml.up for one in months) == 6000
    assert {one.category for one in months} == {Category.CHAT, Category.ROOMS}


def test_of_one_account() -> None:
    other = Address.parse("bob@example.net")
    kept = Kept(ONE, replace(ONE, account=other, chat=None))
    assert {one.spent.account for one in lines(kept, other, NOW)} == {other}


def test_a_json_line_says_all() -> None:
    record = json.loads(json_line(next(lines(Kept(ONE), None, NOW))))
    assert record.pop("begins").startswith(f"{HOUR.astimezone():%Y-%m-%dT%H}")
    assert record == {
        "span": "hour",
        "account": str(ME),
        "category": "chat",
        "chat": str(CHAT.address),
        "xml": {"up": 2000, "down": 6000},
        "tls": {"up": 200, "down": 600},
        "tcp": {"up": 52, "down": 52},
        "left_out": {"up": 0, "down": 160},
    }


def test_a_line_for_people() -> None:
    hour, *_ = readable(lines(Kept(ONE, ROOMS), None, NOW))
    assert "4.4 kB" in hour and "13.2 kB" in hour
    assert hour.endswith("chat 50%, rooms 50%; left out about 0.2 kB")


@pytest.mark.parametrize("options", [["--json"], []])
def test_it_reads_the_disk_and_loads_neither_screen_nor_session(tmp_path: Path, options: list[str]) -> None:
    database = Database(tmp_path / "archive.db")
    SqliteLedger(database).add([ONE])
    database.close()
    code = (
        "import sys\nfrom tui_xmpp.__main__ import main\n"
        f"try: code = main(['link', '--data', {str(tmp_path)!r}, *{options!r}])\n"
        "except SystemExit as end: code = end.code\n"
        "assert not {'textual', 'slixmpp'} & set(sys.modules), 'loaded too much'\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "chat" in done.stdout and len(done.stdout.splitlines()) == 3
