"""What is known of a link, and how long to wait because of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.clock import FakeClock
from tests.session.link.rig import OWN, Facts
from tui_xmpp.session.timing import LinkTiming, RoundTrip
from tui_xmpp.session.transport.tcp_info import TcpInfo

SECONDS = st.floats(min_value=0, max_value=60)


def timing(facts: Facts | None = None, clock: FakeClock | None = None) -> LinkTiming:
    return LinkTiming(facts or Facts(), OWN, clock or FakeClock())


def told(*, acked: int = 0, rtt: float = 0.0, rate: float = 0.0) -> TcpInfo:
    return TcpInfo(
        rtt=rtt,
        rttvar=rtt / 4,
        rto=rtt * 2,
        retransmits=0,
        in_flight=0,
        unsent=0,
        acked=acked,
        received=0,
        silence=0.0,
        delivery_rate=rate,
    )


def test_the_round_trip_is_smoothed_as_rfc_6298_says() -> None:
    one = RoundTrip()
    one.take(1.0)
    assert (one.smoothed, one.variation, one.limit) == (1.0, 0.5, 3.0)
    one.take(2.0)
    assert one.variation == 0.75 * 0.5 + 0.25 * 1.0
    assert one.smoothed == 0.875 * 1.0 + 0.125 * 2.0


@given(st.lists(SECONDS, min_size=1))
def test_the_smoothed_round_trip_stays_among_what_was_measured(measured: list[float]) -> None:
    one = RoundTrip()
    for seconds in measured:
        one.take(seconds)
    assert one.smoothed is not None
    assert min(measured) - 1e-9 <= one.smoothed <= max(measured) + 1e-9
    assert one.limit >= one.smoothed


@given(st.sampled_from([float("nan"), float("inf"), -1.0]))
def test_a_measurement_that_makes_no_sense_changes_nothing(seconds: float) -> None:
    one = RoundTrip(1.0, 0.1)
    one.take(seconds)
    assert (one.smoothed, one.variation) == (1.0, 0.1)


def test_a_first_sign_in_at_2400_bits_and_two_seconds_is_waited_for() -> None:
    unknown = timing()
    # Certificates of 4,500 bytes take 15 s there, and the round trips of the handshake as long again.
    assert unknown.step >= 30
    assert unknown.connect >= 3 * 2
    assert unknown.fresh > 2
    assert unknown.patience >= 3 * 2


def test_timeouts_follow_the_link() -> None:
    near = timing()
    near.looked(told(rtt=0.03, rate=100_000), waiting=False)
    assert near.timeout() == near.step == 30
    assert near.fresh == 0.8
    assert near.patience == 10
    far = timing()
    far.answered(8.0)
    assert far.timeout() == 48
    assert far.fresh == 24
    assert far.connect == 48
    assert far.patience == 72


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_bytes_are_never_waited_for_less(one: int, other: int) -> None:
    link = timing()
    assert link.timeout(min(one, other)) <= link.timeout(max(one, other)) <= 600


def test_the_rate_is_measured_only_while_something_waits() -> None:
    clock = FakeClock()
    link = timing(clock=clock)
    link.looked(told(acked=0), waiting=True)
    clock.turn(10)
    link.looked(told(acked=3000), waiting=True)
    assert link.rate == 2400
    clock.turn(1000)
    link.looked(told(acked=3010), waiting=False)
    clock.turn(1000)
    link.looked(told(acked=3020), waiting=True)
    assert link.rate == 2400


def test_a_connection_that_did_not_stand_gets_more_time() -> None:
    link = timing()
    link.looked(told(rtt=0.03), waiting=False)
    before = link.connect
    link.not_connected()
    assert link.connect == 2 * before
    link.connected()
    assert link.connect == before


def test_a_new_process_knows_what_the_last_one_learnt() -> None:
    facts, clock = Facts(), FakeClock()
    first = timing(facts, clock)
    first.looked(told(acked=0, rtt=0.6), waiting=True)
    clock.turn(10)
    first.looked(told(acked=12_000, rtt=0.6), waiting=True)
    first.answered(0.7)
    first.save()
    again = timing(facts)
    assert (again.rtt, again.rate, again.rto) == (first.rtt, first.rate, first.rto)


def test_it_is_kept_now_and_then_without_being_asked() -> None:
    facts, clock = Facts(), FakeClock()
    link = timing(facts, clock)
    link.answered(0.7)
    assert not facts.values
    clock.turn(3600)
    link.answered(0.7)
    assert facts.values


@given(st.one_of(st.text(), st.sampled_from(['{"path": [1], "answer": null, "rate": 1}', "[]", "{}"])))
def test_a_memory_that_makes_no_sense_is_none(text: str) -> None:
    facts = Facts()
    facts.put("timing", str(OWN), text)
    assert timing(facts).rtt is None


def test_who_tells_much_is_waited_for_as_long_as_a_tls_record_takes() -> None:
    one = timing()
    assert one.silence == 60
    one.looked(told(rate=1e6, rtt=0.01), waiting=False)
    assert one.silence == 30
    thin = timing()
    thin.looked(told(rate=300, rtt=2.0), waiting=False)
    assert thin.silence > 2 * 16384 / 300


def test_a_step_of_a_sign_in_is_waited_for_as_the_handshake_says() -> None:
    """Not a minute and a half on a near link, because nothing was sent yet that its rate could be told by."""
    one = timing()
    assert one.reply == one.step == 90
    one.shook_hands(0.01, 0.03)
    assert one.reply == 30
    one.shook_hands(2.0, 5.8)
    assert one.reply == 58
