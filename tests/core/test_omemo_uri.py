"""Addresses with fingerprints, as other programs write them, and as hostile ones might."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.core.address import Address
from tui_xmpp.core.omemo_uri import MOST_KEYS, OmemoUri, UriError, parse, written

AVA = Address.parse("ava@example.org")
ONE, TWO = "0123456789abcdef" * 4, "fedcba9876543210" * 4


def test_what_is_written_is_read_again() -> None:
    text = written(AVA, 1234, ONE)
    assert text == f"xmpp:ava@example.org?omemo-sid-1234={ONE}"
    assert parse(text) == OmemoUri(AVA, ((1234, ONE),))


def test_signs_of_an_address_that_mean_something_in_a_uri_are_escaped() -> None:
    odd = Address.parse("a?b#c%d@example.org")
    text = written(odd, 1, ONE)
    assert text.startswith("xmpp:a%3Fb%23c%25d@example.org?omemo")
    assert parse(text).address == odd


@pytest.mark.parametrize(
    "text",
    [
        f"xmpp:ava@example.org?omemo-sid-1={ONE};omemo-sid-2={TWO}",
        f"  XMPP:ava@example.org?omemo-sid-1={ONE.upper()};omemo-sid-2={TWO}\n",
        f"xmpp://ava@example.org?omemo-sid-1={ONE};omemo-sid-2={TWO}",
        f"xmpp:ava@example.org/phone?OMEMO-SID-1={ONE};omemo-sid-2={TWO}",
        f"xmpp:ava@example.org?message;omemo-sid-1={ONE};body=hi%20there;omemo-sid-2={TWO}",
        f"https://conversations.im/i/ava@example.org?omemo-sid-1={ONE}&omemo-sid-2={TWO}",
        f"xmpp:ava%40example.org?omemo-sid-1={ONE};omemo-sid-2={TWO}",
    ],
)
def test_every_way_others_write_it_is_read(text: str) -> None:
    assert parse(text) == OmemoUri(AVA, ((1, ONE), (2, TWO)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begins with xmpp:"),
        ("ava@example.org", "begins with xmpp:"),
        (f"http://conversations.im/i/ava@example.org?omemo-sid-1={ONE}", "begins with xmpp:"),
        (f"https://evil.example/i/ava@example.org?omemo-sid-1={ONE}", "begins with xmpp:"),
        ("xmpp:ava@example.org", "no fingerprint"),
        ("xmpp:ava@example.org?join", "no fingerprint"),
        (f"xmpp:?omemo-sid-1={ONE}", "address"),
        (f"xmpp:example.org?omemo-sid-1={ONE}", "address"),
        (f"xmpp:ava@example.org?omemo-sid-1={ONE[:-1]}", "64"),
        (f"xmpp:ava@example.org?omemo-sid-1=05{ONE}", "64"),
        (f"xmpp:ava@example.org?omemo-sid-1={ONE[:-1]}g", "64"),
        (f"xmpp:ava@example.org?omemo-sid-1={'٣' * 64}", "64"),
        (f"xmpp:ava@example.org?omemo-sid-x={ONE}", "number"),
        (f"xmpp:ava@example.org?omemo-sid-٣={ONE}", "number"),
        (f"xmpp:ava@example.org?omemo-sid-0={ONE}", "number"),
        (f"xmpp:ava@example.org?omemo-sid-2147483648={ONE}", "number"),
        (f"xmpp:ava@example.org?omemo-sid-1={ONE};omemo-sid-1={TWO}", "twice"),
        (f"xmpp:ava@example.org?omemo-sid-1={ONE};omemo-sid-2=", "64"),
        ("x" * 100_000, "too long"),
    ],
)
def test_what_is_not_one_is_told_why(text: str, words: str) -> None:
    with pytest.raises(UriError, match=words):
        parse(text)


def test_one_uri_cannot_fill_the_memory() -> None:
    keys = ";".join(f"omemo-sid-{number}={ONE}" for number in range(1, MOST_KEYS + 2))
    with pytest.raises(UriError):
        parse(f"xmpp:ava@example.org?{keys}")


@given(
    st.one_of(
        st.text(max_size=300),
        st.text(max_size=300).map("xmpp:".__add__),
        st.text(max_size=200).map("xmpp:ava@example.org?omemo-sid-".__add__),
    )
)
def test_whatever_is_given_it_is_a_uri_or_an_error(text: str) -> None:
    try:
        found = parse(text)
    except UriError as error:
        assert str(error).endswith(".")
        return
    assert found.address.is_bare
    assert all(len(fingerprint) == 64 for _, fingerprint in found.keys)
