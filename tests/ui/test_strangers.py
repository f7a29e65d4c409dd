"""All that strangers want, on one screen: seen, accepted, refused, blocked; by keys and by mouse."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.engine import ME, NOON
from tests.ui.driving import Driven, driven
from tests.ui.strangers_world import EVE, EVIL, FALSE, PARTY, ZOE, ask, crowded, leave_out, write
from tests.ui.test_mouse import click
from tests.ui.world import AVA, DEV, peopled
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core import lookalikes
from tui_xmpp.core.account import Account
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.contact import Contact, SubscriptionRequest
from tui_xmpp.core.room import Occupant
from tui_xmpp.core.strangers import AcceptChat, Block, RefuseAll, Strangers, StrangersChanged, Unblock, Want

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])
LATER = NOON + timedelta(hours=1)
DIFFERS = f"{FALSE} is not {AVA.address}: cyrillic small letter a for latin small letter a."


def row(seen: Driven, words: str) -> str:
    """The first line that has these words."""
    return next(line for line in seen.lines if words in line)


def marked(seen: Driven) -> str:
    """The line of the list under the cursor."""
    (line,) = [line for line in seen.lines if re.search(r">\d\d \w{3} \d\d:", line)]
    return line


@SIZES
async def test_everything_that_strangers_want_is_one_list_the_newest_first(size: tuple[int, int]) -> None:
    async with driven(crowded(peopled()), size=size) as seen:
        await seen.press("alt+i")
        await seen.shows("Strangers: 2 requests, 1 invitation, 1 chat")
        order = ("writes to you", "invites you", str(FALSE), "zoe@example.net")
        places = [seen.text.index(words) for words in order]
        assert places == sorted(places)
        assert "“hello dear”" in seen.text and f"{PARTY} “win a phone”" in seen.text
        assert "calls themselves Zoe “it is me”" in seen.text
        assert f"⚠ {FALSE} is not" in seen.text
        assert "At most 100 requests, 20 invitations and 50 chats" in " ".join(seen.text.split())
        assert not [one for one in seen.engine.commands if not isinstance(one, cmd.MarkRead)]


async def test_what_was_left_out_is_told_in_numbers() -> None:
    engine = crowded(peopled())
    async with driven(engine) as seen:
        await seen.type("/strangers")
        await seen.press("enter")
        await seen.shows("Strangers:")
        assert "Left out" not in seen.text
        leave_out(engine, request=9_900, chat=950)
        await seen.shows("Left out since the start: 9,900 requests, 950 chats (found by /search).")
        await seen.shows("refuse all 9,902 requests")


async def test_letters_settle_the_one_under_the_cursor() -> None:
    async with driven(crowded(peopled())) as seen:
        await seen.press("alt+i")
        await seen.shows("Strangers:")
        await seen.press("a")
        assert seen.engine.done(AcceptChat) == [AcceptChat(ME, EVE.address)]
        await seen.press("down", "r")
        assert seen.engine.done(cmd.Answer) == [cmd.Answer("i1", False)]
        await seen.shows("Strangers: 2 requests, 1 chat")
        assert str(FALSE) in marked(seen), "the next one, not the first"
        await seen.press("r")
        assert seen.engine.done(cmd.RefuseSubscription) == [cmd.RefuseSubscription(ME, FALSE)]
        assert str(ZOE) in marked(seen)
        await seen.press("a")
        assert seen.engine.done(cmd.ApproveSubscription) == [cmd.ApproveSubscription(ME, ZOE)]
        await seen.press("escape")
        await seen.hides("Strangers:")


async def test_a_chat_is_refused_by_taking_it_off_the_list() -> None:
    async with driven(crowded(peopled())) as seen:
        await seen.press("alt+i")
        await seen.shows("Strangers:")
        await seen.press("r")
        assert seen.engine.done(cmd.CloseChat) == [cmd.CloseChat(EVE)]
        await seen.shows("Strangers: 2 requests, 1 invitation")


async def test_who_looks_like_a_contact_is_not_accepted_by_one_letter() -> None:
    async with driven(crowded(peopled()), size=(120, 40)) as seen:
        await seen.press("alt+i")
        await seen.shows("Strangers:")
        await seen.press("down", "down", "a")
        await seen.shows(DIFFERS)
        assert not seen.engine.done(cmd.ApproveSubscription)
        await seen.press("enter")
        assert seen.engine.done(cmd.RefuseSubscription), "Enter alone accepts nobody"


async def test_blocking_says_what_is_gone_and_can_be_undone() -> None:
    engine = crowded(peopled())
    async with driven(engine) as seen:
        await seen.press("alt+i")
        await seen.shows("Strangers:")
        await seen.press("b")
        assert engine.done(Block) == [Block(ME, EVE.address)]
        await seen.press("s")
        assert engine.done(Block)[-1] == Block(ME, EVIL)
        await seen.shows("Nothing of evil.example is shown until the program ends")
        engine.emit(StrangersChanged(ME, Strangers(blocked=(EVIL,))))
        await seen.shows("evil.example  u lets it in again")
        await click(seen, "evil.example  u lets")
        assert engine.done(Unblock) == [Unblock(ME, EVIL)]


async def test_the_server_of_a_room_is_blocked_apart_from_that_of_who_invites() -> None:
    async with driven(crowded(peopled())) as seen:
        await seen.press("alt+i")
        await seen.shows("Strangers:")
        await seen.press("down", "enter")
        await seen.shows("block rooms.evil.example until")
        await seen.press("t")
        assert seen.engine.done(Block) == [Block(ME, Address.parse("rooms.evil.example"))]


async def test_all_of_a_kind_are_refused_at_once_after_a_question() -> None:
    engine = crowded(peopled())
    leave_out(engine, request=9_996)
    async with driven(engine) as seen:
        await seen.press("alt+i")
        await seen.shows("Strangers:")
        await seen.press("down", "down", "R")
        await seen.shows("Refuse all 9,998 requests of strangers?")
        await seen.press("enter")
        await seen.shows("Strangers:")
        assert not engine.done(RefuseAll)
        await seen.press("R", "y")
        assert engine.done(RefuseAll) == [RefuseAll(ME, Want.REQUEST)]


@SIZES
async def test_the_mouse_does_all_of_it(size: tuple[int, int]) -> None:
    engine = crowded(peopled())
    async with driven(engine, size=size) as seen:
        if size[0] < 120:
            await seen.press("ctrl+b")
        await click(seen, "? 3 strangers ask")
        await seen.shows("Strangers: 2 requests, 1 invitation, 1 chat")
        await click(seen, "zoe@example.net")
        await seen.shows("a  accept: they see when you are here")
        await click(seen, "accept: they see")
        assert engine.done(cmd.ApproveSubscription) == [cmd.ApproveSubscription(ME, ZOE)]
        engine.emit(ev.SubscriptionSettled(ME, ZOE))
        await seen.shows("Strangers: 1 request,")
        assert str(FALSE) in marked(seen), "where one was"
        ask(engine, ZOE)
        await seen.shows("R  refuse all 2 requests")
        await click(seen, "R  refuse all 2 requests")
        await seen.shows("Refuse all 2 requests of strangers?")
        await click(seen, "y  refuse them")
        assert engine.done(RefuseAll) == [RefuseAll(ME, Want.REQUEST)]


async def test_a_chat_is_read_before_it_is_accepted() -> None:
    async with driven(crowded(peopled())) as seen:
        await seen.press("alt+i")
        await seen.shows("Strangers:")
        await seen.press("enter", "enter")
        assert seen.main.chat == EVE and not seen.engine.done(AcceptChat)
        await seen.hides("Strangers:")


async def test_a_flood_is_one_row_above_the_chats_and_one_line_below() -> None:
    engine = peopled()
    for number in range(100):
        ask(engine, Address.parse(f"s{number}@evil.example"))
    async with driven(engine, size=(120, 40)) as seen:
        assert "? 100 strangers ask" in seen.text and row(seen, "bram")
        await seen.shows("100 strangers ask for something")
        await seen.press("alt+y")
        await seen.shows("Strangers: 100 requests")


async def test_a_password_is_asked_before_all_strangers() -> None:
    engine = crowded(peopled())
    async with driven(engine) as seen:
        engine.emit(ev.PasswordNeeded("q2", ME, "The server refused the password."))
        await seen.shows("Password for alice@example.org?")
        await seen.press("alt+y")
        await seen.shows("The server refused the password.")


async def test_a_contact_who_asks_is_not_among_strangers() -> None:
    engine = crowded(peopled())
    engine.emit(ev.SubscriptionRequested(SubscriptionRequest(ME, AVA.address, "", "see me")))
    async with driven(engine, size=(120, 40)) as seen:
        assert "? ava asks" in seen.text and "? 3 strangers ask" in seen.text
        await seen.press("alt+i")
        await seen.shows("Strangers: 2 requests")


async def test_the_cursor_stays_on_its_row_while_others_come() -> None:
    engine = crowded(peopled())
    async with driven(engine) as seen:
        await seen.press("alt+i")
        await seen.shows("Strangers:")
        await seen.press("down")
        before = marked(seen)
        ask(engine, Address.parse("late@evil.example"))
        await seen.shows("late@evil.example")
        assert marked(seen) == before


async def test_an_occupant_who_whispers_is_a_stranger_with_a_nick() -> None:
    engine = peopled()
    engine.emit(ev.OccupantChanged(DEV, Occupant("brаm"), joined=True))
    write(engine, ChatKey(ME, DEV.address.with_resource("brаm")), "psst")
    async with driven(engine, size=(120, 40)) as seen:
        await seen.press("alt+i")
        await seen.shows("dev@rooms.example.org/brаm  writes to you")
        await seen.shows("⚠ brаm is not bram: cyrillic")


async def test_what_was_settled_elsewhere_is_said_so() -> None:
    engine = crowded(peopled())
    async with driven(engine) as seen:
        await seen.press("alt+i")
        await seen.shows("Strangers:")
        await seen.press("down", "down", "down", "enter")
        await seen.shows("accept: they see")
        engine.emit(ev.SubscriptionSettled(ME, ZOE))
        await seen.shows("That is settled.")
        await seen.press("escape")
        await seen.shows("Strangers: 1 request,")


async def test_with_nobody_there_the_limits_are_told_all_the_same() -> None:
    async with driven(peopled()) as seen:
        await seen.press("alt+i")
        await seen.shows("No stranger wants anything of you now.")
        await seen.shows("At most 100 requests")
        await seen.press("a", "R", "enter")
        assert not seen.engine.done(cmd.ApproveSubscription)


async def test_messages_that_are_left_out_do_not_come_on_the_list_nor_ring() -> None:
    engine = peopled()
    async with driven(engine, size=(120, 40)) as seen:
        rung: list[object] = []
        seen.main.ring = rung.append  # type: ignore[method-assign,assignment]
        engine.open(EVE)
        await seen.shows("eve@evil.example")
        await engine.do(cmd.CloseChat(EVE))
        message = replace(engine.archive.page(AVA).messages[0], chat=EVE, sender=EVE.address)
        engine.emit(ev.MessageKept(replace(message, at=engine.now), left_out=True))
        await seen.settle()
        await seen.hides("eve@evil.example")
        assert not rung and engine.world.chats[EVE].unread == 1


async def test_strangers_of_two_accounts_say_whom_they_want() -> None:
    engine = crowded(peopled())
    other = Address.parse("work@example.com")
    engine.emit(
        ev.AccountAdded(Account(other)),
        ev.SubscriptionRequested(SubscriptionRequest(other, ZOE, "", "work with me", LATER)),
        ev.ContactChanged(Contact(other, Address.parse("boss@example.com"))),
    )
    async with driven(engine, size=(120, 40)) as seen:
        await seen.press("alt+i")
        await seen.shows("asks to see when you are here (work)")
        assert "asks to see when you are here (alice)" in seen.text
        await seen.press("R", "y")
        assert seen.engine.done(RefuseAll) == [RefuseAll(other, Want.REQUEST), RefuseAll(ME, Want.REQUEST)]


async def test_a_screen_reader_hears_numbered_lines() -> None:
    async with driven(crowded(peopled()), terminal="reader") as seen:
        await seen.press("alt+i")
        await seen.shows("eve@evil.example, writes to you")
        await seen.press("down")
        await seen.press("r")
        assert seen.engine.done(cmd.CloseChat) == [cmd.CloseChat(EVE)]


@SIZES
async def test_of_a_long_address_the_server_is_seen_and_all_of_it_in_its_menu(size: tuple[int, int]) -> None:
    long = Address.parse(f"{'x' * 150}.end@evil.example")
    engine = peopled()
    ask(engine, long)
    async with driven(engine, size=size) as seen:
        await seen.press("alt+i")
        assert "@evil.example  asks to see when you are here" in marked(seen)
        await seen.press("enter")
        await seen.shows("accept: they see")
        assert str(long) in "".join(line.rpartition("│")[2].strip() for line in seen.lines)


async def test_a_long_list_is_drawn_for_what_is_in_view_only(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = peopled()
    for number in range(100):
        ask(engine, Address.parse(f"s{number}@evil.example"), "x" * 1000)
    for number in range(50):
        write(engine, ChatKey(ME, Address.parse(f"c{number}@evil.example")), "buy")
    looked: list[object] = []
    found = lookalikes.of_address
    monkeypatch.setattr(lookalikes, "of_address", lambda *args: looked.append(args) or found(*args))
    async with driven(engine) as seen:
        looked.clear()
        await seen.press("alt+i")
        await seen.shows("Strangers: 100 requests, 50 chats")
        assert len(looked) < 30
