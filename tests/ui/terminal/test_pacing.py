"""Pacing: when a frame may go, on a way that is measured by the terminal's answers."""

from __future__ import annotations

import pytest

from tui_xmpp.ui.terminal.pacing import QUESTION, Pacing

BIG = 1500


def answering(round_trip: float = 0.6) -> Pacing:
    """A terminal that has answered once."""
    pacing = Pacing(asks=True)
    assert pacing.sent(BIG, 0.0) == QUESTION
    pacing.answered(round_trip)
    return pacing


def test_before_the_first_answer_the_clock_alone_decides() -> None:
    pacing = Pacing(asks=True)
    assert pacing.wait(0.0) == 0
    assert pacing.sent(BIG, 0.0) == QUESTION
    assert 0 < pacing.wait(0.01) <= 0.1
    assert pacing.wait(0.11) == 0


def test_two_frames_may_be_on_the_way_and_a_third_waits_for_an_answer() -> None:
    pacing = answering()
    pacing.sent(BIG, 1.0)
    assert pacing.wait(1.0) == 0
    pacing.sent(BIG, 1.0)
    assert pacing.wait(1.1) > 1
    pacing.answered(1.6)
    assert pacing.wait(1.6) == 0


def test_on_a_thin_way_only_one_frame_is_on_it() -> None:
    pacing = answering(0.6)
    # 1,500 characters took a second more than an empty answer: 1.5 kB a second.
    pacing.sent(BIG, 1.0)
    pacing.answered(2.6)
    assert pacing.rate == pytest.approx(1500, rel=0.1)
    pacing.sent(BIG, 3.0)
    assert pacing.wait(3.0) > 1


def test_small_frames_carry_no_question_until_they_add_up() -> None:
    pacing = answering()
    assert pacing.sent(1, 1.0, echo=True) == ""
    assert pacing.sent(150, 1.1) == ""
    assert pacing.sent(100, 1.2) == QUESTION


def test_the_round_trip_is_measured() -> None:
    pacing = answering(0.6)
    assert pacing.round_trip is None, "the first answers wait for a program that is still loading"
    for at in range(10, 60, 2):
        pacing.sent(BIG, float(at))
        pacing.answered(at + (0.2 if at % 3 else 0.9))
    assert pacing.round_trip == pytest.approx(0.2, abs=0.01), "a busy moment is no slow way"


def test_no_more_frames_than_the_profile_allows() -> None:
    pacing = answering(0.01)
    pacing.interval = 0.2
    pacing.sent(100, 1.0)
    assert pacing.wait(1.05) == pytest.approx(0.15)
    assert pacing.wait(1.2) == 0


def test_an_echo_does_not_hold_up_the_next_frame() -> None:
    pacing = answering(0.01)
    pacing.interval = 0.2
    pacing.sent(100, 1.0)
    pacing.sent(1, 1.15, echo=True)
    assert pacing.wait(1.2) == 0


def test_a_terminal_that_never_answers_is_asked_no_more() -> None:
    pacing = Pacing(asks=True)
    pacing.sent(BIG, 0.0)
    assert pacing.wait(3.1) == 0
    assert pacing.answers is False
    assert pacing.sent(BIG, 3.1) == ""
    assert 0 < pacing.wait(3.11) <= 0.1


def test_an_answer_that_comes_after_all_is_no_measure_but_is_believed() -> None:
    pacing = Pacing(asks=True)
    pacing.sent(BIG, 0.0)
    pacing.wait(3.1)
    pacing.answered(5.0)
    assert pacing.answers is True
    assert pacing.round_trip is None
    assert pacing.sent(BIG, 6.0) == QUESTION


def test_one_lost_answer_holds_up_the_screen_for_a_moment_only() -> None:
    pacing = answering(0.05)
    pacing.sent(BIG, 1.0)
    pacing.sent(BIG, 1.0)
    assert pacing.wait(4.5) == 0
    assert pacing.answers is True


def test_a_terminal_that_would_print_the_question_is_not_asked() -> None:
    pacing = Pacing(asks=False)
    assert pacing.sent(BIG, 0.0) == ""
    assert pacing.wait(0.2) == 0


def test_after_somebody_else_had_the_terminal_nothing_old_is_waited_for() -> None:
    pacing = answering()
    pacing.sent(BIG, 1.0)
    pacing.sent(BIG, 1.0)
    pacing.forget()
    assert pacing.wait(1.1) == 0


def test_where_no_question_may_go_any_more_the_clock_decides() -> None:
    pacing = answering(0.01)
    pacing.interval = 0.2
    pacing.asks = False
    assert pacing.sent(BIG, 1.0) == ""
    assert pacing.wait(1.05) == pytest.approx(0.15)
    assert pacing.wait(1.2) == 0
