"""Quick where a try costs nothing, slower with every refusal."""

from __future__ import annotations

import random

from tests.fakes.clock import FakeClock
from tui_xmpp.session.backoff import SECONDS, Backoff, Kind, kind_of
from tui_xmpp.session.failure import Failure


def made(rtt: float | None = None) -> tuple[Backoff, FakeClock]:
    clock = FakeClock()
    return Backoff(random.Random(3), clock.monotonic, lambda: rtt), clock


def test_out_of_reach_is_tried_every_second_for_two_minutes() -> None:
    backoff, clock = made()
    began = clock.monotonic()
    tries = 0
    while (wait := backoff.next(Kind.OUT_OF_REACH))[1]:
        assert 0.6 <= wait[0] <= 0.85
        clock.turn(wait[0])
        tries += 1
    assert 115 <= clock.monotonic() - began <= 125
    assert tries >= 120
    assert 1.6 <= wait[0] <= 2.4
    slow = [backoff.next(Kind.OUT_OF_REACH)[0] for _ in range(5)]
    for seconds, expected in zip(slow, (5, 15, 30, 60, 60), strict=True):
        assert 0.8 * expected <= seconds <= 1.2 * expected


def test_on_a_far_link_tries_are_further_apart() -> None:
    backoff, _ = made(rtt=2.0)
    assert 2.4 <= backoff.next(Kind.OUT_OF_REACH)[0] <= 3.4


def test_the_time_a_try_took_counts() -> None:
    backoff, _ = made()
    assert backoff.next(Kind.OUT_OF_REACH, 5.0) == (0.0, True)
    assert backoff.next(Kind.OUT_OF_REACH, 0.3)[0] <= 0.7


def test_a_change_around_us_begins_the_quick_tries_anew() -> None:
    backoff, clock = made()
    backoff.next(Kind.OUT_OF_REACH)
    clock.turn(1000)
    assert not backoff.next(Kind.OUT_OF_REACH)[1]
    backoff.afresh()
    assert backoff.next(Kind.OUT_OF_REACH)[1]


def test_a_web_server_that_was_spoken_to_is_not_asked_every_second() -> None:
    """Who is not trusted, or has nothing to say, has cost a handshake by then."""
    assert kind_of(Failure("", "no-host-meta")) is Kind.REFUSED


def test_who_was_refused_waits_longer_each_time() -> None:
    backoff, _ = made()
    for expected in (*SECONDS[1:], SECONDS[-1]):
        seconds, quick = backoff.next(Kind.REFUSED)
        assert 0.8 * expected <= seconds <= 1.2 * expected
        assert not quick


def test_after_a_good_while_the_first_try_comes_at_once() -> None:
    backoff, _ = made()
    backoff.next(Kind.REFUSED)
    backoff.good()
    assert backoff.next(Kind.REFUSED)[0] == 0


def test_a_link_that_breaks_is_made_anew_at_once_but_not_for_ever() -> None:
    backoff, clock = made()
    waits = [backoff.next(Kind.CUT)[0] for _ in range(20)]
    assert waits[:12] == [0] * 12
    assert min(waits[12:]) > 1
    clock.turn(60)
    assert [backoff.next(Kind.CUT)[0] for _ in range(3)] == [0, 0, 0]


def test_a_link_cut_every_few_seconds_is_back_at_once_for_a_long_while() -> None:
    backoff, clock = made()
    for _cut in range(20):
        assert backoff.next(Kind.CUT)[0] == 0
        clock.turn(5)


def test_the_kind_follows_from_the_condition() -> None:
    assert kind_of(Failure("No answer.", "timeout")) is Kind.OUT_OF_REACH
    assert kind_of(Failure("No name.", "dns")) is Kind.OUT_OF_REACH
    assert kind_of(Failure("No.", "policy-violation")) is Kind.REFUSED
    assert kind_of(Failure("The link broke.")) is Kind.CUT
    assert kind_of(Failure("The link is dead.", "dead")) is Kind.CUT
