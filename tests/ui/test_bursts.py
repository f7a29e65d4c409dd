"""Keys that arrive in one piece, as a script or a slow link sends them, mean what they mean one by one."""

from __future__ import annotations

from textual import events

from tests.ui.driving import Driven, driven
from tests.ui.world import AVA, BRAM, peopled
from tui_xmpp.core import commands as cmd

NAMES = {" ": "space", "/": "slash", "@": "at", ".": "full_stop"}


def burst(seen: Driven, *keys: str) -> None:
    """Hand over keys, and runs of letters, before any of them is dealt with."""
    for key in keys:
        if key.startswith("="):
            for letter in key[1:]:
                seen.app.post_message(events.Key(NAMES.get(letter, letter), letter))
        else:
            seen.app.post_message(events.Key(key, "\r" if key == "enter" else None))


async def test_letters_after_the_jump_key_are_for_the_popup_and_enter_comes_after_them() -> None:
    async with driven(peopled()) as seen:
        burst(seen, "ctrl+k", "=bram", "enter", "=hello bram", "enter")
        await seen.until(lambda: seen.engine.done(cmd.SendMessage), "sending")
        assert seen.engine.done(cmd.SendMessage) == [cmd.SendMessage(BRAM, "hello bram")]
        assert seen.composer == ""


async def test_two_messages_stay_two() -> None:
    async with driven(peopled()) as seen:
        burst(seen, "=one", "enter", "=two", "enter", "enter")
        await seen.until(lambda: len(seen.engine.done(cmd.SendMessage)) > 1, "sending twice")
        assert [one.body for one in seen.engine.done(cmd.SendMessage)] == ["one", "two"]


async def test_text_after_a_command_that_opens_a_chat_is_for_that_chat_and_leaves_no_draft() -> None:
    async with driven(peopled()) as seen:
        burst(seen, "=/msg bram@example.org", "enter", "=hi", "enter")
        await seen.until(lambda: seen.engine.done(cmd.SendMessage), "sending")
        assert seen.engine.done(cmd.SendMessage) == [cmd.SendMessage(BRAM, "hi")]
        assert seen.engine.world.chats[AVA].draft == ""
