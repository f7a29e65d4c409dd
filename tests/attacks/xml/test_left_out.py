"""X-01, X-06: what a contact can have a server pass on is left out at most, and the next stanza is read."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from tests.attacks.xml.real import REAL
from tests.attacks.xml.stanzas import Stanzas
from tests.attacks.xml.test_fuzz import OPEN
from tui_xmpp.session.failure import Failure, Violation
from tui_xmpp.session.reader import Dropped, Item, Limits, Reader

HEADER = OPEN.decode()
BEHIND = b"<presence/>"
LONG = b"u" * 60_000


def read(data: bytes, piece: int = 16_384) -> list[Item]:
    """What came behind the header."""
    reader = Reader(Limits())
    return [one for at in range(0, len(data), piece) for one in reader.feed(data[at : at + piece])]


@pytest.mark.parametrize(
    "stanza",
    [
        b"<message><body>" + b"x" * 3_000_000 + b"</body></message>",
        b"<message><body a='" + b"&quot;" * 500_000 + b"'/></message>",
        b"<message>" + (b"<b xmlns='" + LONG + b"'/>") * 100 + b"</message>",
        b"<message xmlns:x='" + LONG + b"'>" + b"<x:b/>" * 8_000 + b"</message>",
        b"<message><b xmlns='a}b'/></message>",
        b"<message xmlns:x='{a'><body x:b=''/></message>",
    ],
    ids=[
        "a long text",
        "a long attribute",
        "repeated",
        "told often",
        "two names in one",
        "and of attributes",
    ],
)
def test_x01_it_is_left_out_and_the_next_one_comes(stanza: bytes) -> None:
    *_, left_out, behind = read(OPEN + stanza + BEHIND)
    assert isinstance(left_out, Dropped)
    assert isinstance(behind, ET.Element)
    assert behind.tag == "{jabber:client}presence"


def test_x01_a_long_attribute_that_fits_is_read() -> None:
    _, message = read(OPEN + b"<message><body a='" + b"x" * 1_000_000 + b"'/></message>", piece=1000)
    assert isinstance(message, ET.Element)
    assert len(message[0].attrib["a"]) == 1_000_000


@pytest.mark.parametrize(
    "stanza",
    [
        b"<x:message/>",
        b"<message x:a=''/>",
        b"<message xmlns:x=''/>",
        b"<message xmlns:xml='urn:x'/>",
        b"<message xmlns:x='http://www.w3.org/XML/1998/namespace'/>",
        b"<message xmlns:xmlns='urn:x'/>",
        b"<message xmlns='http://www.w3.org/2000/xmlns/'/>",
        b"<message xmlns:x='urn:x' xmlns:y='urn:x' x:a='' y:a=''/>",
        b"<message xmlns:x='urn:x'><x:1/></message>",
        b"<message xmlns:x='urn:x'><x:y:z/></message>",
        b"<message><:b/></message>",
    ],
)
def test_x06_no_honest_server_passes_on_what_has_no_name(stanza: bytes) -> None:
    """Namespaces in XML 1.0 §3 to 6: what expat refuses where it knows of namespaces, we do."""
    with pytest.raises(ET.ParseError):
        ET.fromstring(HEADER + stanza.decode() + "</stream:stream>")
    with pytest.raises(Failure) as refused:
        read(OPEN + stanza)
    assert not isinstance(refused.value, Violation)


def test_x06_every_stanza_is_what_another_parser_reads() -> None:
    seeded = Stanzas(7)
    several = [*REAL, *(seeded.next() for _ in range(3_000))]
    for stanza in several:
        try:
            whole = ET.fromstring(f"{HEADER}{stanza}</stream:stream>")
        except ET.ParseError:
            continue
        for theirs, ours in zip(whole, read(OPEN + stanza.encode())[1:], strict=True):
            if isinstance(ours, ET.Element):
                assert ET.canonicalize(ET.tostring(ours)) == ET.canonicalize(ET.tostring(_alone(theirs)))


def _alone(element: ET.Element) -> ET.Element:
    element.tail = None
    return element
