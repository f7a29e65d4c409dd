"""What is copied finds its way through multiplexers, and nothing is claimed that cannot be known."""

from __future__ import annotations

import re
from base64 import b64decode

import pytest

from tests.ui.driving import driven
from tests.ui.world import AVA, peopled
from tui_xmpp.ui.terminal import clipboard
from tui_xmpp.ui.terminal.clipboard import MOST, for_clipboard
from tui_xmpp.ui.terminal.passthrough import Between, between, wrapped

XTERM = {"TERM": "xterm-256color"}
TMUX = {"TERM": "tmux-256color", "TMUX": "/tmp/tmux-1000/default,1,0"}
SCREEN = {"TERM": "screen.xterm-256color", "STY": "1.pts-0.host"}


@pytest.mark.parametrize(
    ("environment", "way"),
    [
        (XTERM, Between.NOTHING),
        (TMUX, Between.TMUX),
        (SCREEN, Between.SCREEN),
        ({"TERM": "screen", "STY": "1.pts"}, Between.SCREEN),
        ({"TERM": "screen-256color", "TMUX": "x"}, Between.TMUX),
        ({"TERM": "tmux-256color"}, Between.TMUX),
        ({"TERM": "screen-256color"}, Between.NOTHING),
        # The inner one of two is spoken to.
        ({"TERM": "tmux-256color", "TMUX": "x", "STY": "1"}, Between.TMUX),
        ({"TERM": "screen.tmux-256color", "TMUX": "x", "STY": "1"}, Between.SCREEN),
        ({"TERM": "screen-256color", "TMUX": "x", "STY": "1"}, Between.TMUX),
        ({}, Between.NOTHING),
    ],
)
def test_which_multiplexer(environment: dict[str, str], way: Between) -> None:
    assert between(environment) is way


def test_wrapping() -> None:
    assert wrapped("\x1b]9;x\x07", Between.NOTHING) == "\x1b]9;x\x07"
    assert wrapped("\x1b]9;x\x1b\\", Between.TMUX) == "\x1bPtmux;\x1b\x1b]9;x\x1b\x1b\\\x1b\\"
    assert wrapped("\x1b]9;x\x07", Between.SCREEN) == "\x1bP\x1b]9;x\x07\x1b\\"


def test_screen_is_given_no_more_at_once_than_it_takes() -> None:
    sequence = "\x1b]52;c;" + "A" * 5000 + "\x07"
    chunks = re.findall(r"\x1bP(.*?)\x1b\\", wrapped(sequence, Between.SCREEN), re.DOTALL)
    assert "".join(chunks) == sequence
    assert max(map(len, chunks)) < 768


def test_the_text_is_sent_as_it_is() -> None:
    clip = for_clipboard("déjà\nvu", XTERM)
    found = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", clip.sequence)
    assert found
    assert b64decode(found.group(1)).decode() == "déjà\nvu"
    assert clip.words == "Sent to the terminal's clipboard (OSC 52)"
    assert for_clipboard("x", TMUX).sequence == "\x1b]52;c;eA==\x07"
    assert for_clipboard("x", SCREEN).sequence == "\x1bP\x1b]52;c;eA==\x07\x1b\\"


@pytest.mark.parametrize("environment", [XTERM, TMUX, SCREEN, {"TERM": "linux"}, {}, {"TERM": "dumb"}])
def test_nothing_is_said_to_be_copied(environment: dict[str, str]) -> None:
    assert "opied" not in for_clipboard("x", environment).words


@pytest.mark.parametrize(
    "environment",
    [{"TERM": "linux"}, {"TERM": "dumb"}, {}, {"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}],
)
def test_a_terminal_without_a_clipboard_is_sent_nothing(environment: dict[str, str]) -> None:
    clip = for_clipboard("x", environment)
    assert clip.sequence == ""
    assert not clip.words.startswith("Sent")


def test_what_is_too_long_is_not_cut_off_but_refused() -> None:
    assert for_clipboard("é" * (MOST // 2), XTERM).sequence
    clip = for_clipboard("é" * (MOST // 2) + "x", XTERM)
    assert clip == ("", "Too long for a terminal's clipboard, which takes 56,000 bytes")


async def test_the_whole_of_a_long_message_is_copied() -> None:
    engine = peopled()
    engine.receive(AVA, "\n".join(f"line {number} \x1b[31m" for number in range(1000)))
    async with driven(engine) as seen:
        await seen.press("ctrl+up", "y")
        assert seen.app.clipboard.endswith("line 999 ␛[31m")
        assert seen.app.clipboard.count("\n") == 999
        await seen.shows("Sent to the terminal's clipboard (OSC 52): 14889 characters")


async def test_of_a_sealed_file_it_is_said_that_the_key_is_copied_too() -> None:
    engine = peopled()
    address = f"aesgcm://example.org/a.jpg#{'0f' * 44}"
    engine.receive(AVA, address)
    async with driven(engine) as seen:
        await seen.press("ctrl+up", "y")
        await seen.shows("115 characters, the key included")
        assert seen.app.clipboard == address


async def test_inside_tmux_its_own_command_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[tuple[str, ...], bytes]] = []
    answer: list[str | None] = ["", None]

    async def ask(*arguments: str, given: bytes = b"") -> str | None:
        asked.append((arguments, given))
        return answer.pop(0)

    monkeypatch.setattr(clipboard, "ask_tmux", ask)
    for name, value in TMUX.items():
        monkeypatch.setenv(name, value)
    async with driven(peopled()) as seen:
        written: list[str] = []
        monkeypatch.setattr(seen.app._driver, "write", written.append)
        words = await clipboard.copy(seen.app, "hé", "2 characters")
        assert words == "Sent to tmux, and to the clipboard unless set-clipboard is off: 2 characters"
        assert asked == [(("load-buffer", "-w", "-"), "hé".encode())]
        assert seen.app.clipboard == "hé"
        assert not any("]52;" in one for one in written)
        # An old one does not know the option.
        words = await clipboard.copy(seen.app, "x", "1 character")
        assert words == "Sent to tmux, and to the clipboard if set-clipboard is on: 1 character"
        assert "\x1b]52;c;eA==\x07" in written
