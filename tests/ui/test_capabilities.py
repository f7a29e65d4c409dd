"""What is asked of a terminal, and what is learned from its answers."""

from __future__ import annotations

import pytest

from tui_xmpp.ui.terminal.capabilities import Capabilities, questions
from tui_xmpp.ui.terminal.replies import ReplyFilter


def learned(*answers: str) -> Capabilities:
    capabilities = Capabilities()
    assert all(capabilities.learn(answer) for answer in answers)
    return capabilities


@pytest.mark.parametrize(("state", "usable"), [(0, False), (1, True), (2, True), (3, True), (4, False)])
def test_synchronised_output(state: int, usable: bool) -> None:
    assert learned(f"\x1b[?2026;{state}$y").synchronised is usable


@pytest.mark.parametrize(
    ("answer", "colour", "dark"),
    [
        ("\x1b]11;rgb:ffff/ffff/ffff\x07", (255, 255, 255), False),
        ("\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\", (30, 30, 46), True),
        ("\x1b]11;rgb:f/f/c\x1b\\", (255, 255, 204), False),
        ("\x1b]11;rgba:0000/0000/0000/ffff\x07", (0, 0, 0), True),
        ("\x1b]11;rgb:00/2b/36\x9c", (0, 43, 54), True),
    ],
)
def test_the_ground(answer: str, colour: tuple[int, int, int], dark: bool) -> None:
    capabilities = learned(answer)
    assert capabilities.background == colour
    assert capabilities.dark is dark
    assert Capabilities().dark is None


def test_a_new_ground_is_told_once() -> None:
    told: list[bool | None] = []
    capabilities = Capabilities()
    capabilities.on_background = lambda: told.append(capabilities.dark)
    for colour in ("0/0/0", "0/0/0", "f/f/f"):
        capabilities.learn(f"\x1b]11;rgb:{colour}\x07")
    assert told == [True, False]


def test_the_name_is_cleaned() -> None:
    assert learned("\x1bP>|kitty(0.36.4)\x1b\\").name == "kitty(0.36.4)"
    name = learned(f"\x1bP>|a\u202eb\x01{'c' * 1000}\x1b\\").name
    assert name.startswith("a\ufffdb␁c")
    assert len(name) == 60


def test_margins_are_used_only_where_the_terminal_says_that_it_has_them() -> None:
    assert "\x1b[?69$p" in questions({"TERM": "xterm-256color"})
    assert "\x1b[?69$p" not in questions({"TERM": "tmux-256color", "TMUX": "/tmp/tmux,1,0"})
    assert not Capabilities().margins
    assert learned("\x1b[?69;2$y").margins
    assert not learned("\x1b[?69;2$y").synchronised
    for no in "04":
        assert not learned(f"\x1b[?69;{no}$y").margins


def test_what_else_it_can_do() -> None:
    assert learned("\x1b[?0u").keyboard
    assert learned("\x1b_Gi=31;OK\x1b\\").graphics
    assert learned("\x1b_Gi=31;EPERM:no\x1b\\").graphics
    assert learned("\x1b]99;i=q:p=?;p=title,body,?\x1b\\").notifications
    assert learned("\x1b[?62;4;22c").sixel
    assert not learned("\x1b[?4;22c").sixel


@pytest.mark.parametrize(
    "answer",
    [
        "\x1b[?2004;1$y",
        "\x1b]10;rgb:0/0/0\x07",
        "\x1b]11;red\x07",
        "\x1b[0n",
        "\x1b[>1;10;0c",
        "\x1b]99;i=1;x\x07",
    ],
)
def test_other_answers_teach_nothing(answer: str) -> None:
    capabilities = Capabilities()
    assert not capabilities.learn(answer)
    assert capabilities == Capabilities()


def test_attributes_are_asked_last() -> None:
    for environment in (
        {"TERM": "xterm-256color"},
        {"TERM": "tmux-256color", "TMUX": "/tmp/tmux,1,0"},
        {"TERM": "screen.xterm-256color", "STY": "1.pts"},
        {"TERM": "linux"},
    ):
        asked = questions(environment)
        assert asked.endswith("\x1b[c")
        assert asked.count("\x1b[c") == 1
        assert "2026$p" not in asked


def test_nothing_is_asked_that_does_harm() -> None:
    assert questions({"TERM": "dumb"}) == questions({}) == ""
    assert questions({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}) == ""
    assert questions({"TERM": "linux"}) == "\x1b[c"
    multiplexers = ({"TERM": "screen-256color", "TMUX": "x"}, {"TERM": "screen.linux", "STY": "x"})
    for environment in multiplexers:
        # APC is a title in tmux; what goes through a multiplexer is answered to the wrong one.
        assert not any(mark in questions(environment) for mark in ("\x1b_", "\x1bP", "\x1b]99"))


def test_the_questions_themselves_are_no_answers() -> None:
    """A terminal that echoes would otherwise teach us what it does not know."""
    replies = ReplyFilter()
    replies.feed(questions({"TERM": "xterm-256color"}))
    capabilities = Capabilities()
    for answer in replies.answers():
        capabilities.learn(answer)
    assert capabilities == Capabilities()
