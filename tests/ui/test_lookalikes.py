"""P-17, P-23: who looks like somebody else is marked where they are met, and what differs is said."""

from __future__ import annotations

from tests.fakes.engine import ME
from tests.ui.driving import driven
from tests.ui.world import AVA, DEV, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.address import Address
from tui_xmpp.core.contact import SubscriptionRequest
from tui_xmpp.core.room import Occupant

FALSE = Address.parse(str(AVA.address).replace("a", "а", 1))
"""With a Cyrillic letter."""
DIFFERS = "cyrillic small letter a for latin small letter a"


async def test_p23_a_request_says_whom_it_is_not_from() -> None:
    async with driven(peopled(), size=(120, 40)) as seen:
        seen.engine.emit(ev.SubscriptionRequested(SubscriptionRequest(ME, FALSE, "", "it is me")))
        await seen.press("escape", "y")
        await seen.shows(f"{FALSE} is not {AVA.address}")
        assert DIFFERS in seen.text


async def test_p23_a_chat_with_a_stranger_says_whom_it_is_not_with() -> None:
    async with driven(peopled(), size=(160, 40)) as seen:
        await seen.type(f"/msg {FALSE}")
        await seen.press("enter")
        await seen.shows(f"{FALSE} is not {AVA.address}: {DIFFERS}.")


async def test_p23_whoever_is_added_is_looked_at() -> None:
    async with driven(peopled(), size=(160, 40)) as seen:
        await seen.type(f"/add {FALSE}")
        await seen.press("enter")
        await seen.shows(f"{FALSE} is not {AVA.address}")


async def test_p17_an_occupant_with_the_looks_of_another_is_told() -> None:
    async with driven(peopled(), size=(120, 40)) as seen:
        await seen.main.enter(DEV)
        seen.engine.emit(ev.OccupantChanged(DEV, Occupant("bram"), joined=True))
        seen.engine.emit(ev.OccupantChanged(DEV, Occupant("brаm"), joined=True))
        await seen.shows("brаm is not bram: cyrillic small letter a for latin small letter a.")
