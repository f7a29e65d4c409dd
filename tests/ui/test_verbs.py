"""What can be done with a message, and the unread line."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.engine import FakeEngine
from tests.ui.driving import driven
from tests.ui.world import AVA, BRAM, DEV, peopled
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.chat import Notify
from tui_xmpp.core.message import Delivery, Gap


async def test_reply_shows_what_is_answered_and_sends_it() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+up", "k", "r")
        await seen.shows("reply to ava: Shall we meet")
        await seen.type("yes")
        await seen.press("enter")
        (sent,) = seen.engine.done(cmd.SendMessage)
        assert seen.engine.archive.messages[sent.reply_to].body == "Shall we meet at the station?"
        await seen.hides("reply to ava")


async def test_letters_act_on_the_selected_message_and_never_end_in_the_draft() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+up", "z", "x")
        assert seen.composer == ""
        await seen.press("e")
        assert seen.composer == "Which platform?"


async def test_somebody_elses_message_cannot_be_edited() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+up", "k", "e")
        await seen.shows("Only your own messages can be edited.")


async def test_taking_back_asks_first() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+up", "d")
        await seen.shows("Take back: Which platform?")
        await seen.press("enter")
        assert not seen.engine.done(cmd.RetractMessage)
        await seen.press("y")
        assert len(seen.engine.done(cmd.RetractMessage)) == 1


async def test_a_digit_reacts() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+up", "k", "plus")
        await seen.shows("React to:")
        await seen.press("1")
        (reaction,) = seen.engine.done(cmd.React)
        assert reaction.emojis == ("👍",)


async def test_an_emoji_reacts_by_name() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/react :tada:")
        await seen.press("enter")
        (reaction,) = seen.engine.done(cmd.React)
        assert reaction.emojis == ("🎉",)


async def test_copy_goes_to_the_terminals_clipboard() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+up", "k", "y")
        assert seen.app.clipboard == "Shall we meet at the station?"


async def test_a_link_over_ssh_is_copied_and_shown(monkeypatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "1")
    engine = peopled()
    engine.receive(AVA, "see https://example.org/map and javascript:alert(1)")
    async with driven(engine) as seen:
        await seen.press("ctrl+up", "o")
        await seen.shows("clipboard (OSC 52): https://example.org/map")
        assert seen.app.clipboard == "https://example.org/map"


async def test_a_failed_message_is_tried_again() -> None:
    engine = peopled()
    failed = engine.receive(
        AVA, "lost", outgoing=True, delivery=Delivery.FAILED, failure="The server refused it."
    )
    async with driven(engine) as seen:
        await seen.shows("The server refused it.")
        await seen.press("ctrl+up", "t")
        assert seen.engine.done(cmd.RetryMessage) == [cmd.RetryMessage(AVA, failed.row)]


async def test_the_unread_line_stays_until_one_writes() -> None:
    async with driven(peopled()) as seen:
        seen.engine.receive(BRAM, "one")
        seen.engine.receive(BRAM, "two")
        await seen.press("alt+2")
        await seen.shows("2 new")
        seen.engine.receive(BRAM, "three")
        await seen.shows("three")
        assert "new ─" in seen.text
        await seen.type("ok")
        await seen.press("enter")
        await seen.hides("new ─")


async def test_mark_unread_from_a_message() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+up", "k", "u")
        assert len(seen.engine.done(cmd.MarkUnread)) == 1
        await seen.shows("new ─")


async def test_older_messages_come_as_one_scrolls() -> None:
    engine = FakeEngine()
    engine.open(AVA)
    for number in range(350):
        engine.receive(AVA, f"message number {number}")
    engine._change(AVA, unread=0, read_at=engine.now, read_row=1 << 40)
    async with driven(engine) as seen:
        assert "message number 349" in seen.text
        for _ in range(40):
            await seen.press("pageup")
            if "message number 0" in seen.lines[1] + seen.lines[2] + seen.lines[3]:
                break
        assert any(line.endswith("message number 1") for line in seen.lines)
        await seen.press("alt+end")
        await seen.shows("message number 349")


async def test_a_gap_in_view_is_asked_for_and_filled() -> None:
    engine = peopled()
    first = next(one for one in engine.archive.messages.values() if one.chat == AVA)
    gap = Gap(7, AVA, None, "", first.at, "x")
    engine.archive.gaps.append(gap)
    async with driven(engine) as seen:
        await seen.until(lambda: seen.engine.done(cmd.FillGap), "asking for the gap")
        assert seen.engine.done(cmd.FillGap) == [cmd.FillGap(AVA, 7)]
        engine.archive.gaps.clear()
        engine.now = first.at - timedelta(hours=2)
        older = engine.receive(AVA, "we said this before", at=engine.now)
        engine.emit(ev.MessageKept(older, old=True), ev.HistoryLoaded(AVA, 1))
        await seen.shows("we said this before")


async def test_a_mention_rings_and_a_muted_chat_does_not(monkeypatch) -> None:
    async with driven(peopled()) as seen:
        rung: list[int] = []
        monkeypatch.setattr(seen.app, "bell", lambda: rung.append(1))
        seen.engine.receive(DEV, "hello all", sender=DEV.address.with_resource("chiara"))
        await seen.shows("3:dev")
        assert not rung
        seen.engine.receive(DEV, "alice: look", sender=DEV.address.with_resource("chiara"), mention=True)
        await seen.until(lambda: rung, "the bell")
        seen.engine._change(BRAM, notify=Notify.NONE)
        rung.clear()
        seen.engine.receive(BRAM, "psst")
        await seen.settle()
        assert not rung
