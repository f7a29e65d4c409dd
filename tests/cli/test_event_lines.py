from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.cli.scripted_engine import AVA, CHAT, ME, NOON, ROOM, message
from tui_xmpp.cli.event_lines import EventRecords, Record, json_line, message_record, readable_line
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Connection
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.contact import Presence, Show, SubscriptionRequest
from tui_xmpp.core.message import Delivery, Reaction
from tui_xmpp.core.room import Occupant, RoomState

KEYS = {"type", "chat", "from", "body", "id", "time", "delivery"}
GARDEN = ChatKey(ME, ROOM)


def records(*events: ev.Event) -> list[Record | None]:
    told = EventRecords(lambda: NOON)
    return [told.record(event) for event in events]


@pytest.mark.parametrize(
    ("event", "type", "facts"),
    [
        (ev.MessageKept(message("hi")), "message", {"from": str(AVA), "body": "hi", "delivery": "incoming"}),
        (ev.ConnectionChanged(ME, Connection.ONLINE), "connection", {"state": "online"}),
        (
            ev.PresenceChanged(ME, AVA, Presence("phone", Show.AWAY, "lunch")),
            "presence",
            {"from": str(AVA), "show": "away", "status": "lunch", "resource": "phone"},
        ),
        (ev.TypingChanged(CHAT, str(AVA), ev.ChatState.COMPOSING), "typing", {"state": "composing"}),
        (ev.SubscriptionRequested(SubscriptionRequest(ME, AVA, text="hi")), "subscription", {"body": "hi"}),
        (
            ev.RoomChanged(GARDEN, RoomState.JOINED),
            "room",
            {"chat": str(ROOM), "state": "joined", "subject": None},
        ),
        (
            ev.OccupantChanged(GARDEN, Occupant("kim"), joined=True),
            "occupant",
            {"from": f"{ROOM}/kim", "joined": True, "left": False},
        ),
        (ev.OccupantLeft(GARDEN, "kim", reason="kicked"), "occupant", {"left": True, "reason": "kicked"}),
        (ev.Invited("q", ME, ROOM, AVA, "come"), "invitation", {"from": str(AVA), "body": "come"}),
        (ev.PasswordNeeded("q", ME, "wrong"), "password", {"reason": "wrong"}),
        (ev.RoomPasswordNeeded("q", ME, ROOM), "room-password", {"chat": str(ROOM)}),
        (ev.Notice("careful", chat=CHAT), "notice", {"body": "careful", "chat": str(AVA), "level": "info"}),
    ],
)
def test_every_record_has_the_promised_keys_and_its_own(
    event: ev.Event, type: str, facts: dict[str, object]
) -> None:
    (record,) = records(event)
    assert record is not None
    assert record.keys() >= KEYS
    assert record["type"] == type
    assert record["account"] == str(ME)
    assert record["time"] == "2026-11-22T12:00:00Z"
    assert {key: record[key] for key in facts} == facts
    assert json.loads(json_line(record)) == record
    assert readable_line(record)


def test_a_password_is_never_in_a_record() -> None:
    (record,) = records(ev.Invited("q", ME, ROOM, AVA, "come", password="hunter2"))
    assert "hunter2" not in json_line(record or {})


def test_what_is_only_for_a_screen_makes_no_line() -> None:
    assert records(ev.QuestionSettled("q"), ev.RoomsProgress(ME, 1, 2)) == [None, None]


def test_a_delivery_is_told_apart_from_another_change() -> None:
    sent = message("hi", outgoing=True, delivery=Delivery.QUEUED)
    taken = replace(sent, delivery=Delivery.TAKEN)
    liked = replace(taken, reactions=(Reaction(AVA, "", ("👍",)),))
    told = records(ev.MessageKept(sent), ev.MessageChanged(taken), ev.MessageChanged(liked))
    assert [record and record["type"] for record in told] == ["message", "delivery", "changed"]
    assert told[2] is not None
    assert told[2]["reactions"] == {str(AVA): ["👍"]}


def test_a_correction_of_an_incoming_message_is_a_change() -> None:
    (record,) = records(ev.MessageChanged(message("hello", edited=True)))
    assert record is not None
    assert (record["type"], record["edited"]) == ("changed", True)


HOSTILE = "a\x1b]0;evil\x07\u202e\u0085\nb"


def test_json_lines_are_one_line_of_ascii() -> None:
    line = json_line(message_record(message(HOSTILE)))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["body"] == HOSTILE


def test_readable_lines_let_no_control_through() -> None:
    record = message_record(
        message(HOSTILE, nick=HOSTILE, failure=HOSTILE, subject=HOSTILE, retracted=HOSTILE)
    )
    assert not set(readable_line(record)) & set("\x1b\x07\u202e\u0085\n")


def test_a_readable_line_says_who_and_what() -> None:
    line = readable_line(message_record(message("good morning")))
    assert line.endswith("ava@example.org  good morning")
