"""What waits for the server, and the session of the last process, are on disk."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.storage.samples import AVA, CHAT, ME, ROOM_CHAT, at, in_room, outgoing
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.custody import Pending, Stage, StreamState
from tui_xmpp.core.message import Delivery
from tui_xmpp.storage import migrations
from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.custody import SqliteCustody
from tui_xmpp.storage.database import Database

OTHER = Address.parse("work@example.org")
STATE = StreamState(ME, "sm", ME.with_resource("x"), 300, "host:5222", 2**32 - 1, 7, at(1), "boot")


@pytest.fixture
def custody(database: Database) -> SqliteCustody:
    return SqliteCustody(database)


def _one(id: str, chat: ChatKey = CHAT, minute: float = 0) -> Pending:
    return Pending(chat, id, f"<message id='{id}'/>", at(minute), is_room=chat == ROOM_CHAT)


def test_kept_in_the_order_of_sending_and_once(custody: SqliteCustody) -> None:
    # The clock may go back between two messages: the order of sending counts.
    kept = [custody.add(_one(id, minute=-number)) for number, id in enumerate("abc")]
    kept.append(custody.add(_one("a", ROOM_CHAT)))
    assert custody.pending(ME) == kept
    assert [replace(one, number=0) for one in kept[1:3]] == [_one("b", minute=-1), _one("c", minute=-2)]
    assert custody.add(replace(_one("a"), xml="<other/>")) == kept[0]
    assert custody.pending(ME) == kept and custody.pending(OTHER) == []


def test_settled_are_gone_and_named(custody: SqliteCustody) -> None:
    a, b, room = custody.add(_one("a")), custody.add(_one("b")), custody.add(_one("a", ROOM_CHAT))
    assert custody.settled(ME, CHAT, ["a", "unknown"]) == [a]
    assert custody.settled(ME, CHAT, ["a"]) == []
    assert custody.pending(ME) == [b, room]
    assert custody.add(_one("a")).number > room.number


def test_what_was_written_is_under_way_in_the_archive_it_goes_to(custody: SqliteCustody) -> None:
    other = ChatKey(ME, OTHER)
    to_ava, to_room, _ = (
        custody.add(_one("a")),
        custody.add(_one("b", ROOM_CHAT)),
        custody.add(replace(_one("c"), stage=Stage.UNKNOWN)),
    )
    assert not custody.is_under_way(ME, None) and not custody.is_under_way(ME, ROOM_CHAT)
    custody.written(to_room.number, 1)
    assert custody.is_under_way(ME, ROOM_CHAT)
    assert not (custody.is_under_way(ME, None) or custody.is_under_way(ME, other))
    custody.written(to_ava.number, 2)
    assert custody.is_under_way(ME, None) and not custody.is_under_way(OTHER, None)
    custody.settled(ME, CHAT, ["a"])
    assert not custody.is_under_way(ME, None), "of unknown fate is something else"


@pytest.mark.parametrize("stage", [Stage.QUEUED, Stage.UNKNOWN])
def test_only_what_was_written_is_restaged(custody: SqliteCustody, stage: Stage) -> None:
    a, b = custody.add(_one("a")), custody.add(_one("b"))
    unknown = custody.add(replace(_one("c"), stage=Stage.UNKNOWN))
    theirs = custody.add(_one("a", ChatKey(OTHER, AVA)))
    custody.written(a.number, 5)
    custody.written(theirs.number, 6)
    assert custody.pending(ME) == [replace(a, stage=Stage.WRITTEN, sequence=5), b, unknown]
    custody.restage(ME, stage)
    assert custody.pending(ME) == [replace(a, stage=stage), b, unknown]
    assert custody.pending(OTHER) == [replace(theirs, stage=Stage.WRITTEN, sequence=6)]


def test_a_session_is_kept_counted_and_dropped(custody: SqliteCustody) -> None:
    custody.count(ME, 1, 1, at(2))
    assert custody.stream(ME) is None
    custody.put_stream(STATE)
    assert custody.stream(ME) == STATE
    custody.count(ME, 0, 2**32 - 1, at(2))
    assert custody.stream(ME) == replace(STATE, handled=0, acknowledged=2**32 - 1, seen_at=at(2))
    new = StreamState(ME, "new", ME)
    custody.put_stream(new)
    assert custody.stream(ME) == new and custody.stream(OTHER) is None
    custody.put_presence(ME, AVA, "<presence/>")
    custody.drop_stream(ME)
    assert custody.stream(ME) is None and custody.presences(ME) == []


def test_the_newest_presence_of_each_address_stands_last(custody: SqliteCustody) -> None:
    phone, laptop = AVA.with_resource("phone"), AVA.with_resource("laptop")
    for sender, xml in ((phone, "<p1/>"), (laptop, "<l1/>"), (OTHER, "<o/>"), (phone, "<p2/>")):
        custody.put_presence(ME, sender, xml)
    assert custody.presences(ME) == ["<l1/>", "<o/>", "<p2/>"]
    custody.drop_presence(ME, laptop)
    assert custody.presences(ME) == ["<o/>", "<p2/>"]
    custody.put_presence(ME, laptop, "<l2/>")
    custody.drop_presence(ME, AVA)
    assert custody.presences(ME) == ["<o/>"]


def test_unsent_messages_of_an_older_program_wait_in_the_outbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "ALL", migrations.ALL[:1])
        database = Database(path)
        archive = SqliteArchive(database)
        archive.keep(outgoing("second", 2, id="2"))
        archive.keep(outgoing("first", 1, id="1", delivery=Delivery.WRITTEN))
        archive.keep(in_room("third", 3, id="3", outgoing=True, delivery=Delivery.QUEUED))
        for number, done in enumerate((Delivery.TAKEN, Delivery.FAILED, Delivery.READ)):
            archive.keep(outgoing("done", 4, id=f"done {number}", delivery=done))
        database.close()
        # Two rows of one id must not keep the program from starting.
        connection = sqlite3.connect(path)
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(message)") if name != "row"]
        names = ", ".join(columns)
        connection.execute(f"INSERT INTO message ({names}) SELECT {names} FROM message WHERE id = '2'")
        connection.commit()
        connection.close()
    database = Database(path)
    waiting = SqliteCustody(database).pending(ME)
    assert [(one.id, one.chat, one.xml, one.at, one.is_room, one.stage) for one in waiting] == [
        ("1", CHAT, "", at(1), False, Stage.UNKNOWN),
        ("2", CHAT, "", at(2), False, Stage.QUEUED),
        ("3", ROOM_CHAT, "", at(3), True, Stage.QUEUED),
    ]
    assert all(SqliteArchive(database).find(one.chat, one.id) for one in waiting)
    database.close()


_KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from tests.storage.test_custody import STATE, _one
from tests.storage.samples import ME, at
from tui_xmpp.storage.custody import SqliteCustody
from tui_xmpp.storage.database import Database
custody = SqliteCustody(Database(Path(sys.argv[1])))
custody.put_stream(STATE)
for number in range(1, 100000):
    custody.written(custody.add(_one(str(number))).number, number)
    custody.count(ME, number, 0, at(0))
    print(number, flush=True)
"""


def test_what_was_told_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(path), root], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = 0
        for line in process.stdout:
            told = int(line)
            if told >= 30:
                process.kill()
                break
    assert told >= 30
    database = Database(path)
    custody = SqliteCustody(database)
    waiting = custody.pending(ME)
    assert [one.id for one in waiting] == [str(number) for number in range(1, len(waiting) + 1)]
    assert [(one.stage, one.sequence) for one in waiting[:told]] == [
        (Stage.WRITTEN, number) for number in range(1, told + 1)
    ]
    state = custody.stream(ME)
    assert state is not None and state.handled >= told
    database.close()
