"""The card of a contact: what is known, and what can be changed."""

from __future__ import annotations

from tests.fakes.engine import ME
from tests.ui.driving import driven
from tests.ui.world import AVA, peopled
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Account
from tui_xmpp.core.address import Address


async def test_a_contact_is_renamed_from_the_card() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/who")
        await seen.press("enter", "n")
        await seen.shows("Name of ava@example.org")
        await seen.press("ctrl+u")
        await seen.type("Ava M")
        await seen.press("enter")
        assert seen.engine.done(cmd.RenameContact) == [cmd.RenameContact(ME, AVA.address, "Ava M")]
        await seen.hides("Name of")


async def test_a_contact_is_put_into_groups_from_the_card() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/who")
        await seen.press("enter", "g")
        await seen.shows("Friends")
        await seen.press(*", Chess")
        await seen.press("enter")
        assert seen.engine.done(cmd.SetGroups) == [cmd.SetGroups(ME, AVA.address, ("Friends", "Chess"))]


async def test_a_contact_is_taken_off_the_list_after_a_question() -> None:
    async with driven(peopled()) as seen:
        await seen.type("/who")
        await seen.press("enter", "d")
        await seen.shows("off your list?")
        await seen.press("enter")
        assert not seen.engine.done(cmd.RemoveContact)
        await seen.press("y")
        assert seen.engine.done(cmd.RemoveContact) == [cmd.RemoveContact(ME, AVA.address)]


async def test_with_two_accounts_every_place_says_which_one_a_chat_belongs_to() -> None:
    async with driven(peopled(), size=(120, 40)) as seen:
        seen.engine.emit(ev.AccountAdded(Account(Address.parse("work@example.net"))))
        await seen.shows("ava (alice)")
        assert "alice@example.org" in seen.lines[0]
        await seen.press("ctrl+k")
        await seen.shows("ava@example.org (alice)")


async def test_places_with_nothing_in_them_say_what_to_do() -> None:
    async with driven(peopled(), size=(120, 40)) as seen:
        await seen.press("ctrl+k")
        await seen.type("zzz")
        await seen.shows("A whole address goes anywhere")
        await seen.press("escape", "f1")
        await seen.type("zzz")
        await seen.shows("No line of the help holds this.")
        await seen.press("escape", "ctrl+b", "slash", "z", "z")
        await seen.shows("zz▏ nobody")
