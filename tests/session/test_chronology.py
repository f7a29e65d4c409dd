"""The order of messages whose stamps are coarser than their distance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.session.wire import WITH_BERT
from tui_xmpp.core.chat import Chat, ChatKind
from tui_xmpp.session.chronology import Chronology

NOON = datetime(2026, 11, 25, 5, 0, 0, tzinfo=UTC)
LAST = NOON + timedelta(milliseconds=200)


def begun() -> Chronology:
    made = Chronology()
    made.begin([Chat(WITH_BERT, ChatKind.CONTACT, last_at=LAST)])
    return made


def test_a_whole_second_does_not_go_before_what_came_in_it() -> None:
    made = begun()
    first, second = made.placed(WITH_BERT, NOON), made.placed(WITH_BERT, NOON)
    assert LAST < first < second


def test_a_server_whose_clock_is_behind() -> None:
    assert begun().placed(WITH_BERT, NOON - timedelta(seconds=30)) > LAST


def test_what_the_server_says_is_much_older_is_older() -> None:
    assert begun().placed(WITH_BERT, NOON - timedelta(hours=1)) == NOON - timedelta(hours=1)


def test_later_stamps_stay_as_they_are() -> None:
    later = NOON + timedelta(seconds=1)
    assert begun().placed(WITH_BERT, later) == later


def test_what_is_said_now_does_not_go_before_what_was_held_till_now() -> None:
    made = begun()
    held = made.placed(WITH_BERT, NOON)
    assert made.placed(WITH_BERT, LAST - timedelta(milliseconds=20), is_held=False) > held


def test_what_is_said_now_does_not_move_what_is_held_still() -> None:
    made = begun()
    now = NOON + timedelta(minutes=5)
    assert made.placed(WITH_BERT, now, is_held=False) == now
    earlier = now - timedelta(minutes=1)
    assert made.placed(WITH_BERT, earlier) == earlier


def test_two_messages_that_a_server_handed_over_the_wrong_way_round() -> None:
    made = begun()
    at = datetime.fromtimestamp(1795583428.3, UTC)
    second = made.in_turn(WITH_BERT, at, "1795583428173602")
    first = made.in_turn(WITH_BERT, at + timedelta(milliseconds=2), "1795583428152965")
    third = made.in_turn(WITH_BERT, at + timedelta(milliseconds=4), "1795583428179022")
    assert first < second < third


def test_ids_that_are_no_times_order_nothing() -> None:
    made = begun()
    for id in ("zzzzzzzzzzzzzzzz", "0000000000000001", "", "17"):
        assert made.in_turn(WITH_BERT, LAST, id) == LAST


def test_what_was_held_goes_before_what_overtook_it() -> None:
    made = begun()
    overtaking = made.in_turn(WITH_BERT, made.placed(WITH_BERT, NOON), "1795583780769757")
    held = [
        made.in_turn(WITH_BERT, made.placed(WITH_BERT, NOON), id)
        for id in ("1795583779231232", "1795583779255513")
    ]
    assert held[0] <= held[1] < overtaking
