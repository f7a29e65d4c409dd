"""The reader says how long each element was on the wire, however it arrived."""

from __future__ import annotations

import random

import pytest

from tui_xmpp.session.reader import Limits, Reader

PARTS = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams' id='x'>",
    "<message><body>ä > hi</body></message>".encode(),
    b"<a xmlns='urn:xmpp:sm:3' h='1'/>",
    b" \n <r xmlns='urn:xmpp:sm:3'/>",
    b"<m><x/></m>",
    b"<m></m>",
    b"<m a='/'></m>",
    b"<m ><x></x></m >",
    b"<message>" + b"<b>x</b>" * 5000 + b"</message>",
    b"<m>" + b"y" * 16_370 + b"</m>",
    b"<z/>",
    b"</stream:stream>",
)


@pytest.mark.parametrize("most", [3, 50, 1000, 16_384, 100_000])
def test_sizes_are_those_of_the_elements(most: int) -> None:
    rng, reader, sizes = random.Random(most), Reader(Limits()), []
    data, at = b"".join(PARTS), 0
    while at < len(data):
        size = rng.randint(1, most)
        sizes += [reader.size for _ in reader.feed(data[at : at + size])]
        at += size
    assert sizes == [len(part) for part in PARTS]


def test_what_is_left_for_the_next_reader_is_not_counted() -> None:
    reader = Reader(Limits(), frozenset({"{urn:x}proceed"}))
    header = b"<stream:stream xmlns:stream='urn:s'>"
    sizes = [reader.size for _ in reader.feed(header + b"<proceed xmlns='urn:x'/><next/>")]
    assert sizes == [len(header), len(b"<proceed xmlns='urn:x'/>")]
    assert reader.rest == b"<next/>"
