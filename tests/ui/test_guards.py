"""What strangers write cannot steer the terminal, the screen or the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual._xterm_parser import XTermParser
from textual.color import Color

import tui_xmpp.ui
from tests.fakes.engine import ME, FakeEngine
from tests.ui.driving import driven
from tests.ui.world import AVA, DEV, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.contact import Contact, Presence, Show, Subscription, SubscriptionRequest
from tui_xmpp.core.room import Occupant
from tui_xmpp.ui.keymap import normal
from tui_xmpp.ui.terminal.guard import TerminalGuard
from tui_xmpp.ui.terminal.replies import ReplyFilter

EVIL = "\x1b]52;c;ZXZpbA==\x07\x9b31m[@click=app.quit()]x[/]\u202e[bold]\x00\u2028"


def _hostile() -> FakeEngine:
    engine = peopled()
    engine.emit(
        ev.ContactChanged(Contact(ME, AVA.address, EVIL, (EVIL,), Subscription.BOTH)),
        ev.PresenceChanged(ME, AVA.address, Presence("phone", Show.AVAILABLE, EVIL)),
        ev.RoomChanged(DEV, subject=EVIL, name=EVIL),
        ev.OccupantChanged(DEV, Occupant("bram", status=EVIL), joined=True),
        ev.SubscriptionRequested(SubscriptionRequest(ME, Address.parse("zoe@example.net"), EVIL, EVIL)),
    )
    engine.receive(AVA, EVIL, nick=EVIL)
    engine.receive(DEV, EVIL, sender=DEV.address.with_resource("bram"), nick=EVIL)
    return engine


def _written(seen: object) -> str:
    """Every text that would go to the terminal."""
    strips = seen.app.screen._compositor.render_strips()  # type: ignore[attr-defined]
    return "".join(segment.text for strip in strips for segment in strip)


@pytest.mark.parametrize(
    "keys", [(), ("ctrl+k",), ("ctrl+b",), ("alt+3",), ("alt+y",), ("ctrl+s", "ctrl+u", "c"), ("f1",)]
)
async def test_no_control_character_and_no_markup_gets_through(keys: tuple[str, ...]) -> None:
    async with driven(_hostile(), size=(160, 40)) as seen:
        await seen.press(*keys)
        seen.engine.emit(ev.Notice(EVIL))
        seen.engine.emit(ev.TypingChanged(DEV, EVIL, ev.ChatState.COMPOSING))
        await seen.settle()
        written = _written(seen)
        assert not [char for char in written if ord(char) < 32 or 0x7F <= ord(char) < 0xA0]
        assert "\u202e" not in written
        assert "\u2028" not in written


async def test_markup_of_strangers_is_text() -> None:
    async with driven(_hostile()) as seen:
        assert "[bold]" in seen.text


def test_the_last_guard_takes_out_what_was_missed() -> None:
    line = [
        Segment("a\x1b[2Jb\x9bc\u202ed", Style(link="file:///etc/passwd")),
        Segment("ok", Style(bold=True)),
    ]
    first, second = TerminalGuard().apply(line, Color(0, 0, 0))
    assert first.text == "a[2Jbcd"
    assert first.style is not None
    assert first.style.link is None
    assert second == line[1]


@pytest.mark.parametrize(
    "url", ["https://example.org/", "xmpp:ava@example.org", "geo:1,2", "mailto:a@b.example"]
)
def test_links_of_known_schemes_stay(url: str) -> None:
    (kept,) = TerminalGuard().apply([Segment("x", Style(link=url))], Color(0, 0, 0))
    assert kept.style is not None
    assert kept.style.link == url


@pytest.mark.parametrize(
    "keys", ["hello", "\x1b[A", "\x1b]", "\x1bP", "\x1bOP", "\x1b[1;3C", "\x1b[200~/x\n\x1b[201~"]
)
def test_keys_and_pastes_pass(keys: str) -> None:
    assert ReplyFilter().feed(keys) == keys


async def test_a_crash_shows_no_values(monkeypatch, capsys) -> None:
    async with driven(peopled()) as seen:
        monkeypatch.setattr(seen.app, "_close_messages_no_wait", lambda: None)
        try:
            password = "hunter2-very-secret"
            raise RuntimeError(len(password))
        except RuntimeError:
            seen.app._fatal_error()
        with seen.app.console.capture() as shown:
            for one in seen.app._exit_renderables:
                seen.app.console.print(one)
        seen.app._exit_renderables.clear()
        # The source line is shown; the value of the variable is not listed beside it.
        assert "locals" not in shown.get()
        assert "RuntimeError" in shown.get()


def test_the_first_screen_loads_nothing_heavy() -> None:
    code = (
        "import sys, tui_xmpp.ui.app as app;"
        "bad = {'slixmpp','aiohttp','pydantic','cryptography','xmlschema','PIL',"
        "'pygments','sqlite3','keyring',"
        "'tomlkit','msgspec','tui_xmpp.session','tui_xmpp.storage',"
        "'textual.widgets._markdown','textual.widgets._data_table'};"
        "print(sorted(bad & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("\x1b2", "alt+2"),
        ("\x1ba", "alt+a"),
        ("\x1bb", "alt+b"),
        ("\x1b=", "alt+equals_sign"),
        ("\x1b/", "alt+slash"),
    ],
)
def test_alt_keys_arrive_as_such(typed: str, key: str) -> None:
    found = [event.key for event in XTermParser(False).feed(ReplyFilter().feed(typed))]
    assert [normal(one) for one in found] == [key]


def test_no_widget_is_given_markup() -> None:
    """Text of strangers is `Text` or `Content`; markup, toasts and tooltips are used nowhere."""
    folder = Path(tui_xmpp.ui.__file__).parent
    sources = {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}
    banned = re.compile(r"markup=True|from_markup|\.notify\(|\.tooltip\b|Static\(|Markdown\(|RichLog")
    assert {name: found[0] for name, text in sources.items() if (found := banned.search(text))} == {}
    # A label without markup=False would read the markup of its text.
    lines = [line for text in sources.values() for line in text.splitlines()]
    assert all("markup=False" in line for line in lines if re.search(r"\bLabel\(", line))


async def test_the_last_guard_is_in_the_way_of_every_widget() -> None:
    async with driven(peopled()) as seen:
        seen.main.hint.show(lambda width: Text("missed \x9b31m this \u202e"))
        await seen.shows("missed 31m this")
        assert "\x9b" not in _written(seen)
        assert "\u202e" not in _written(seen)


def test_an_emoji_that_terminals_count_differently_takes_two_cells_in_all_of_them() -> None:
    (sent,) = TerminalGuard().apply([Segment("❤\ufe0f 1 ☕\ufe0f|")], Color(0, 0, 0))
    assert sent.text == "❤  1 ☕|"
