"""What the engine says about a chat stays in that chat, so that one sees it later."""

from __future__ import annotations

from tests.ui.driving import driven
from tests.ui.fake_terminal import FakeTerminal
from tests.ui.test_guards import EVIL
from tests.ui.world import AVA, BRAM, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.events import Level

NEW = "bram has a new device for encryption."


async def test_a_warning_about_the_open_chat_is_a_line_of_it() -> None:
    async with driven(peopled()) as seen:
        seen.engine.emit(ev.Notice("ava has a new device.", Level.WARN, chat=AVA))
        await seen.shows("ava has a new device.")
        (line,) = [line for line in seen.lines if "new device" in line]
        assert line.startswith("  ")
        # Not a moment's words below the log: what is said next does not take it away.
        seen.engine.emit(ev.Notice("something else"))
        await seen.shows("something else")
        assert "ava has a new device." in seen.text


async def test_a_warning_about_another_chat_is_there_when_one_comes_to_it_and_comes_back() -> None:
    async with driven(peopled()) as seen:
        seen.engine.emit(ev.Notice(NEW, Level.WARN, chat=BRAM))
        await seen.shows(NEW)
        await seen.type("x")
        await seen.hides(NEW)
        for _ in range(2):
            await seen.press("alt+2")
            await seen.shows(NEW)
            await seen.press("alt+1")
            await seen.hides(NEW)


async def test_it_stays_when_older_messages_come() -> None:
    async with driven(peopled()) as seen:
        seen.engine.emit(ev.Notice("ava has a new device.", Level.WARN, chat=AVA))
        await seen.shows("ava has a new device.")
        message = seen.engine.receive(AVA, "late one")
        seen.engine.emit(ev.MessageKept(message, old=True))
        await seen.shows("late one")
        await seen.shows("ava has a new device.")


async def test_it_is_not_hidden_with_those_who_come_and_go() -> None:
    async with driven(peopled()) as seen:
        seen.engine.emit(ev.Notice("ava has a new device.", Level.WARN, chat=AVA))
        await seen.shows("ava has a new device.")
        await seen.press("alt+equals_sign")
        await seen.shows("is hidden")
        assert "ava has a new device." in seen.text


async def test_what_was_done_for_the_user_is_said_and_goes() -> None:
    async with driven(peopled()) as seen:
        seen.engine.emit(ev.Notice("Asked again.", chat=AVA))
        await seen.shows("Asked again.")
        await seen.type("x")
        await seen.hides("Asked again.")


async def test_not_more_than_some_are_kept() -> None:
    async with driven(peopled()) as seen:
        seen.engine.emit(*(ev.Notice(f"number {at}.", Level.WARN, chat=BRAM) for at in range(100)))
        await seen.shows("number 99.")
        await seen.press("alt+2")
        await seen.shows("number 99.")
        assert "number 20." not in seen.text and len(seen.main.view.notices[BRAM]) <= 20


async def test_what_a_server_puts_into_one_is_text() -> None:
    async with driven(peopled()) as seen:
        seen.engine.emit(ev.Notice(EVIL, Level.WARN, chat=AVA))
        await seen.shows("[@click=app.quit()]")
        written = "".join(
            part.text for strip in seen.app.screen._compositor.render_strips() for part in strip
        )
        assert not [char for char in written if ord(char) < 32 or 0x7F <= ord(char) < 0xA0]


async def test_a_screen_reader_hears_it_once_and_finds_it_in_the_chat() -> None:
    async with driven(peopled(), terminal="reader", driver=FakeTerminal) as seen:
        seen.engine.emit(ev.Notice(NEW, Level.WARN, chat=BRAM))
        await seen.shows(f"warn: {NEW}")
        await seen.press("alt+2")
        await seen.shows("-- bram")
        assert seen.text.count(NEW) == 1
        seen.engine.emit(ev.Notice("bram has another.", Level.WARN, chat=BRAM))
        await seen.shows("bram has another.")
        assert seen.text.count("bram has another.") == 1
