"""X-01 by namespaces: one is written once and told with each name, so that little becomes much."""

from __future__ import annotations

import time
import tracemalloc
from xml.etree import ElementTree as ET

import pytest

from tests.attacks.xml.test_fuzz import OPEN
from tui_xmpp.session.failure import Failure, Violation
from tui_xmpp.session.reader import Dropped, Item, Limits, Reader
from tui_xmpp.session.transport import envelope

PIECE = 16 * 1024
MOST_MEMORY = 64 * 2**20
MOST_SECONDS = 3.0
"""Of this thread; without the limits it is minutes."""


def stanza(namespace: int, inside: bytes) -> bytes:
    return b"<message xmlns:x='" + b"u" * namespace + b"'>" + inside + b"</message>"


def attributes(count: int) -> bytes:
    return b" ".join(b"x:a%d=''" % number for number in range(count))


def read(data: bytes) -> tuple[list[Item], Failure | None]:
    """What came of it, within bounds of memory and time."""
    reader, items, data = Reader(Limits()), [], OPEN + data
    tracemalloc.start()
    began = time.thread_time()
    try:
        for at in range(0, len(data), PIECE):
            items += reader.feed(data[at : at + PIECE])
        return items, None
    except Failure as failure:
        return items, failure
    finally:
        assert time.thread_time() - began < MOST_SECONDS
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
        tracemalloc.stop()


def test_x01_a_stanza_with_a_long_name_is_left_out_and_the_next_one_comes() -> None:
    items, failure = read(stanza(5_000, b"<x:b/>" * 2_000) + stanza(5_000, b"<c x:d=''/>") + b"<presence/>")
    assert failure is None
    assert [one for one in items if isinstance(one, Dropped)] == [Dropped("too long a name")] * 2
    last = items[-1]
    assert isinstance(last, ET.Element)
    assert last.tag == "{jabber:client}presence"


@pytest.mark.parametrize(
    "inside",
    [
        b"".join(b"<x:b%d/>" % number for number in range(20_000)),
        b"".join(b"<b %s/>" % attributes(250) for _ in range(100)),
        b"".join(b"<b x:a%d=''/>" % number for number in range(20_000)),
        b"<x:b/>" * 50_000,
    ],
    ids=["names", "attributes", "names of attributes", "one name"],
)
def test_x01_one_namespace_told_with_many_names_takes_neither_memory_nor_time(inside: bytes) -> None:
    """Whoever writes to us could have made it: it is left out, and what comes behind it is read."""
    items, failure = read(stanza(60_000, inside) + b"<presence/>")
    assert failure is None
    assert [type(one) for one in items[-2:]] == [Dropped, ET.Element]


def test_x01_what_bosh_wraps_takes_no_more_time() -> None:
    body = (
        b"<body xmlns='http://jabber.org/protocol/httpbind'>"
        + stanza(60_000, b"<x:b/>" * 50_000)
        + b"</body>"
    )
    began = time.thread_time()
    assert envelope.read(body).tag == "{http://jabber.org/protocol/httpbind}body"
    assert time.thread_time() - began < 0.5


def test_x01_the_parser_is_given_up_before_the_names_it_keeps_are_too_many() -> None:
    """It ends the link and no more: behind it there is another parser."""
    many = b"".join(b"<message><a%d%s/></message>" % (number, b"a" * 60_000) for number in range(400))
    _, failure = read(many)
    assert failure is not None
    assert not isinstance(failure, Violation)


def test_x01_names_of_an_honest_length_are_told_once() -> None:
    items, failure = read(stanza(900, b"<x:b/>" * 50_000))
    assert failure is None
    assert isinstance(items[-1], ET.Element)
    assert len(items[-1]) == 50_000
