"""On a slow terminal messages are drawn at once, and what may wait is drawn together."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.engine import ME
from tests.ui.driving import driven
from tests.ui.world import AVA, BRAM, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.contact import Presence, Show
from tui_xmpp.core.message import Delivery


async def test_a_message_comes_at_once_and_the_rest_together() -> None:
    async with driven(peopled(), terminal="slow") as seen:
        engine, settling = seen.engine, seen.main.settling
        engine.receive(BRAM, "elsewhere")
        engine.emit(
            ev.PresenceChanged(ME, AVA.address, Presence("phone", Show.DND, "in a meeting")),
            ev.TypingChanged(AVA, str(AVA.address), ev.ChatState.COMPOSING),
        )
        engine.receive(AVA, "on my way")
        await seen.shows("on my way")
        for words in ("in a meeting", "ava is typing", "bram(1)"):
            assert words not in seen.text
        await settling.release()
        await seen.settle()
        for words in ("in a meeting", "bram(1)"):
            assert words in seen.text


async def test_the_pause_ends_by_itself() -> None:
    async with driven(peopled()) as seen:
        seen.main.use(replace(seen.app.terminal.choice.profile, settle=0.05))
        seen.engine.emit(ev.TypingChanged(AVA, str(AVA.address), ev.ChatState.COMPOSING))
        await seen.shows("ava is typing")


async def test_a_mark_is_late_and_never_ahead() -> None:
    async with driven(peopled(), terminal="slow") as seen:
        await seen.type("six thirty")
        await seen.press("enter")
        await seen.shows("six thirty")
        row = next(number for number, line in enumerate(seen.lines) if "six thirty" in line)
        mark = seen.lines[row][-1]
        sent = seen.engine.archive.page(AVA).messages[-1]
        for delivery in (Delivery.TAKEN, Delivery.DELIVERED, Delivery.READ):
            seen.engine.emit(ev.MessageChanged(replace(sent, delivery=delivery)))
            await seen.settle()
            assert seen.lines[row].endswith(mark)
        seen.main.use(replace(seen.main.profile, settle=0.05))
        await seen.until(lambda: seen.lines[row].endswith("●"), "the mark of what was read")


async def test_what_is_held_is_drawn_when_the_way_is_good_again() -> None:
    async with driven(peopled(), terminal="slow") as seen:
        seen.engine.emit(ev.PresenceChanged(ME, AVA.address, Presence("phone", Show.DND, "in a meeting")))
        await seen.settle()
        assert "in a meeting" not in seen.text
        seen.app.terminal.choose("local")
        await seen.shows("in a meeting")


async def test_what_can_be_typed_is_said_when_the_keys_have_settled() -> None:
    async with driven(peopled(), terminal="slow") as seen:
        await seen.type("/rea")
        assert "Mark this chat" not in seen.text
        seen.main.use(replace(seen.main.profile, settle=0.05))
        await seen.type("c")
        await seen.shows("/react")
