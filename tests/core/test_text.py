from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_xmpp.core import text as module
from tui_xmpp.core.text import CUT_MARK, clean, clean_line, cleaned, wire_safe

HOSTILE = st.text(
    alphabet=st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from(
            "\x00\x1b\x07\r\n\t\x7f\x85\x9b\u202e\u2066\u200e\u200d\u200c\u0301\u0489\ufeff\u2028a"
        ),
    ),
    max_size=300,
)


def forbidden(char: str) -> bool:
    if char in "\n\u200c\u200d":
        return False
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


@settings(max_examples=300, deadline=None)
@given(HOSTILE, st.booleans(), st.integers(1, 60), st.integers(1, 6))
def test_nothing_forbidden_comes_out_and_a_second_pass_changes_nothing(
    text: str, multiline: bool, max_chars: int, max_lines: int
) -> None:
    once = clean(text, multiline=multiline, max_chars=max_chars, max_lines=max_lines)
    assert not [char for char in once if forbidden(char)]
    assert len(once) <= max_chars
    assert once.count("\n") < max_lines if multiline else "\n" not in once
    assert clean(once, multiline=multiline, max_chars=max_chars, max_lines=max_lines) == once


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_marks_never_stack_higher_than_allowed(text: str) -> None:
    height = 0
    for char in clean(text):
        stacks = char in "\u200c\u200d" or unicodedata.category(char).startswith("M")
        height = height + 1 if stacks else 0
        assert height <= 4


def test_the_fast_path_holds_only_harmless_characters() -> None:
    for code in range(0x110000):
        char = chr(code)
        if module._PLAIN.fullmatch(char):
            assert not forbidden(char), hex(code)
            assert not unicodedata.category(char).startswith("M"), hex(code)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("\x1b[31mred\x07", "␛[31mred␇"),
        ("\x00\x7f", "␀␡"),
        ("\x9b2J\x85", "\ufffd2J\ufffd"),
        ("evil\u202etxt.exe", "evil\ufffdtxt.exe"),
        ("a\u2028b\u2029c", "a\ufffdb\ufffdc"),
        ("\ud800\ufffe\U000e0041", "\ufffd\ufffd\ufffd"),
        ("a\tb", "a    b"),
        ("a\u00adb\ufeffc\u200bd", "abcd"),
        ("👩\u200d💻 ❤\ufe0f", "👩\u200d💻 ❤\ufe0f"),
        ("Zoë, Привет, 你好", "Zoë, Привет, 你好"),
    ],
)
def test_what_is_shown(raw: str, shown: str) -> None:
    assert clean(raw) == shown


def test_stacked_marks_are_thinned() -> None:
    assert clean("z" + "\u0301" * 50 + "x") == "z" + "\u0301" * 4 + "x"
    assert clean("z" + "\u0301\u200d" * 50 + "x") == "z" + "\u0301\u200d" * 2 + "x"


def test_one_line_form() -> None:
    assert clean_line("a\r\nb") == "a⏎b"
    assert clean_line("x" * 50, 10) == "x" * 9 + "…"


def test_too_long_is_cut_and_says_so() -> None:
    result = cleaned("a" * 30_000)
    assert result.cut
    assert len(result.text) == 20_000
    assert result.text.endswith("a\n" + CUT_MARK)
    assert not cleaned("a" * 20_000).cut


def test_too_many_lines_are_cut() -> None:
    result = cleaned("\n" * 1000)
    assert result.cut
    assert result.text.split("\n")[-1] == CUT_MARK
    assert len(result.text.split("\n")) == 400
    assert not cleaned("\n" * 399).cut


def test_dropped_characters_do_not_hide_what_follows() -> None:
    assert clean("\u200b" * 20_000 + "here") == "here"


def test_clean_text_is_fast() -> None:
    ascii_text = "plain words, nothing else. " * 40_000
    began = time.perf_counter()
    assert clean(ascii_text, max_chars=2_000_000) == ascii_text
    assert time.perf_counter() - began < 0.2


def test_hostile_text_is_fast() -> None:
    hostile = ("a" + "\u0301" * 9 + "\x1b\u202e\U000e0041👩\u200d💻") * 45_000
    began = time.perf_counter()
    clean(hostile, max_chars=1_000_000)
    assert time.perf_counter() - began < 1.5


def test_outgoing_text_keeps_only_what_xml_allows() -> None:
    assert wire_safe("a\x00b\x1b[0m\ud83d\ufffe\uffff\x0b\tc\r\nd😀") == "ab[0m\tc\r\nd😀"


@given(HOSTILE)
def test_outgoing_text_can_be_encoded(text: str) -> None:
    wire_safe(text).encode("utf-8")
