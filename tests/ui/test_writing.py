"""The composer: paste, commands, completion, history, several lines."""

from __future__ import annotations

import asyncio

import pytest
from textual import events

from tests.fakes.engine import ME, FakeEngine
from tests.ui.driving import Driven, driven
from tests.ui.world import AVA, BRAM, DEV, peopled
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Connection
from tui_xmpp.core.contact import Show


async def _paste(seen: Driven, text: str) -> None:
    seen.main.composer.post_message(events.Paste(text))
    await seen.settle()


async def test_a_paste_of_many_lines_is_one_draft_and_sends_nothing() -> None:
    async with driven(peopled()) as seen:
        text = "\n".join(f"line {number}" for number in range(3000))
        await _paste(seen, text)
        assert seen.composer == text
        assert not seen.engine.done(cmd.SendMessage)
        await seen.press("enter")
        assert [one.body for one in seen.engine.done(cmd.SendMessage)] == [text]


@pytest.mark.parametrize("text", ["/quit", "/close\nand more"])
async def test_a_pasted_command_asks_first(text: str) -> None:
    async with driven(peopled()) as seen:
        await _paste(seen, text)
        await seen.press("enter")
        await seen.shows("This begins with /")
        assert not seen.engine.done(cmd.SendMessage)
        assert seen.main.chat == AVA
        await seen.press("escape")
        assert seen.composer == text
        await seen.press("enter", "s")
        assert [one.body for one in seen.engine.done(cmd.SendMessage)] == [text]


@pytest.mark.parametrize("text", ["/wni 3", " /msg ava", "/foo"])
async def test_a_mistyped_command_is_never_sent(text: str) -> None:
    async with driven(peopled()) as seen:
        await seen.type(text)
        await seen.press("enter")
        assert not seen.engine.done(cmd.SendMessage)
        assert seen.composer == text


async def test_alt_enter_makes_a_line_and_the_composer_grows() -> None:
    async with driven(peopled()) as seen:
        await seen.type("one\ntwo\nthree")
        assert seen.main.composer.size.height == 3
        await seen.press("enter")
        assert [one.body for one in seen.engine.done(cmd.SendMessage)] == ["one\ntwo\nthree"]
        await seen.until(lambda: seen.main.composer.size.height == 1, "shrinking")


async def test_two_slashes_send_one() -> None:
    async with driven(peopled()) as seen:
        await seen.type("//etc")
        await seen.press("enter")
        assert [one.body for one in seen.engine.done(cmd.SendMessage)] == ["/etc"]


async def test_up_brings_back_what_was_sent() -> None:
    async with driven(peopled()) as seen:
        for text in ("first", "second"):
            await seen.type(text)
            await seen.press("enter")
        await seen.press("ctrl+r")
        await seen.type("fir")
        await seen.press("enter")
        assert seen.composer == "first"
        await seen.press("up")
        assert seen.composer == "second"
        await seen.press("down")
        assert seen.composer == "first"


async def test_up_on_an_empty_line_edits_the_last_own_message_and_esc_drops() -> None:
    async with driven(peopled()) as seen:
        await seen.press("up")
        assert seen.composer == "Which platform?"
        await seen.shows("editing:")
        await seen.press("escape")
        assert seen.composer == ""
        await seen.press("up")
        await seen.type("!")
        await seen.press("enter")
        (edit,) = seen.engine.done(cmd.CorrectMessage)
        assert edit.body == "Which platform?!"
        assert not seen.engine.done(cmd.SendMessage)


async def test_tab_goes_round_nicks() -> None:
    async with driven(peopled()) as seen:
        await seen.press("alt+3")
        await seen.type("b")
        await seen.press("tab")
        assert seen.composer == "bram: "
        await seen.press("enter")
        assert seen.engine.done(cmd.SendMessage)[0].chat == DEV


async def test_tab_completes_commands_arguments_and_emojis() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/invi")
        await seen.press("tab")
        assert seen.composer == "/invite "
        await seen.type("gre")
        await seen.press("tab")
        assert seen.composer == "/invite greta@example.org "
        seen.main.composer.load("")
        await seen.type("well :rocke")
        await seen.press("tab")
        assert seen.composer == "well 🚀"


