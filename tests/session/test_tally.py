"""The sums of the meter: whatever TCP carried is spread over what passed, to the byte."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.core.address import Address
from tui_xmpp.core.traffic import Amount, Category, Spent
from tui_xmpp.session.tally import KEEPALIVE, LOGIN, Carried, Tally, Way, spread

OWN = Address.parse("anna@example.org")
HOUR = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHAT, HISTORY = (Category.CHAT, None), (Category.HISTORY, None)


@pytest.fixture
def tally() -> Tally:
    made = Tally()
    made.begin()
    return made


def carried(up: int, down: int, *, wire: tuple[int, int], read: tuple[int, int] | None = None) -> Carried:
    return Carried([up, down], list(wire), list(read or wire), [0, 0])


def taken(tally: Tally) -> dict[Category, Spent]:
    return {one.category: one for one in tally.take(OWN, HOUR)}


def test_what_tls_adds_goes_by_packets(tally: Tally) -> None:
    tally.count(Way.UP, CHAT, 900, 1.0)
    for _ in range(3):
        tally.count(Way.UP, KEEPALIVE, 20, 1.0)
    tally.settle(carried(960 + 88, 0, wire=(960, 0)), LOGIN)
    spent = taken(tally)
    assert (spent[Category.CHAT].xml, spent[Category.CHAT].tls) == (Amount(900), Amount(22))
    assert (spent[Category.KEEPALIVE].xml, spent[Category.KEEPALIVE].tls) == (Amount(60), Amount(66))


def test_a_handshake_is_what_was_going_on_then(tally: Tally) -> None:
    tally.settle(carried(600, 2400, wire=(0, 0)), LOGIN)
    assert taken(tally)[Category.LOGIN].tls == Amount(600, 2400)


def test_half_an_element_is_neither_xml_nor_overhead_yet(tally: Tally) -> None:
    tally.settle(carried(0, 5000, wire=(0, 5000)), KEEPALIVE)
    assert taken(tally) == {}
    tally.count(Way.DOWN, HISTORY, 8000, 1.0)
    tally.settle(carried(0, 8044, wire=(0, 8000)), KEEPALIVE)
    spent = taken(tally)[Category.HISTORY]
    assert (spent.xml, spent.tls) == (Amount(0, 8000), Amount(0, 44))


def test_what_has_not_been_read_yet_is_no_overhead(tally: Tally) -> None:
    # Half of a TLS record is there: the kernel knows of it, nobody else does.
    tally.count(Way.DOWN, CHAT, 100, 1.0)
    tally.settle(carried(0, 9122, wire=(0, 100)), KEEPALIVE, most=64)
    assert taken(tally)[Category.CHAT].tls.down == 64
    tally.count(Way.DOWN, HISTORY, 12_000, 1.0)
    tally.settle(carried(0, 12_165, wire=(0, 12_100)), KEEPALIVE, most=64)
    assert tally.carried == Amount(0, 12_165)


def test_half_an_element_of_a_lost_link_counts(tally: Tally) -> None:
    tally.settle(carried(0, 5000, wire=(0, 5000)), KEEPALIVE, over=True)
    assert taken(tally)[Category.KEEPALIVE].tls == Amount(0, 5000)


def test_compressed_elements_count_as_they_went(tally: Tally) -> None:
    tally.count(Way.DOWN, HISTORY, 9000, 1.0)
    tally.count(Way.DOWN, CHAT, 1000, 1.0)
    tally.settle(carried(0, 1044, wire=(0, 1000), read=(0, 10_000)), KEEPALIVE)
    spent = taken(tally)
    assert spent[Category.HISTORY].xml == Amount(0, 900) and spent[Category.CHAT].xml == Amount(0, 100)
    assert sum((one.tls for one in spent.values()), Amount()) == Amount(0, 44)


def test_framing_of_the_transport_is_no_xml(tally: Tally) -> None:
    tally.count(Way.UP, CHAT, 100, 1.0)
    tally.settle(carried(150, 0, wire=(128, 0), read=(100, 0)), KEEPALIVE)
    spent = taken(tally)[Category.CHAT]
    assert (spent.xml, spent.tls) == (Amount(100), Amount(50))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([CHAT, HISTORY, KEEPALIVE, LOGIN]), st.integers(1, 5000), st.integers(0, 200)
        ),
        max_size=30,
    )
)
def test_all_categories_together_are_what_was_carried(
    passed: list[tuple[tuple[Category, None], int, int]],
) -> None:
    tally = Tally()
    tally.begin()
    wire = tcp = 0
    for about, size, more in passed:
        tally.count(Way.DOWN, about, size, 1.0)
        wire, tcp = wire + size, tcp + size + more
        tally.settle(carried(0, tcp, wire=(0, wire)), KEEPALIVE)
    assert sum((one.xml + one.tls for one in tally.take(OWN, HOUR)), Amount()) == Amount(0, tcp)


def test_what_was_spared_is_apart(tally: Tally) -> None:
    tally.spare(CHAT, 160, 0)
    spent = taken(tally)[Category.CHAT]
    assert (spent.spared, spent.xml, spent.tls) == (Amount(160), Amount(), Amount())


@given(
    st.integers(0, 10**9),
    st.dictionaries(st.sampled_from([CHAT, HISTORY, LOGIN]), st.floats(0.01, 1e6), min_size=1),
)
def test_shares_are_whole_and_all(amount: int, weights: dict[tuple[Category, None], float]) -> None:
    shares = spread(amount, weights)
    assert sum(shares.values()) == amount and min(shares.values()) >= 0
