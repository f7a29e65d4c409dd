"""The reader and the gate by themselves: random bytes in random pieces, and what passes when."""

from __future__ import annotations

import random
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.session.link.rig import OWN
from tui_xmpp.session import gate
from tui_xmpp.session.failure import Failure, Violation
from tui_xmpp.session.gate import Gate, Phase
from tui_xmpp.session.reader import Closed, Dropped, Header, Limits, Reader

OPEN = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
)


def read(*chunks: bytes, limits: Limits | None = None) -> list[object]:
    reader = Reader(limits or Limits())
    return [item for chunk in chunks for item in reader.feed(chunk)]


@given(st.binary(max_size=2000), st.integers(0, 2**32))
def test_random_bytes_raise_nothing_but_failures(noise: bytes, seed: int) -> None:
    rng = random.Random(seed)
    reader = Reader(Limits(), gate.BOUNDARIES)
    data = OPEN + noise
    try:
        while data and reader.rest is None:
            size = rng.randint(1, 200)
            piece, data = data[:size], data[size:]
            list(reader.feed(piece))
    except Failure:
        pass


@given(st.lists(st.integers(1, 40), max_size=60))
def test_pieces_make_no_difference(sizes: list[int]) -> None:
    stanza = (
        "<message to='ä'><body>grüße &amp; <![CDATA[<x>]]></body><x xmlns='urn:y' xml:lang='en'/></message>"
    ).encode()
    data = OPEN + stanza * 2 + b"  </stream:stream>"
    chunks = []
    for size in sizes:
        chunks.append(data[:size])
        data = data[size:]
    header, first, second, closed = read(*chunks, data)
    assert isinstance(header, Header)
    assert isinstance(closed, Closed)
    assert isinstance(first, ET.Element)
    assert isinstance(second, ET.Element)
    assert ET.tostring(first) == ET.tostring(second)
    assert first.findtext("{jabber:client}body") == "grüße & <x>"
    assert first[1].attrib == {"{http://www.w3.org/XML/1998/namespace}lang": "en"}


def test_what_stands_behind_a_boundary_is_handed_out() -> None:
    for ending in (b"/>", b">dg==</success>", b"></success>"):
        whole = OPEN + b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'" + ending
        for cut in range(1, len(whole)):
            reader = Reader(Limits(), gate.BOUNDARIES)
            for chunk in (whole[:cut], whole[cut:] + b"<next"):
                list(reader.feed(chunk))
            assert reader.rest == b"<next"


def test_a_stanza_past_a_limit_is_left_out_and_the_next_is_read() -> None:
    limits = Limits(depth=3, elements=5, attributes=2)
    for bad in (
        b"<m><a><b><c/></b></a></m>",
        b"<m>" + b"<a/>" * 6 + b"</m>",
        b"<m a='1' b='2' c='3'/>",
    ):
        _, dropped, kept = read(OPEN + bad + b"<m><a><b/></a></m>", limits=limits)
        assert isinstance(dropped, Dropped)
        assert isinstance(kept, ET.Element)


def test_many_small_stanzas_are_no_large_one() -> None:
    limits = Limits(stanza_bytes=40_000)
    assert len(read(OPEN, *[b"<m><b>hello</b></m>  "] * 20_000, limits=limits)) == 20_001
    assert len(read(OPEN, *[b" "] * 100_000, limits=limits)) == 1


def test_text_between_stanzas_ends_the_stream() -> None:
    with pytest.raises(Violation):
        read(OPEN + b"<m/>x<m/>")


def test_features_are_stripped_to_what_the_phase_may_use() -> None:
    def left(phase: Phase) -> set[str]:
        names = (gate.STARTTLS, gate.MECHANISMS, gate.BINDING_TYPES, f"{{{gate.BIND}}}bind", "{urn:x}y")
        features = ET.Element(gate.FEATURES)
        features.extend(ET.Element(name) for name in names)
        checked = Gate(OWN)
        checked.phase = phase
        assert checked.admit(features)
        return {child.tag for child in features}

    assert left(Phase.CLEAR) == {gate.STARTTLS}
    assert left(Phase.SECURED) == {gate.MECHANISMS, gate.BINDING_TYPES}
    assert left(Phase.AUTHENTICATED) == {gate.BINDING_TYPES, f"{{{gate.BIND}}}bind", "{urn:x}y"}


def test_an_iq_with_a_bind_in_it_from_a_contact_is_harmless() -> None:
    opened = Gate(OWN)
    opened.phase = Phase.BOUND
    iq = ET.fromstring(
        "<iq xmlns='jabber:client' type='result' from='mallory@example.net'>"
        "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>mallory@example.net/x</jid></bind></iq>"
    )
    assert opened.admit(iq)


def test_a_stanza_cut_anywhere_is_read_as_soon_as_it_is_there() -> None:
    """No byte of the next one is waited for: some XML parsers do, when a tag came in two pieces."""
    stanza = b"<message from='romeo@example.net/orchard' id='1' type='chat'><body>hi</body></message>"
    for cut in range(1, len(stanza)):
        _, message = read(OPEN, stanza[:cut], stanza[cut:])
        assert isinstance(message, ET.Element)


def element(name: str, namespace: str, **attributes: str) -> ET.Element:
    return ET.Element(f"{{{namespace}}}{name}", attributes)


def test_an_exchange_has_the_words_of_its_own_kind_only() -> None:
    for exchange, other in (
        (gate.SASL, gate.SASL2),
        (gate.SASL2, gate.SASL),
        ("", gate.SASL),
        ("", gate.SASL2),
    ):
        for name in ("challenge", "success", "failure"):
            opened = Gate(OWN)
            opened.phase, opened.exchange = Phase.SECURED, exchange
            with pytest.raises(Violation):
                opened.admit(element(name, other))


def test_a_success_that_nobody_can_judge_is_none() -> None:
    opened = Gate(OWN)
    opened.phase, opened.exchange = Phase.SECURED, gate.SASL2
    with pytest.raises(Violation):
        opened.admit(element("success", gate.SASL2))
    assert opened.phase is Phase.SECURED


def test_a_session_is_resumed_once_and_only_when_asked_for() -> None:
    def gate_that(resuming: str) -> Gate:
        opened = Gate(OWN)
        opened.phase, opened.resuming = Phase.AUTHENTICATED, resuming
        return opened

    for resuming, previd in (("", ""), ("", "mine"), ("mine", "another"), ("mine", "")):
        for name in ("resumed", "failed") if not resuming else ("resumed",):
            with pytest.raises(Violation):
                gate_that(resuming).admit(element(name, gate.RESUMPTION, previd=previd))
    opened = gate_that("mine")
    assert opened.admit(element("resumed", gate.RESUMPTION, previd="mine"))
    assert opened.phase is Phase.BOUND
    assert not opened.admit(element("resumed", gate.RESUMPTION, previd="mine"))
    opened = gate_that("mine")
    assert opened.admit(element("failed", gate.RESUMPTION))
    assert opened.phase is Phase.AUTHENTICATED


def test_what_follows_a_refusal_is_dropped() -> None:
    opened = Gate(OWN)
    opened.phase, opened.exchange = Phase.SECURED, gate.SASL2
    opened.judge = lambda _: Phase.BOUND
    assert opened.admit(element("failure", gate.SASL2))
    for late in (element("success", gate.SASL2), element("iq", gate.CLIENT), element("message", gate.CLIENT)):
        assert not opened.admit(late)
    assert opened.phase is Phase.SECURED
