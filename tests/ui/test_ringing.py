"""Bell, notifications and the user's command: what they say, and that a burst is one of them."""

from __future__ import annotations

import json
import shlex
import stat
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.ui.driving import Driven, driven
from tests.ui.world import AVA, BRAM, DEV, peopled
from tui_xmpp.core.settings import Attention, Settings, Ui
from tui_xmpp.ui.screens import ringing
from tui_xmpp.ui.screens.ringing import Ringing, called

EVIL = "-x <b>\x1b]0;evil\x07\x9c\x00$(id)"


def settings(**attention: Any) -> Settings:
    return Settings(ui=Ui(theme="quiet-dark"), notify=Attention(**attention))


def overheard(seen: Driven, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[int]]:
    """What is written to the terminal, and a mark for each bell."""
    said: list[str] = []
    rung: list[int] = []
    monkeypatch.setattr(ringing, "say", lambda app, sequence: said.append(sequence))
    monkeypatch.setattr(seen.app, "bell", lambda: rung.append(1))
    return said, rung


def due(seen: Driven) -> None:
    """The pause is over."""
    calls: Ringing | None = seen.main._ringing
    assert calls is not None
    assert calls._timer is not None
    calls._timer.stop()
    calls._due()


async def test_a_message_rings_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(peopled(), settings=settings(terminal="777")) as seen:
        said, rung = overheard(seen, monkeypatch)
        seen.engine.receive(BRAM, "one")
        await seen.until(lambda: said, "the notification")
        assert said == ["\x1b]777;notify;bram;New message\x07"]
        assert len(rung) == 1


async def test_a_burst_is_one_call_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(peopled(), settings=settings(terminal="9")) as seen:
        said, rung = overheard(seen, monkeypatch)
        for number in range(1000):
            seen.engine.receive(BRAM, f"message {number}")
        await seen.until(lambda: said, "the notification")
        await seen.until(lambda: "message 999" in str(seen.main._ringing._last), "all of them")
        assert len(rung) == 1
        due(seen)
        await seen.until(lambda: len(said) == 2, "the second")
        assert "new messages" in said[1]
        assert len(rung) == 2
        due(seen)
        await seen.settle()
        assert len(said) == len(rung) == 2


async def test_what_was_read_in_the_meantime_is_not_called_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(peopled(), settings=settings(terminal="9")) as seen:
        said, _ = overheard(seen, monkeypatch)
        seen.engine.receive(BRAM, "one")
        await seen.until(lambda: said, "the notification")
        seen.engine.receive(BRAM, "two")
        await seen.settle()
        await seen.press("alt+2")
        await seen.until(lambda: not seen.engine.world.chats[BRAM].unread, "reading it")
        due(seen)
        await seen.settle()
        assert len(said) == 1


async def test_what_is_in_view_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(peopled(), settings=settings(terminal="9")) as seen:
        said, rung = overheard(seen, monkeypatch)
        seen.engine.receive(AVA, "in view")
        await seen.shows("in view")
        assert not said
        assert not rung


@pytest.mark.parametrize(("bell", "terminal"), [(False, "9"), (True, "off"), (True, "auto")])
async def test_each_way_can_be_turned_off(bell: bool, terminal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(peopled(), settings=settings(bell=bell, terminal=terminal)) as seen:
        said, rung = overheard(seen, monkeypatch)
        seen.engine.receive(BRAM, "one")
        await seen.until(lambda: seen.main._ringing, "a call")
        await seen.settle()
        assert bool(rung) is bell
        # An unknown terminal only rings.
        assert bool(said) is (terminal == "9")


async def test_inside_tmux_the_terminal_outside_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(*arguments: str, given: bytes = b"") -> str | None:
        return "foot(1.16.2) foot"

    monkeypatch.setenv("TMUX", "/tmp/tmux-1000/default,1,0")
    monkeypatch.setattr(ringing, "ask_tmux", ask)
    async with driven(peopled(), settings=settings()) as seen:
        said, _ = overheard(seen, monkeypatch)
        seen.engine.receive(BRAM, "one")
        await seen.until(lambda: said, "the notification")
        assert said == ["\x1bPtmux;\x1b\x1b]777;notify;bram;New message\x07\x1b\\"]


def test_how_much_is_said() -> None:
    engine = peopled()
    message = engine.receive(BRAM, EVIL)
    one = Counter([BRAM])
    assert called(engine.world, one, message, "none").title == "tui-xmpp"
    assert called(engine.world, one, message, "sender").text == "New message"
    told = called(engine.world, one, message, "message")
    assert (told.title, told.count) == ("bram", 1)
    assert told.text == "-x <b>␛]0;evil␇\ufffd␀$(id)"
    assert called(engine.world, Counter([BRAM] * 5), message, "message").text == "5 new messages"
    many = called(engine.world, Counter([BRAM, AVA, AVA]), message, "sender")
    assert (many.title, many.text) == ("tui-xmpp", "3 new messages in 2 chats")
    room = engine.receive(DEV, "hello", sender=DEV.address.with_resource("chiara"), nick="chiara")
    assert called(engine.world, Counter([DEV]), room, "sender").title.startswith("chiara in ")


@pytest.fixture
def hook(tmp_path: Path) -> Path:
    """A program that writes down its arguments and what it was told."""
    program = tmp_path / "hook"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, pathlib, sys\n"
        "told = {name: value for name, value in os.environ.items() if name.startswith('TUI_XMPP_')}\n"
        "new = pathlib.Path(sys.argv[1] + '.new')\n"
        "new.write_text(json.dumps([sys.argv[2:], told]))\n"
        "new.rename(sys.argv[1])\n"
    )
    program.chmod(0o755)
    return program


