"""E-02: messages to look at say why in words, and what could not be opened can be tried again."""

from __future__ import annotations

from dataclasses import replace

from tests.ui.driving import driven
from tests.ui.fake_terminal import FakeTerminal
from tests.ui.world import AVA, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.security import Protection
from tui_xmpp.core.security_commands import Reopen

REASON = "It was not sealed for this device."


async def test_e02_a_clear_message_in_a_sealed_chat_says_so_beside_it() -> None:
    async with driven(peopled()) as seen:
        seen.engine.receive(AVA, "the secret", protection=Protection.SEALED)
        seen.engine.receive(AVA, "ok!", protection=Protection.ATTENTION)
        seen.engine.receive(AVA, "one more", protection=Protection.SEALED)
        await seen.shows("ok! (not encrypted)")
        (line,) = [line for line in seen.lines if "ok!" in line]
        assert line.startswith("!")
        await seen.shows("one more")
        assert not [line for line in seen.lines if line.startswith("!") and "ok!" not in line]


async def test_signed_only_and_sealed_only_say_what_is_known_of_the_sender() -> None:
    async with driven(peopled()) as seen:
        seen.engine.receive(AVA, "for all", protection=Protection.SIGNED)
        await seen.shows("for all (signed, not encrypted)")
        seen.engine.receive(AVA, "by whom", protection=Protection.UNPROVEN)
        await seen.shows("by whom (encrypted, sender not proven)")
        for text in ("for all", "by whom"):
            assert any(line.startswith("!") and text in line for line in seen.lines)


async def test_what_could_not_be_opened_says_so_and_is_tried_again_by_a_key() -> None:
    async with driven(peopled()) as seen:
        shut = seen.engine.receive(AVA, REASON, protection=Protection.ATTENTION, unopened=True)
        await seen.shows(f"{REASON} (could not be")
        await seen.press("ctrl+up")
        await seen.shows("t try to read it again")
        await seen.press("t")
        assert seen.engine.done(Reopen) == [Reopen(AVA, shut.row)]
        seen.engine.emit(
            ev.MessageChanged(replace(shut, body="hello there", protection=Protection.SEALED, unopened=False))
        )
        await seen.shows("hello there")
        await seen.hides("could not be opened")


async def test_why_it_cannot_be_opened_again_is_told() -> None:
    engine = peopled()
    engine.refusals = {Reopen: "The keys of that device are gone."}
    async with driven(engine) as seen:
        engine.receive(AVA, REASON, protection=Protection.ATTENTION, unopened=True)
        await seen.press("ctrl+up", "t")
        await seen.shows("The keys of that device are gone.")


async def test_what_an_event_does_not_say_is_looked_up_in_the_archive() -> None:
    async with driven(peopled()) as seen:
        shut = seen.engine.receive(AVA, "one", protection=Protection.ATTENTION)
        seen.engine.archive.put(replace(shut, unopened=True))
        await seen.shows("one (could not be opened)")


async def test_a_clear_message_that_did_not_fail_is_neither_sent_nor_opened_again() -> None:
    async with driven(peopled()) as seen:
        seen.engine.receive(AVA, "ok!", protection=Protection.ATTENTION)
        await seen.shows("ok!")
        await seen.press("ctrl+up")
        assert "read it again" not in seen.text
        await seen.press("t")
        await seen.shows("This message did not fail.")
        assert not seen.engine.done(Reopen)


async def test_to_a_screen_reader_it_is_said_and_so_is_what_became_of_it() -> None:
    async with driven(peopled(), terminal="reader", driver=FakeTerminal) as seen:
        shut = seen.engine.receive(AVA, REASON, protection=Protection.ATTENTION, unopened=True)
        await seen.shows(f"look out: ava: {REASON} (could not be opened)")
        seen.engine.emit(
            ev.MessageChanged(replace(shut, body="six it is", protection=Protection.SEALED, unopened=False))
        )
        await seen.main.settling.release()
        await seen.shows("ava wrote, readable now: six it is")
