"""The sequences that have a terminal show a notification, and which of them it is given."""

from __future__ import annotations

import re
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.ui.terminal.notification import form, notification
from tui_xmpp.ui.terminal.passthrough import Between, wrapped

XTERM = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("kitty(0.36.4)", "99"),
        ("iTerm2 3.5.0", "9"),
        ("WezTerm 20240203-110809-5046fc22", "9"),
        ("ghostty 1.0.1", "9"),
        ("foot(1.16.2)", "777"),
        ("VTE(7600)", "777"),
        ("rxvt-unicode-256color", "777"),
        ("XTerm(390)", ""),
        ("tmux 3.3a", ""),
        ("alacritty(0.13)", ""),
        ("", ""),
    ],
)
def test_the_form_follows_the_name(name: str, kind: str) -> None:
    assert form("auto", XTERM, name) == kind
    assert form("auto", XTERM, name, answered=True) == "99"
    assert form("off", XTERM, name) == ""
    assert form("777", XTERM, name) == "777"


def test_variables_count_where_they_tell_the_truth() -> None:
    assert form("auto", {"TERM": "xterm-kitty", "SSH_TTY": "x"}, "") == "99"
    assert form("auto", {**XTERM, "TERM_PROGRAM": "WezTerm"}, "") == "9"
    assert form("auto", {**XTERM, "TERM_PROGRAM": "WezTerm", "SSH_CONNECTION": "x"}, "") == ""
    inside = {"TERM": "tmux-256color", "TERM_PROGRAM": "ghostty", "TMUX": "x"}
    assert form("auto", inside, "") == ""
    assert form("auto", inside, "foot(1.16.2) foot") == "777"


def test_the_forms() -> None:
    assert notification("9", "Ava", "New message") == "\x1b]9;tui-xmpp: Ava: New message\x07"
    assert notification("777", "a;b", "c;d") == "\x1b]777;notify;a,b;c;d\x07"
    assert notification("", "Ava", "x") == ""
    kitty = re.fullmatch(
        r"\x1b\]99;i=7:d=0:e=1;(\S+)\x07\x1b\]99;i=7:d=1:p=body:e=1;(\S+)\x07",
        notification("99", "Ava", "déjà vu", 7),
    )
    assert kitty
    assert [b64decode(part).decode() for part in kitty.groups()] == ["Ava", "déjà vu"]


@given(st.sampled_from(["9", "99", "777"]), st.text(), st.text())
def test_no_text_ends_its_sequence(kind: str, title: str, text: str) -> None:
    sequence = notification(kind, title, text)
    inner = sequence.removeprefix("\x1b]").removesuffix("\x07")
    if kind == "99":
        first, second = inner.split("\x07\x1b]")
        inner = first + second
    assert not re.search("[\x00-\x1f\x7f-\x9f]", inner)


def test_texts_are_cut() -> None:
    for kind in ("9", "99", "777"):
        assert len(notification(kind, "t" * 10_000, "x" * 10_000)) < 600


def test_through_tmux() -> None:
    inside = wrapped(notification("9", "Ava", "x"), Between.TMUX)
    assert inside == "\x1bPtmux;\x1b\x1b]9;tui-xmpp: Ava: x\x07\x1b\\"
