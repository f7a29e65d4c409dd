"""Rosters, bookmarks and small facts outlive the process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.storage.samples import AVA, ME, ROOM
from tui_xmpp.core.address import Address
from tui_xmpp.core.contact import Contact, Subscription
from tui_xmpp.core.room import Bookmark
from tui_xmpp.storage.cache import SqliteCache
from tui_xmpp.storage.database import Database
from tui_xmpp.storage.keyvalue import SqliteKeyValue

ANN = Contact(ME, AVA, "Änn", ("Friends", "Tea, green"), Subscription.BOTH, True, True)
BEN = Contact(ME, Address.parse("ben@example.org"))


def test_the_roster_is_there_after_a_restart(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    cache = SqliteCache(database)
    assert cache.roster(ME) == ("", [])
    cache.put_roster(ME, "v1", [ANN, BEN])
    cache.put_contact(replace(BEN, name="Ben"), "v2")
    cache.remove_contact(ME, ANN.address, "v3")
    cache.put_roster(AVA, "other", [])
    database.close()
    database = Database(tmp_path / "a.db")
    assert SqliteCache(database).roster(ME) == ("v3", [replace(BEN, name="Ben")])
    SqliteCache(database).put_roster(ME, "v4", [ANN])
    assert SqliteCache(database).roster(ME) == ("v4", [ANN])
    database.close()


def test_bookmarks_come_back_but_their_passwords_never_reach_the_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    SqliteCache(database).put_bookmarks(ME, [Bookmark(ME, ROOM, "Tea", "bo", "canary-password", True)])
    assert SqliteCache(database).bookmarks(ME) == [Bookmark(ME, ROOM, "Tea", "bo", "", True)]
    for file in tmp_path.glob("a.db*"):
        assert b"canary" not in file.read_bytes()
    SqliteCache(database).put_bookmarks(ME, [])
    assert SqliteCache(database).bookmarks(ME) == []
    database.close()


def test_facts(database: Database) -> None:
    facts = SqliteKeyValue(database)
    assert facts.get("sasl", "me") is None
    facts.put("sasl", "me", "SCRAM-SHA-1")
    facts.put("sasl", "me", "SCRAM-SHA-256")
    facts.put("caps", "me", "x")
    assert facts.get("sasl", "me") == "SCRAM-SHA-256"
    facts.delete("sasl", "me")
    facts.delete("sasl", "unknown")
    assert facts.get("sasl", "me") is None
    assert facts.get("caps", "me") == "x"