async def test_the_command_finds_what_was_written_in_its_environment(hook: Path, tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = shlex.join([str(hook), str(told), "two words", "$TUI_XMPP_TEXT"])
    async with driven(peopled(), settings=settings(command=command, text="message")) as seen:
        seen.engine.receive(BRAM, EVIL)
        await seen.until(told.exists, "the command")
    assert json.loads(told.read_text()) == [
        ["two words", "$TUI_XMPP_TEXT"],
        {
            "TUI_XMPP_TITLE": "bram",
            "TUI_XMPP_TEXT": "-x <b>␛]0;evil␇\ufffd␀$(id)",
            "TUI_XMPP_COUNT": "1",
        },
    ]


@pytest.mark.parametrize("command", ["/nowhere/at-all", 'sh -c "'])
async def test_a_command_that_does_not_start_is_told_once(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with driven(peopled(), settings=settings(command=command)) as seen:
        said: list[str] = []
        monkeypatch.setattr(seen.main, "say", lambda text, level=None: said.append(text))
        seen.engine.receive(BRAM, "one")
        await seen.until(lambda: said, "the words")
        seen.engine.receive(BRAM, "two")
        await seen.settle()
        due(seen)
        await seen.settle()
        assert len(said) == 1
        assert said[0].startswith("The command in [notify] does not start: ")


async def test_a_command_that_hangs_is_not_started_again(tmp_path: Path) -> None:
    program = tmp_path / "hang"
    program.write_text(f"#!/bin/sh\necho >> {shlex.quote(str(tmp_path / 'started'))}\nexec sleep 60\n")
    program.chmod(0o755)
    async with driven(peopled(), settings=settings(command=str(program))) as seen:
        seen.engine.receive(BRAM, "one")
        await seen.until((tmp_path / "started").exists, "the command")
        seen.engine.receive(BRAM, "two")
        await seen.settle()
        due(seen)
        await seen.settle()
        assert seen.main._ringing is not None
        running = seen.main._ringing._command
        assert running is not None
        assert not running.done()
    assert (tmp_path / "started").read_text() == "\n"


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "waiting" in path.name]


async def test_the_status_file_counts_and_is_empty_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "waiting"
    async with driven(peopled(), settings=settings(status_file=str(file))) as seen:
        await seen.until(file.exists, "the file")
        assert file.read_text() == ""
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        seen.engine.receive(BRAM, "one")
        seen.engine.receive(BRAM, "two")
        await seen.until(lambda: file.read_text() == "2\n", "2")
        seen.engine.receive(DEV, "alice: look", sender=DEV.address.with_resource("chiara"), mention=True)
        await seen.until(lambda: file.read_text() == "3!1\n", "3!1")
        await seen.press("alt+2")
        await seen.until(lambda: file.read_text() == "1!1\n", "1!1")
    assert file.read_text() == ""
    assert left(tmp_path) == ["waiting"]


async def test_a_status_file_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    async with driven(peopled(), settings=settings(status_file=str(tmp_path / "no" / "file"))) as seen:
        await seen.shows("cannot be written")
        seen.main.furniture.quiet()
        seen.engine.receive(BRAM, "one")
        await seen.until(lambda: seen.engine.world.chats[BRAM].unread, "the message")
        await seen.settle()
        assert "cannot be written" not in seen.text
