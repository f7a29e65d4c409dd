"""The address with fingerprints that is pasted or scanned."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.fuzz.target import Target, within
from tui_xmpp.core.omemo_uri import MOST_KEYS, UriError, parse, written

_KEY = "0123456789abcdef" * 4


def check(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    with within(1.0):
        try:
            found = parse(text)
        except UriError as refusal:
            assert str(refusal)
            return
    assert found.address.is_bare and found.address.local
    assert 0 < len(found.keys) <= MOST_KEYS
    for device, fingerprint in found.keys:
        assert 0 < device < 1 << 31
        assert re.fullmatch("[0-9a-f]{64}", fingerprint)
        assert parse(written(found.address, device, fingerprint)).keys == ((device, fingerprint),)


def seeds() -> Iterator[bytes]:
    for text in (
        f"xmpp:ava@example.org?omemo-sid-1={_KEY}",
        f"xmpp:ava@example.org?omemo-sid-1={_KEY};omemo-sid-2147483647={_KEY}",
        f"https://conversations.im/i/ava%40example.org?omemo-sid-7={_KEY}&omemo-sid-8={_KEY}",
        f"xmpp://a%2fb@[::1]?OMEMO-SID-0={_KEY.upper()}",
        f"xmpp:ava@example.org?join;omemo-sid-1={_KEY[:-1]}",
    ):
        yield text.encode()


TARGET = Target(
    "uri",
    check,
    seeds,
    words=(
        b"xmpp:",
        b"https://conversations.im/i/",
        b"omemo-sid-",
        b"?",
        b"%40",
        b"%ff",
        b"%2f",
        b"2147483648",
        _KEY.encode(),
        "٣".encode(),
    ),
)
