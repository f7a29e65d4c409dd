"""The main loop: the list, the open chat, writing, and what happens meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from textual import events

from tests.fakes.engine import ME, NOON, FakeEngine
from tests.ui.driving import FakeConfig, driven
from tests.ui.world import AVA, BRAM, DEV, peopled
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.contact import Contact, Presence, Show
from tui_xmpp.core.settings import Settings
from tui_xmpp.ui.app import ChatApp


async def test_the_newest_chat_is_open_at_once() -> None:
    async with driven(peopled()) as seen:
        assert seen.main.chat == AVA
        assert "Shall we meet at the station?" in seen.text
        assert "ava · back at four" in seen.lines[0]
        assert "not encrypted" in seen.lines[0]


async def test_enter_sends_and_the_line_is_empty_then() -> None:
    async with driven(peopled()) as seen:
        await seen.type("six thirty")
        await seen.press("enter")
        await seen.shows("six thirty")
        assert seen.engine.done(cmd.SendMessage) == [cmd.SendMessage(AVA, "six thirty")]
        assert seen.composer == ""


async def test_a_refused_message_stays_in_the_line_with_the_reason() -> None:
    engine = peopled()
    engine.refusals[cmd.SendMessage] = "The disk is full. Make room and press Enter again."
    async with driven(engine) as seen:
        await seen.type("six thirty")
        await seen.press("enter")
        await seen.shows("The disk is full.")
        assert seen.composer == "six thirty"


async def test_an_incoming_message_appears_and_is_read() -> None:
    async with driven(peopled()) as seen:
        seen.engine.receive(AVA, "on my way")
        await seen.shows("on my way")
        await seen.until(lambda: seen.engine.done(cmd.MarkRead), "marking as read")


async def test_a_message_elsewhere_shows_in_the_status_line_and_alt_a_goes_there() -> None:
    async with driven(peopled()) as seen:
        seen.engine.receive(BRAM, "are you there?")
        await seen.shows("2:bram")
        assert "are you there?" not in seen.text
        await seen.press("alt+a")
        await seen.shows("are you there?")
        assert seen.main.chat == BRAM
        await seen.press("alt+slash")
        assert seen.main.chat == AVA


@pytest.mark.parametrize("keys", [("alt+3",), ("escape", "3"), ("alt+j", "0", "3")])
async def test_a_chat_is_one_number_away(keys: tuple[str, ...]) -> None:
    async with driven(peopled()) as seen:
        await seen.press(*keys)
        assert seen.main.chat == DEV
        await seen.shows("release on friday")


async def test_a_draft_is_kept_and_comes_back() -> None:
    async with driven(peopled()) as seen:
        await seen.type("not yet")
        await seen.press("alt+2")
        assert seen.composer == ""
        assert seen.engine.world.chats[AVA].draft == "not yet"
        await seen.press("alt+1")
        assert seen.composer == "not yet"


async def test_typing_is_told_and_shown() -> None:
    async with driven(peopled()) as seen:
        await seen.type("h")
        assert seen.engine.done(cmd.SetTyping) == [cmd.SetTyping(AVA, True)]
        await seen.press("backspace")
        assert seen.engine.done(cmd.SetTyping)[-1] == cmd.SetTyping(AVA, False)
        seen.engine.emit(ev.TypingChanged(AVA, str(AVA.address), ev.ChatState.COMPOSING))
        await seen.shows("ava is typing")


async def test_the_connection_is_said_in_words() -> None:
    async with driven(peopled()) as seen:
        seen.engine.emit(ev.ConnectionChanged(ME, Connection.WAITING, "The network is unreachable."))
        await seen.shows("The network is unreachable.")


async def test_presence_changes_the_topic_line() -> None:
    async with driven(peopled()) as seen:
        seen.engine.emit(ev.PresenceChanged(ME, AVA.address, Presence("phone", Show.DND, "in a meeting")))
        await seen.shows("in a meeting")


async def test_the_list_stands_beside_the_chat_when_there_is_room() -> None:
    async with driven(peopled(), size=(120, 40)) as seen:
        assert "Chats" in seen.text
        assert "Friends" in seen.text
        assert "greta" in seen.text


async def test_at_80_columns_the_list_comes_over_the_chat_and_goes_again() -> None:
    async with driven(peopled()) as seen:
        assert "Friends" not in seen.text
        await seen.press("ctrl+b")
        await seen.shows("Friends")
        await seen.press("slash", "b", "r")
        await seen.hides("Friends")
        await seen.press("enter")
        assert seen.main.chat == BRAM
        await seen.hides("Work")
        assert seen.composer == ""


async def test_members_are_beside_a_room_at_160_columns() -> None:
    async with driven(peopled(), size=(160, 40)) as seen:
        assert "chiara" not in seen.text
        await seen.press("alt+3")
        await seen.until(lambda: any("chiara" in line[140:] for line in seen.lines), "chiara in the pane")


@pytest.mark.parametrize("size", [(40, 15), (30, 8), (12, 4), (200, 60)])
async def test_any_size_still_takes_a_message(size: tuple[int, int]) -> None:
    async with driven(peopled(), size=size) as seen:
        await seen.type("hi")
        assert "hi" in seen.text
        await seen.press("enter")
        assert seen.engine.done(cmd.SendMessage)


async def test_with_nothing_to_show_the_screen_says_what_can_be_done() -> None:
    async with driven(FakeEngine()) as seen:
        assert "/join ROOM" in seen.text
        assert "Ctrl+K" in seen.text


async def test_a_new_contact_appears_in_the_list() -> None:
    async with driven(peopled(), size=(120, 40)) as seen:
        zoe = Address.parse("zoe@example.net")
        seen.engine.emit(ev.ContactChanged(Contact(ME, zoe, "Zoe", ("Friends",))))
        await seen.shows("Zoe")
        seen.engine.emit(ev.ContactRemoved(ME, zoe))
        await seen.hides("Zoe")


async def test_a_signal_keeps_the_draft_too() -> None:
    engine = peopled()
    async with driven(engine) as seen:
        await seen.type("half a thought")
        seen.app.exit()
    assert engine.world.chats[AVA].draft == "half a thought"


async def test_ctrl_c_says_how_to_leave() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+c")
        seen.app.action_help_quit()
        await seen.shows("Ctrl+Q leaves.")


class _Loading(FakeEngine):
    """Takes nothing before `ready` is set, as a session that is still being loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.Event()

    async def do(self, command: cmd.Command) -> None:
        await self.ready.wait()
        await super().do(command)


