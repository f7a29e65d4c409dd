"""Popups: going somewhere, searching, questions, help, themes, people."""

from __future__ import annotations

import asyncio

from tests.fakes.engine import ME, FakeEngine
from tests.ui.driving import driven
from tests.ui.world import AVA, BRAM, DEV, peopled
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.contact import SubscriptionRequest
from tui_xmpp.core.questions import PublicRooms, RoomServices
from tui_xmpp.core.room import Bookmark, RoomListing

ROOM = Address.parse("cooks@rooms.example.org")


async def test_a_few_letters_lead_to_a_chat() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+k")
        await seen.shows("Go to")
        await seen.type("br")
        await seen.press("enter")
        assert seen.main.chat == BRAM
        await seen.hides("Go to")
        await seen.type("x")
        assert seen.composer == "x"


async def test_a_raw_address_leads_to_a_new_chat() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+p")
        await seen.type("zoe@example.net")
        await seen.press("enter")
        assert seen.main.chat is not None
        assert str(seen.main.chat.address) == "zoe@example.net"
        assert seen.engine.done(cmd.OpenChat)


async def test_a_bookmarked_room_is_joined_when_one_goes_there() -> None:
    engine = peopled()
    engine.emit(ev.BookmarksChanged(ME, (Bookmark(ME, ROOM, "Cooks"),)))
    async with driven(engine) as seen:
        await seen.press("ctrl+k")
        await seen.type("cook")
        await seen.shows("not joined")
        await seen.press("enter")
        assert seen.engine.done(cmd.JoinRoom) == [cmd.JoinRoom(ME, ROOM)]


async def test_esc_closes_a_popup_and_keeps_the_draft() -> None:
    async with driven(peopled()) as seen:
        await seen.type("dear ava")
        await seen.press("ctrl+k")
        await seen.type("zz")
        await seen.press("escape")
        await seen.hides("Go to")
        assert seen.composer == "dear ava"


async def test_search_begins_with_this_chat() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+s")
        await seen.type("lunch")
        await seen.shows("Nothing found.")
        await seen.press("ctrl+u")
        await seen.type("lunch")
        await seen.shows("lunch?")


async def test_search_finds_in_all_chats_and_enter_goes_to_the_place() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/search lunch")
        await seen.press("enter")
        await seen.shows("lunch?")
        assert "bram" in seen.text
        await seen.press("enter")
        assert seen.main.chat == BRAM
        assert seen.main.selected is not None
        assert seen.main.selected.body == "lunch?"


async def test_a_wrong_filter_is_told() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/search")
        await seen.press("enter")
        await seen.type("before:x")
        await seen.shows("After before:")


async def test_an_invitation_waits_for_a_key() -> None:
    async with driven(peopled()) as seen:
        seen.engine.emit(ev.Invited("q1", ME, ROOM, AVA.address, "come and cook"))
        await seen.shows("invites you")
        await seen.type("y")
        assert not seen.engine.done(cmd.Answer)
        await seen.press("alt+y")
        await seen.shows("come and cook")
        await seen.press("enter")
        assert not seen.engine.done(cmd.Answer)
        await seen.press("y")
        assert seen.engine.done(cmd.Answer) == [cmd.Answer("q1", True)]
        await seen.hides("invites you")


async def test_a_request_can_be_refused() -> None:
    async with driven(peopled()) as seen:
        zoe = Address.parse("zoe@example.net")
        seen.engine.emit(ev.SubscriptionRequested(SubscriptionRequest(ME, zoe, "Ava", "it is me")))
        await seen.shows("zoe@example.net")
        await seen.press("escape", "y")
        await seen.press("n")
        assert seen.engine.done(cmd.RefuseSubscription) == [cmd.RefuseSubscription(ME, zoe)]


async def test_a_password_is_asked_without_being_shown() -> None:
    async with driven(peopled()) as seen:
        seen.engine.emit(ev.PasswordNeeded("q2", ME, "The server refused the password."))
        await seen.shows("Password for alice@example.org?")
        await seen.press("alt+y")
        await seen.shows("The server refused the password.")
        await seen.type("secret")
        assert "secret" not in seen.text
        await seen.press("enter")
        assert seen.engine.done(cmd.Answer) == [cmd.Answer("q2", True, "secret")]


async def test_help_shows_keys_and_commands_from_their_tables() -> None:
    async with driven(peopled(), size=(100, 40)) as seen:
        await seen.press("f1")
        await seen.shows("In a chat")
        await seen.type("bookmark")
        await seen.shows("/unbookmark")
        await seen.press("escape")
        await seen.shows("Which platform?")


async def test_a_theme_is_worn_while_choosing_and_esc_gives_the_old_one_back() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/theme")
        await seen.press("enter", "down")
        worn = seen.app.theme
        assert worn != "quiet-dark"
        await seen.press("escape")
        assert seen.app.theme == "quiet-dark"
        await seen.type("/theme paper")
        await seen.press("enter")
        assert seen.app.theme == "paper"


