"""The stream splitter and the gate: the same stanzas for any pieces, within the limits, or a refusal."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from tests.attacks.xml.real import REAL
from tests.attacks.xml.stanzas import Stanzas
from tests.fuzz.target import Target, within
from tui_xmpp.core.address import Address
from tui_xmpp.session.failure import Failure, Violation
from tui_xmpp.session.gate import BOUNDARIES, SASL, SASL2, Gate, Phase
from tui_xmpp.session.reader import Closed, Dropped, Header, Item, Limits, Reader

OPEN = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
)
_OWN = "anna@example.org"
_SECONDS = 4.0
_ODD = re.compile(rb"=\s*(?:'[^'>]*>|\"[^\">]*>)")
"""A header with ">" in an attribute may leave a part of its bytes to what follows it, by the pieces."""
_CLOSED = ("closed", "")
_OPTIONS = 2
_MOST = 1 << 20
_LIMITS = (
    Limits(),
    Limits(depth=4, elements=12, attributes=3),
    Limits(names=12),
    Limits(stanza_bytes=300, tag_bytes=100),
)
"""All but the last depend on what was sent alone; those of the last, on the pieces as well."""
_PHASES = tuple(Phase)
_PASSES = {
    Phase.CLEAR: {
        "{http://etherx.jabber.org/streams}features",
        "{http://etherx.jabber.org/streams}error",
        "{urn:ietf:params:xml:ns:xmpp-tls}proceed",
        "{urn:ietf:params:xml:ns:xmpp-tls}failure",
    },
    Phase.SECURED: {
        "{http://etherx.jabber.org/streams}features",
        "{http://etherx.jabber.org/streams}error",
        *(f"{{{SASL}}}{name}" for name in ("challenge", "success", "failure")),
        *(f"{{{SASL2}}}{name}" for name in ("challenge", "success", "failure", "continue")),
    },
    Phase.AUTHENTICATED: {
        "{http://etherx.jabber.org/streams}features",
        "{http://etherx.jabber.org/streams}error",
        "{jabber:client}iq",
        "{urn:xmpp:sm:3}resumed",
        "{urn:xmpp:sm:3}failed",
        "{http://jabber.org/protocol/compress}compressed",
        "{http://jabber.org/protocol/compress}failure",
    },
    Phase.BOUND: {
        "{http://etherx.jabber.org/streams}features",
        "{http://etherx.jabber.org/streams}error",
        *(f"{{jabber:client}}{name}" for name in ("message", "presence", "iq")),
        *(f"{{urn:xmpp:sm:3}}{name}" for name in ("r", "a", "enabled", "failed")),
    },
}
"""What RFC 6120 and the extensions have at each point; here once more, apart from the gate's own list."""


class _Read:
    """What came of one stream that was read in certain pieces."""

    def __init__(self, options: int, pieces: list[bytes]) -> None:
        self.items: list[tuple[str, str, int]] = []
        self.refusal: type[Failure] | None = None
        self.left = b""
        self._limits = _LIMITS[options & 3]
        self._reader = Reader(self._limits, BOUNDARIES if options & 64 else frozenset())
        self._gate = _gate(options)
        longest = max(map(len, pieces), default=0)
        for number, piece in enumerate(pieces):
            try:
                for item in self._reader.feed(piece):
                    self._note(item, longest)
            except Failure as failure:
                self.refusal = type(failure)
                return
            assert len(self._reader._held) <= self._limits.tag_bytes
            if self._reader.rest is not None:
                self.left = self._reader.rest + b"".join(pieces[number + 1 :])
                return

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(kind, text) for kind, text, _ in self.items]

    def _note(self, item: Item, longest: int) -> None:
        size = self._reader.size
        assert size > 0 or isinstance(item, Closed)
        if isinstance(item, ET.Element):
            elements = list(item.iter())
            assert len(elements) <= self._limits.elements
            assert max(len(one.attrib) for one in elements) <= self._limits.attributes
            assert _depth(item) <= self._limits.depth
            assert _kept(elements) <= 20_000 + 40 * (size + 20 * len(self._reader._names))
            assert _characters(elements) <= self._limits.stanza_bytes + self._limits.tag_bytes + longest
            self.items.append(("stanza", _canonical(item), size))
            self._admit(item)
        elif isinstance(item, Header):
            self.items.append(("header", _canonical(item.element), size))
            self._open(item.element)
        elif isinstance(item, Dropped):
            self.items.append(("dropped", item.reason, size))
        else:
            assert isinstance(item, Closed)
            self.items.append(("closed", "", size))

    def _open(self, header: ET.Element) -> None:
        try:
            self._gate.open(header)
        except Violation:
            self.items.append(("refused", "", 0))
            return
        assert header.tag == "{http://etherx.jabber.org/streams}stream"

    def _admit(self, item: ET.Element) -> None:
        phase = self._gate.phase
        try:
            passed = self._gate.admit(item)
        except Violation:
            self.items.append(("refused", "", 0))
            return
        if not passed:
            return
        assert item.tag in _PASSES[phase], f"{item.tag} in {phase}"
        self.items.append(("passed", _canonical(item), 0))
        if phase is Phase.CLEAR and item.tag.endswith("}features"):
            assert [one.tag for one in item] == ["{urn:ietf:params:xml:ns:xmpp-tls}starttls"] * len(item)
            assert len(item)