async def test_while_the_session_loads_one_can_read_write_and_switch() -> None:
    known = peopled()
    known.receive(AVA, "since you were away")
    engine = _Loading()
    engine._world, engine.archive, engine.now = known.world, known.archive, known.now
    async with driven(engine) as seen:
        assert "since you were away" in seen.text
        await seen.type("hello")
        await seen.press("enter", "alt+2")
        await seen.type("later")
        await seen.press("alt+1")
        assert seen.composer == "hello"
        await seen.press("enter")
        engine.ready.set()
        await seen.until(lambda: engine.done(cmd.SendMessage), "sending")
        await seen.until(lambda: not seen.composer, "an empty line")
        assert engine.done(cmd.SendMessage) == [cmd.SendMessage(AVA, "hello")]
        await seen.press("alt+2")
        assert seen.composer == "later"


async def test_quitting_keeps_the_draft() -> None:
    async with driven(peopled()) as seen:
        await seen.type("half a thought")
        await seen.pilot.press("ctrl+q")
        await seen.pilot.pause()
        assert seen.engine.world.chats[AVA].draft == "half a thought"


async def test_history_that_is_fetched_while_the_chat_is_open_appears_in_it() -> None:
    async with driven(peopled()) as seen:
        engine = seen.engine
        newest = engine.archive.page(AVA).messages[-1]
        for minutes, body in ((-60, "said while you were away"), (1, "and this too")):
            row = engine.archive.next_row()
            message = replace(
                newest, at=newest.at + timedelta(minutes=minutes), row=row, id=f"old{row}", body=body
            )
            engine.emit(ev.MessageKept(message, old=True))
        await seen.shows("said while you were away")
        await seen.shows("and this too")


async def test_a_key_pressed_before_the_first_chat_is_open_is_not_lost() -> None:
    engine = peopled()
    app = ChatApp(
        engine,
        engine.archive,
        Settings(),
        config_folder=None,
        config=FakeConfig(),
        today=lambda: NOON.date(),
    )
    async with app.run_test() as pilot:
        await pilot.press("alt+3")
        await pilot.pause()
        assert app.main.chat == DEV


async def test_how_far_the_joins_have_come_is_said_until_they_are_done() -> None:
    async with driven(peopled()) as seen:
        seen.engine.emit(ev.RoomsProgress(ME, 0, 2))
        await seen.shows("Joining rooms: 0 of 2")
        seen.engine.emit(ev.RoomsProgress(ME, 2, 2))
        await seen.hides("Joining rooms")


async def test_the_engine_hears_whether_somebody_looks() -> None:
    async with driven(peopled()) as seen:
        for event, active in ((events.AppBlur(), False), (events.AppFocus(), True)):
            seen.app.post_message(event)
            said = cmd.SetClientState(active=active)
            await seen.until(lambda said=said: said in seen.engine.commands, "the focus to be told")  # type: ignore[misc]