async def test_the_argument_being_typed_is_explained() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/invite ")
        await seen.shows("/invite ADDRESS [TEXT]")
        await seen.type("greta@example.org ")
        await seen.shows("what to say with it")


async def test_commands_ask_the_engine() -> None:
    async with driven(peopled()) as seen:
        for line, expected in (
            ("/away lunch", cmd.SetPresence(Show.AWAY, "lunch")),
            ("/pin", cmd.SetPinned(AVA, True)),
            ("/rename Ava L", cmd.RenameContact(AVA.account, AVA.address, "Ava L")),
            ("/group Friends, Work", cmd.SetGroups(AVA.account, AVA.address, ("Friends", "Work"))),
            ("/remove", cmd.RemoveContact(AVA.account, AVA.address)),
            ("/msg bram@example.org hello", cmd.SendMessage(BRAM, "hello")),
        ):
            await seen.type(line)
            await seen.press("enter")
            assert expected in seen.engine.commands, line
            assert seen.composer == ""


@pytest.mark.parametrize(("line", "offline"), [("/quit", False), ("/quit offline", True), ("/exit", False)])
async def test_leaving_says_whether_the_session_ends_too(line: str, offline: bool) -> None:
    async with driven(peopled()) as seen:
        await seen.type(line)
        await seen.pilot.press("enter")
        await seen.pilot.pause()
        assert seen.app.offline is offline
        assert seen.app.return_code == 0


async def test_what_can_follow_quit_is_offered_and_nothing_else_is_taken() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/quit now")
        await seen.press("enter")
        await seen.shows("Write offline there, or nothing. Usage: /quit [offline]")
        assert seen.app.return_code is None
        seen.main.composer.load("")
        await seen.type("/quit ")
        await seen.shows("/quit [offline]  OFFLINE: end the session too, at once")
        await seen.type("o")
        await seen.press("tab")
        assert seen.composer.rstrip() == "/quit offline"


async def test_signing_out_names_the_account_or_is_for_all_and_holds_up_nothing() -> None:
    class Slow(FakeEngine):
        """The server takes its time to forget somebody."""

        async def do(self, command: cmd.Command) -> None:
            await super().do(command)
            if isinstance(command, cmd.SignOut):
                await asyncio.Event().wait()

    async with driven(Slow()) as seen:
        await seen.type("/signout nobody@example.org")
        await seen.press("enter")
        await seen.shows("There is no such account.")
        assert not seen.engine.done(cmd.SignOut)
        for line in ("/signout alice@example.org", "/signout"):
            seen.main.composer.load("")
            await seen.type(line)
            await seen.press("enter")
            assert seen.composer == ""
        assert seen.engine.done(cmd.SignOut) == [cmd.SignOut(ME), cmd.SignOut(ME)]


async def test_who_signed_out_reads_how_to_come_back() -> None:
    async with driven(peopled(), size=(100, 24)) as seen:
        reason = "You signed out. Connect to enter the password."
        seen.engine.emit(ev.ConnectionChanged(ME, Connection.OFFLINE, reason))
        await seen.shows("Connect to enter the password. /connect signs in.")


async def test_closing_a_chat_shows_the_one_before() -> None:
    async with driven(peopled()) as seen:
        await seen.press("alt+2")
        await seen.type("/close")
        await seen.press("enter")
        assert seen.main.chat == AVA
        assert "bram" not in seen.text


async def test_a_room_command_in_a_contact_explains_itself() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/topic hello")
        await seen.press("enter")
        await seen.shows("This works in a room.")
        assert seen.composer == "/topic hello"


async def test_what_could_be_typed_is_gone_once_the_command_has_run() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/away lunch")
        await seen.shows("/away [STATUS]")
        await seen.press("enter")
        await seen.until(lambda: seen.composer == "", "running it")
        await seen.hides("/away [STATUS]")
