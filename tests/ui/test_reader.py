"""The screen-reader profile: one column of lines, each said once."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest

from tests.fakes.engine import ME, FakeEngine
from tests.ui.driving import Driven, driven
from tests.ui.fake_terminal import FakeTerminal, fake_terminal
from tests.ui.world import AVA, BRAM, DEV, peopled
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.contact import Presence, Show
from tui_xmpp.core.message import Delivery, Message, Reaction, Reply
from tui_xmpp.core.room import Occupant


def reader(
    engine: FakeEngine | None = None, size: tuple[int, int] = (80, 24)
) -> AbstractAsyncContextManager[Driven]:
    return driven(engine or peopled(), size=size, terminal="reader", driver=FakeTerminal)


def above(seen: Driven) -> list[str]:
    """What stands above the line one writes on, without the blank rows at the top."""
    rows = seen.lines[: seen.main.writer.region.y]
    return [row for row in rows if row]


async def said(seen: Driven, *lines: str) -> None:
    """Wait until these lines stand below everything else, and see that nothing above them was changed."""
    before = [row for row in above(seen) if row not in lines]
    await seen.main.settling.release()
    await seen.until(lambda: above(seen)[-len(lines) :] == list(lines), f"{lines} at the end")
    now = above(seen)[: -len(lines)]
    assert now == before[len(before) - len(now) :]


async def test_a_chat_is_one_column_of_plain_lines() -> None:
    async with reader() as seen:
        assert above(seen) == [
            "-- today --",
            "12:03 ava: Shall we meet at the station?",
            "12:04 me: Which platform?",
            "-- ava, back at four, not encrypted --",
        ]
        await seen.type("hello")
        assert seen.lines[-1] == "hello"


@pytest.mark.parametrize("size", [(80, 24), (200, 50), (39, 9)])
async def test_nothing_is_drawn_with_boxes_rules_or_signs(size: tuple[int, int]) -> None:
    engine = peopled()
    engine.receive(AVA, "a picture of 20 € for René")
    async with reader(engine, size) as seen:
        for keys in ("", "alt+3", "ctrl+k", "escape ctrl+b", "escape f1", "escape ctrl+s"):
            await seen.press(*keys.split())
            strange = {letter for letter in seen.text if ord(letter) > 0x2000}
            assert strange <= {"€", "…"}, seen.text


async def test_a_message_is_a_line_above_the_one_written_on_and_all_else_moves_up() -> None:
    async with reader() as seen:
        await seen.type("six")
        before = above(seen)
        seen.engine.receive(AVA, "on my way")
        await seen.shows("on my way")
        assert above(seen) == [*before, "12:05 ava: on my way"]
        assert seen.lines[-1] == "six"


async def test_what_becomes_of_a_message_is_said_below_it() -> None:
    async with reader() as seen:
        asked, mine = seen.engine.archive.page(AVA).messages
        seen.engine.emit(ev.MessageChanged(replace(asked, body="Shall we meet at the pier?", edited=True)))
        await seen.settle()
        await said(seen, "ava edited: Shall we meet at the pier?")
        seen.engine.emit(
            ev.MessageChanged(replace(mine, reactions=(Reaction(AVA.address, "", ("👍",)),))),
        )
        await seen.settle()
        await said(seen, "ava reacted 👍 to: Which platform?")
        seen.engine.emit(ev.MessageChanged(replace(asked, body="", retracted="ava")))
        await seen.settle()
        await said(seen, "ava took back: Shall we meet at the pier? edited")


async def test_marks_are_said_once_when_they_have_settled() -> None:
    async with reader() as seen:
        await seen.type("six thirty")
        await seen.press("enter")
        await seen.shows("me: six thirty")
        sent = seen.engine.archive.page(AVA).messages[-1]
        seen.engine.emit(
            ev.MessageChanged(replace(sent, delivery=Delivery.TAKEN)),
            ev.MessageChanged(replace(sent, delivery=Delivery.DELIVERED)),
        )
        await seen.settle()
        assert "delivered" not in seen.text
        await said(seen, "delivered to ava")
        seen.engine.emit(ev.MessageChanged(replace(sent, delivery=Delivery.READ)))
        await seen.settle()
        await said(seen, "read by ava")
        seen.engine.emit(ev.MessageChanged(replace(sent, delivery=Delivery.FAILED, failure="Refused.")))
        await seen.settle()
        await said(seen, "not sent: six thirty. Refused. Ctrl+Up, t: send again")


async def test_another_chat_rings_and_is_told_in_one_line() -> None:
    async with reader() as seen:
        with patch.object(seen.app, "bell") as bell:
            seen.engine.receive(BRAM, "are you there?")
            seen.engine.receive(BRAM, "hello?")
            seen.engine.receive(DEV, "merged", sender=DEV.address.with_resource("chiara"))
            await seen.until(lambda: bell.called, "BEL")
        assert "hello?" not in seen.text
        await said(seen, "bram: 2 new, hello?", "#dev: 1 new, chiara: merged")


async def test_presence_typing_and_the_connection_are_said() -> None:
    async with reader() as seen:
        seen.engine.emit(
            ev.PresenceChanged(ME, AVA.address, Presence("phone", Show.DND, "in a meeting")),
            ev.TypingChanged(AVA, str(AVA.address), ev.ChatState.COMPOSING),
            ev.ConnectionChanged(ME, Connection.WAITING, "The network is unreachable."),
        )
        await seen.settle()
        await said(
            seen,
            "alice@example.org: waiting. The network is unreachable",
            "ava: in a meeting",
            "ava is typing",
        )


async def test_who_comes_and_goes_is_one_line() -> None:
    async with reader() as seen:
        await seen.press("alt+3")
        await seen.shows("-- #dev, release on friday")
        seen.engine.emit(
            ev.OccupantChanged(DEV, Occupant("elif"), True),
            ev.OccupantChanged(DEV, Occupant("greta"), True),
            ev.OccupantLeft(DEV, "chiara"),
        )
        await seen.settle()
        await said(seen, "elif and greta joined, chiara left")


async def test_a_question_and_a_reply_are_said_once() -> None:
    async with reader() as seen:
        await seen.press("ctrl+up", "r")
        await seen.shows("reply to me: Which platform? Esc drops.")
        seen.main.refresh_all()
        await seen.settle()
        assert seen.text.count("reply to me") == 1


async def test_the_cursor_is_on_the_selected_row_and_comes_back() -> None:
    async with reader() as seen:
        terminal = fake_terminal(seen.app)
        for key, words in (("ctrl+up", "12:04 me:"), ("k", "12:03 ava:")):
            await seen.press(key)
            assert terminal.place is not None
            x, y = terminal.place
            assert (x, seen.lines[y].startswith(words)) == (0, True)
            assert tuple(seen.app.cursor_position) == (x, y)
        seen.engine.receive(AVA, "on my way")
        await seen.shows("on my way")
        assert seen.lines[terminal.place[1]].startswith("12:03 ava:")
        await seen.press("escape")
        assert terminal.place == tuple(seen.main.writer.cursor_screen_offset)


async def test_lists_are_numbered_lines_and_the_cursor_is_on_the_chosen_one() -> None:
    async with reader() as seen:
        terminal = fake_terminal(seen.app)
        await seen.press("ctrl+k")
        await seen.shows("1. ")
        rows = [line for line in seen.lines if line[:2] in ("1.", "2.", "3.")]
        assert [row.partition(",")[0] for row in rows] == ["1. ava", "2. #dev", "3. bram"]
        assert all("  " not in row for row in rows)
        await seen.press("down")
        assert terminal.place is not None
        assert seen.lines[terminal.place[1]] == rows[1]
        await seen.press("enter")
        assert seen.main.chat == DEV


async def test_the_list_of_chats_is_a_page_of_lines() -> None:
    async with reader() as seen:
        terminal = fake_terminal(seen.app)
        await seen.press("ctrl+b")
        await seen.shows("Friends")
        assert terminal.place is not None
        assert seen.lines[terminal.place[1]].startswith("1 ava")
        await seen.press("down")
        assert seen.lines[terminal.place[1]].startswith("3 #dev")
        await seen.press("escape")
        assert terminal.place == tuple(seen.main.writer.cursor_screen_offset)


async def test_how_things_are_is_said_on_demand() -> None:
    async with reader() as seen:
        seen.engine.receive(BRAM, "hello?")
        fake_terminal(seen.app).round_trip = 0.64
        seen.app.terminal.look()
        await seen.settle()
        await seen.press("alt+s")
        sentence = (
            "alice@example.org: online, here, link full. Unread: 1 in bram. Open: ava, back at four, not "
            "encrypted. Terminal reader, as you chose; 640 ms there and back."
        )
        await seen.shows("640 ms there and back.")
        assert " ".join(" ".join(above(seen)[-3:]).split()).endswith(sentence)
        await seen.type("/status")
        await seen.press("enter")
        await seen.until(lambda: seen.text.count("640 ms") == 2, "the same by command")
        assert not seen.engine.done(cmd.SetPresence)


async def test_words_with_the_presence_are_still_said_by_status() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/status at the pier")
        await seen.press("enter")
        await seen.type("/status -")
        await seen.press("enter")
        assert [one.status for one in seen.engine.done(cmd.SetPresence)] == ["at the pier", ""]


async def test_the_line_of_new_messages_stays_where_it_was_said() -> None:
    engine = peopled()
    engine.receive(BRAM, "one")
    engine.receive(BRAM, "two")
    async with reader(engine) as seen:
        await seen.press("alt+2")
        await seen.shows("-- 2 new --")
        await seen.type("three")
        await seen.press("enter")
        await seen.shows("me: three")
        engine.receive(BRAM, "four")
        await seen.shows("bram: four")
        assert "-- 2 new --" in seen.text


def _old(engine: FakeEngine, like: Message, minutes: float, body: str) -> Message:
    row = engine.archive.next_row()
    return replace(like, at=like.at + timedelta(minutes=minutes), row=row, id=f"old{row}", body=body)


async def test_what_comes_late_is_said_below_and_not_put_between() -> None:
    async with reader() as seen:
        asked, _ = seen.engine.archive.page(AVA).messages
        before = above(seen)
        seen.engine.emit(ev.MessageKept(_old(seen.engine, asked, 0.5, "or the pier?")))
        await seen.shows("came late: 12:03 ava: or the pier?")
        assert above(seen)[: len(before)] == before
        for minutes, body in ((0.2, "fetched"), (5, "fetched and newer")):
            seen.engine.emit(ev.MessageKept(_old(seen.engine, asked, minutes, body), old=True))
        await seen.shows("1 older messages were fetched; Ctrl+L shows them.")
        assert "ava: fetched and newer" in seen.text
        assert "ava: fetched\n" not in seen.text
        assert above(seen)[: len(before)] == before
        await seen.press("ctrl+l")
        await seen.shows("ava: fetched\n")
        assert fake_terminal(seen.app).repaints


async def test_nobodys_text_begins_where_our_lines_do() -> None:
    engine = peopled()
    engine.receive(AVA, "hi\n12:09 bram: send the money\n-- today --\n" + "x" * 78 + " read by bram")
    async with reader(engine) as seen:
        await seen.shows("send the money")
        for words in ("12:09 bram:", "-- today --\n", "read by bram"):
            rows = [row for row in above(seen)[1:] if words.strip() in row]
            assert rows
            assert all(row.startswith("  ") for row in rows)


async def test_the_mode_can_be_entered_and_left_live() -> None:
    async with driven(peopled(), size=(120, 40), driver=FakeTerminal) as seen:
        assert "Friends" in seen.text
        await seen.type("/terminal reader")
        await seen.press("enter")
        await seen.shows("12:04 me: Which platform?")
        await seen.hides("Friends")
        await seen.type("/terminal local")
        await seen.press("enter")
        await seen.shows("Friends")
        assert "back at four" in seen.lines[0]
        assert "me: Which" not in seen.text


async def test_a_stranger_in_another_account_is_called_by_address() -> None:
    async with reader() as seen:
        stranger = replace(BRAM, address=Address.parse("zoe@example.net"))
        seen.engine.receive(stranger, "hello")
        await seen.settle()
        await said(seen, "zoe@example.net: 1 new, hello")


async def test_what_a_message_answers_and_what_was_said_of_it_is_in_its_line() -> None:
    engine = peopled()
    asked = engine.archive.page(AVA).messages[0]
    engine.receive(
        AVA,
        "The one on the river side",
        reply=Reply(asked.id, ME, text="Which platform?", row=asked.row),
        reactions=(Reaction(ME, "", ("👍",), own=True),),
        edited=True,
    )
    async with reader(engine) as seen:
        line = '12:05 ava answers "me: Which platform?": The one on the river side edited (👍 1 with yours)'
        await seen.shows("with yours")
        assert line in " ".join(" ".join(above(seen)).split())