def _gate(options: int) -> Gate:
    gate = Gate(Address.parse(_OWN))
    gate.phase = _PHASES[options >> 2 & 3]
    if options & 16:
        gate.exchange = SASL if options & 32 else SASL2
        gate.resuming, gate.binding_id, gate.compressing = "s1", "b1", True
        gate.judge = lambda _: Phase.BOUND
    return gate


def _depth(element: ET.Element) -> int:
    deepest, below = 0, [(element, 1)]
    while below:
        one, depth = below.pop()
        deepest = max(deepest, depth)
        below.extend((child, depth + 1) for child in one)
    return deepest


def _texts(elements: list[ET.Element]) -> Iterator[str]:
    for one in elements:
        yield from (text for text in (one.text, one.tail) if text)
        yield from one.attrib.values()


def _characters(elements: list[ET.Element]) -> int:
    return sum(map(len, _texts(elements)))


def _kept(elements: list[ET.Element]) -> int:
    """Bytes that the strings of a stanza take, one that is used twice counted once."""
    strings = {id(text): text for text in _texts(elements)}
    for one in elements:
        strings.update({id(name): name for name in (one.tag, *one.attrib)})
    return sum(map(sys.getsizeof, strings.values()))


def _canonical(element: ET.Element) -> str:
    parts: list[str] = []
    ahead: list[ET.Element | str] = [element]
    while ahead:
        one = ahead.pop()
        if isinstance(one, str):
            parts.append(one)
            continue
        parts.append(f"<{one.tag} {sorted(one.attrib.items())!r}>{one.text!r}")
        ahead.append(f"</>{one.tail!r}")
        ahead.extend(reversed(list(one)))
    return "".join(parts)


def check(data: bytes) -> None:
    options, seed = data[:_OPTIONS].ljust(_OPTIONS, b"\0")
    sent = (OPEN if options & 128 else b"") + data[_OPTIONS:]
    with within(_SECONDS):
        whole, cut = _Read(options, [sent]), _Read(options, _pieces(sent, seed))
    if options & 3 == 3:
        return
    if _CLOSED in whole.said or _CLOSED in cut.said:
        # What is behind the end of the stream is refused once its first letter is whole, and with it, where
        # both come in one piece, what came before.
        return
    assert (whole.refusal is None) == (cut.refusal is None), f"whole {whole.refusal}, in pieces {cut.refusal}"
    if whole.refusal is None:
        assert whole.said == cut.said
        assert whole.left == cut.left
        taken = sum(size for _, _, size in whole.items)
        assert taken + len(whole.left) <= len(sent)
        if _ODD.search(sent):
            return
        assert taken == sum(size for _, _, size in cut.items)
        if whole.left:
            assert sent[taken:] == whole.left, "bytes behind a boundary are lost or read twice"
    else:
        assert whole.said == cut.said[: len(whole.said)], "what came before the fault differs"


def _pieces(data: bytes, seed: int) -> list[bytes]:
    if seed == 0:
        return [data[at : at + 1] for at in range(len(data))]
    rng, pieces = random.Random(seed), []
    while data:
        size = rng.choice((1, 2, 3, 7, 30, 200, 1000))
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def _options(limits: int = 0, phase: Phase = Phase.BOUND, *, begun: bool = False, sasl: bool = False) -> int:
    return limits | _PHASES.index(phase) << 2 | 16 * begun | 32 * sasl | 128


def seeds() -> Iterator[bytes]:
    for number, stanza in enumerate(REAL):
        yield bytes([_options(number & 3), number]) + stanza.encode()
    stanzas = Stanzas(1)
    for number in range(60):
        yield bytes([_options(number & 3), number]) + "".join(stanzas.next() for _ in range(2)).encode()
    features = (
        "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
        f"<mechanisms xmlns='{SASL}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms></stream:features>"
    )
    proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
    for phase in Phase:
        for sasl in (False, True):
            begin = bytes([_options(0, phase, begun=True, sasl=sasl), 7])
            for stanza in (
                features,
                proceed,
                f"<success xmlns='{SASL}'>dj1h</success>",
                f"<success xmlns='{SASL2}'><authorization-identifier>anna@example.org/here"
                "</authorization-identifier><bound xmlns='urn:xmpp:bind:0'/></success><stream:features/>",
                "<resumed xmlns='urn:xmpp:sm:3' previd='s1' h='1'/><message><body>a</body></message>",
                "<iq type='result' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                "<jid>anna@example.org/here</jid></bind></iq>",
                "<compressed xmlns='http://jabber.org/protocol/compress'/>",
                "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>b</see-other-host>"
                "</stream:error>",
            ):
                yield begin + stanza.encode()
                yield bytes([begin[0] | 64, 0]) + stanza.encode() + b" \n<a/>"


TARGET = Target(
    "stream",
    check,
    seeds,
    words=(
        OPEN,
        b"<?xml version='1.0'?>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?",
        b"?>",
        b"&amp;",
        b"&#x10FFFF;",
        b"&#0;",
        b"&b;",
        b" xmlns='jabber:client'",
        b" xmlns:x='u'",
        b" xml:lang='en'",
        b"<x:b/>",
        b"/>",
        b"<message>",
        b"</message>",
        b"<iq ",
        b"<presence/>",
        b"</stream:stream>",
        b"<stream:features>",
        b"</stream:features>",
        b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
    ),
    share=4,
)