async def test_a_contact_is_shown_in_words() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/who")
        await seen.press("enter")
        await seen.shows("You see each other's presence.")
        assert "phone: here" in seen.text
        await seen.press("r")
        assert seen.engine.done(cmd.RefuseSubscription)


async def test_members_lead_to_a_private_chat() -> None:
    async with driven(peopled()) as seen:
        await seen.press("alt+3")
        await seen.type("/who")
        await seen.press("enter")
        await seen.type("chi")
        await seen.shows("participant")
        await seen.press("enter")
        assert seen.main.chat is not None
        assert seen.main.chat.address == DEV.address.with_resource("chiara")


async def test_public_rooms_are_listed_and_joined() -> None:
    engine = peopled()
    engine.answers = {
        RoomServices: (Address.parse("rooms.example.org"),),
        PublicRooms: (RoomListing(ROOM, "Cooks", 7, "all about soup"),),
    }
    async with driven(engine) as seen:
        await seen.type("/rooms")
        await seen.press("enter")
        await seen.shows("all about soup")
        await seen.press("enter")
        assert seen.engine.done(cmd.JoinRoom) == [cmd.JoinRoom(ME, ROOM)]


async def test_rooms_that_cannot_be_listed_are_explained() -> None:
    async with driven(FakeEngine()) as seen:
        await seen.type("/rooms")
        await seen.press("enter")
        await seen.shows("The server does not answer.")


async def test_title_line_rows_and_hint_of_a_popup_begin_in_the_same_column() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+k")
        await seen.shows("name or address")
        shown = [
            next(line for line in seen.lines if word in line) for word in ("Go to", "name or", "Enter goes")
        ]
        assert all(line[0] == " " and line[1] != " " for line in shown), shown
        assert next(line for line in seen.lines if "ava@" in line).startswith(">1")


async def test_in_the_help_the_cursor_is_never_on_a_heading() -> None:
    async with driven(peopled(), size=(80, 24)) as seen:
        await seen.press("f1")
        await seen.shows(">  Alt+u")
        assert " In a chat" in seen.text
        for _ in range(60):
            await seen.press("down")
            marked = [line for line in seen.lines if line.startswith(">  ")]
            assert len(marked) == 1, seen.text
        for _ in range(3):
            await seen.press("pageup", "pageup")
        await seen.shows(" In a chat")


async def test_ctrl_s_says_that_it_searches_this_chat_and_search_everything() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+s")
        await seen.shows("Search this chat")
        await seen.press("ctrl+u")
        await seen.shows("Search everything")
        await seen.press("escape")
        await seen.type("/search")
        await seen.press("enter")
        await seen.shows("Search everything")
        assert "has:link" in seen.text


async def test_a_hit_is_a_message_line_with_its_chat_and_what_was_found_marked_without_colour() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/search branch")
        await seen.press("enter")
        await seen.shows("1 found")
        (line,) = [line for line in seen.lines if "pushed the branch" in line]
        assert "22 Nov 12:02" in line and "#dev" in line and "chiara" in line
        strips = seen.app.screen._compositor.render_strips()
        (found,) = [
            part for strip in strips for part in strip if part.text == "branch" and part.style.underline
        ]
        assert found.style.bold


async def test_a_request_in_the_list_says_who_asks() -> None:
    async with driven(peopled(), size=(120, 40)) as seen:
        elif_ = Address.parse("elif@conference.example.org")
        seen.engine.emit(
            ev.SubscriptionRequested(SubscriptionRequest(ME, elif_)),
            ev.Invited("q1", ME, ROOM, AVA.address, known=True),
        )
        await seen.shows("? elif asks")
        assert "? cooks invites you" in seen.text


PRICE = ev.PriceAsked("p1", ME, "Fetch 200 older messages", 60_000, 50.0)


async def test_a_price_is_in_the_banner_and_answered_in_a_popup() -> None:
    engine = peopled()
    async with driven(engine) as seen:
        engine.emit(PRICE)
        await seen.shows("Fetch 200 older messages: about 60 kB, 50 s.")
        await seen.shows("Alt+y answers")
        await seen.press("alt+y")
        await seen.shows("Nothing of it has been done yet.")
        await seen.press("enter")
        assert not engine.done(cmd.Answer)
        await seen.press("y")
        assert engine.done(cmd.Answer) == [cmd.Answer("p1", True)]
        await seen.hides("Fetch 200 older messages")


async def test_a_list_of_rooms_says_its_price_where_it_will_stand() -> None:
    engine = peopled()
    never = asyncio.get_running_loop().create_future()

    async def ask(question: object) -> object:
        return await never

    engine.ask = ask  # type: ignore[method-assign]
    async with driven(engine) as seen:
        await seen.type("/rooms rooms.example.org")
        await seen.press("enter")
        await seen.shows("asking the server")
        engine.emit(ev.PriceAsked("p2", ME, "List the rooms of rooms.example.org", 15_000, 12.4))
        await seen.shows("about 15 kB, 12 s. Enter asks for it.")
        await seen.press("enter")
        assert engine.done(cmd.Answer) == [cmd.Answer("p2", True)]
        await seen.press("escape")
