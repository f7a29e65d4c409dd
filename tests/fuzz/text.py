"""The text cleaner and what finds styles, links and lookalikes in its text (P-01 to P-17)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from tests.attacks.xml.stanzas import VALUES
from tests.fuzz.target import Target, within
from tui_xmpp.core import confusable, styling
from tui_xmpp.core.text import MAX_COMBINING, clean_line, cleaned, wire_safe

_JOINERS = "\u200c\u200d"
_SECONDS = 2.0
"""Instrumented code takes several times as long as the program does."""
_OPTIONS = 4


def check(data: bytes) -> None:
    options, text = data[:_OPTIONS].ljust(_OPTIONS, b"\0"), _text(data)
    multiline, max_chars, max_lines = bool(options[0] & 1), 1 + options[1] * 100, 1 + options[2] % 40
    with within(_SECONDS):
        once = cleaned(text, multiline=multiline, max_chars=max_chars, max_lines=max_lines).text
        assert len(once) <= max_chars
        assert once.count("\n") < max_lines if multiline else "\n" not in once
        _is_harmless(once)
        twice = cleaned(once, multiline=multiline, max_chars=max_chars, max_lines=max_lines).text
        assert twice == once, "cleaning again changes it"
        _is_harmless(clean_line(text))
        _is_sent(text)
        _is_styled(once, options[3])
        _is_compared(once[:200], text[:200])


def _text(data: bytes) -> str:
    """Any code point may come, surrogates among them: the libraries let some through."""
    rest = data[_OPTIONS:]
    if data[:1] and data[0] & 2:
        return rest[: len(rest) & ~1].decode("utf-16-le", "surrogatepass" if data[0] & 4 else "ignore")
    return rest.decode("utf-8", "surrogateescape")


def _is_harmless(text: str) -> None:
    height = 0
    for char in text:
        if char in _JOINERS or unicodedata.category(char)[0] == "M":
            height += 1
            assert height <= MAX_COMBINING, "marks are stacked too high"
            continue
        height = 0
        if char != "\n":
            assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}, (
                f"U+{ord(char):04X}"
            )


def _is_sent(text: str) -> None:
    sent = wire_safe(text)
    sent.encode()
    assert not [char for char in sent if ord(char) < 0x20 and char not in "\t\n\r"]
    assert "\ufffe" not in sent and "\uffff" not in sent


def _is_styled(text: str, place: int) -> None:
    for span in styling.spans(text):
        assert 0 <= span.start <= span.end <= len(text)
    for link in styling.links(text):
        assert text[link.start : link.end] == link.url
        assert not any(char.isspace() for char in link.url)
    nick = text[place : place + 5]
    for start, end in styling.mentions(text, nick):
        assert text[start:end].casefold() == nick.casefold()


def _is_compared(one: str, other: str) -> None:
    assert confusable.skeleton(one) == confusable.skeleton(one)
    if found := confusable.lookalike(one, [other]):
        assert found == other != one
    confusable.difference(one, other).encode()


def seeds() -> Iterator[bytes]:
    for number, value in enumerate(VALUES):
        yield bytes([number & 1, 255, 39, 0]) + value.encode()
        yield bytes([2 | number & 1, 1, 1, 0]) + value.encode("utf-16-le")
    yield b"\1\xff\x27\0> quoted\n```\ncode\n```\n*strong* _emphasis_ ~strike~ `mono` https://example.org/(a)"


TARGET = Target(
    "text",
    check,
    seeds,
    words=(
        "\u202e".encode(),
        "\u2066".encode(),
        "\u200d".encode(),
        "\u0301".encode(),
        "\u0085".encode(),
        "\u2028".encode(),
        "\U000e0041".encode(),
        "👩".encode(),
        b"\x1b[2J",
        b"\r\n",
        b"```",
        b"> ",
        b"https://",
        b"xmpp:",
        b"mailto:",
        b"\xed\xa0\x80",
    ),
    longest=2048,
    share=4,
)
