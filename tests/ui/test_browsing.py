"""A browser is started where the user sits, or not at all."""

from __future__ import annotations

import sys

import pytest

from tests.ui.driving import driven
from tests.ui.world import AVA, peopled
from tui_xmpp.ui.terminal import browsing

HERE = {"DISPLAY": ":0"}


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")


def in_tmux(monkeypatch: pytest.MonkeyPatch, said: str | None) -> dict[str, str]:
    async def ask(*arguments: str, given: bytes = b"") -> str | None:
        assert arguments == ("show-environment",)
        return said

    monkeypatch.setattr(browsing, "ask_tmux", ask)
    return {**HERE, "TMUX": "/tmp/tmux-1000/default,1,0"}


@pytest.mark.usefixtures("linux")
async def test_where_there_is_a_screen_and_no_ssh() -> None:
    assert await browsing.is_here(HERE)
    assert await browsing.is_here({"WAYLAND_DISPLAY": "wayland-0"})
    assert not await browsing.is_here({})
    for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "MOSH_CONNECTION"):
        assert not await browsing.is_here({**HERE, name: "1"})


@pytest.mark.usefixtures("linux")
async def test_a_tmux_session_that_was_taken_up_over_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "DISPLAY=:0\nSSH_CONNECTION=192.0.2.1 5 192.0.2.2 22"
    assert not await browsing.is_here(in_tmux(monkeypatch, said))
    assert await browsing.is_here(in_tmux(monkeypatch, "DISPLAY=:0\n-SSH_CONNECTION"))
    assert await browsing.is_here(in_tmux(monkeypatch, None))


async def test_a_mac_needs_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert await browsing.is_here({})


async def test_a_link_without_a_screen_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(browsing, "start", lambda url: pytest.fail("a browser was started"))
    engine = peopled()
    engine.receive(AVA, "see https://example.org/map")
    async with driven(engine) as seen:
        await seen.press("ctrl+up", "o")
        await seen.shows("clipboard (OSC 52): https://example.org/map")
        assert seen.app.clipboard == "https://example.org/map"


async def test_a_link_where_the_user_sits_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(browsing, "start", lambda url: not opened.append(url))
    engine = peopled()
    engine.receive(AVA, "see https://example.org/map")
    async with driven(engine) as seen:
        await seen.press("ctrl+up", "o")
        await seen.shows("Opened https://example.org/map")
        assert opened == ["https://example.org/map"]
        assert seen.app.clipboard == ""


async def test_without_a_browser_the_link_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("PATH", "/nowhere")
    engine = peopled()
    engine.receive(AVA, "see https://example.org/map")
    async with driven(engine) as seen:
        await seen.press("ctrl+up", "o")
        await seen.shows("clipboard (OSC 52): https://example.org/map")
