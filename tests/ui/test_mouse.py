"""Clicks do what the keys do."""

from __future__ import annotations

from tests.ui.driving import Driven, driven
from tests.ui.world import AVA, BRAM, DEV, peopled


async def click(seen: Driven, words: str, *, after: int = 0) -> None:
    """Click on the first place at which these words are shown, from a column on."""
    for y, line in enumerate(seen.lines):
        if (x := line.find(words, after)) >= 0:
            await seen.pilot.click(offset=(x + 1, y))
            await seen.settle()
            return
    raise AssertionError(f"{words!r} is not shown:\n{seen.text}")


async def test_a_click_on_a_row_of_the_list_opens_the_chat() -> None:
    async with driven(peopled(), size=(120, 40)) as seen:
        await click(seen, "#dev")
        assert seen.main.chat == DEV
        await click(seen, "2  bram" if "2  bram" in seen.text else "2 bram")
        assert seen.main.chat == BRAM


async def test_a_click_on_a_heading_folds_it() -> None:
    async with driven(peopled(), size=(120, 40)) as seen:
        await click(seen, "Friends")
        await seen.hides("greta")
        await click(seen, "Friends")
        await seen.shows("greta")


async def test_a_click_on_a_member_opens_a_private_chat() -> None:
    async with driven(peopled(), size=(160, 40)) as seen:
        await click(seen, "#dev")
        await click(seen, "chiara", after=140)
        assert seen.main.chat is not None
        assert seen.main.chat.address == DEV.address.with_resource("chiara")
        await seen.shows("chiara · here, privately in dev")


async def test_a_click_on_a_row_of_a_popup_takes_it() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+k")
        await click(seen, "bram@example.org")
        assert seen.main.chat == BRAM
        assert seen.main.popups.kind is None


async def test_a_click_on_a_message_selects_it() -> None:
    async with driven(peopled()) as seen:
        await click(seen, "Shall we meet")
        assert seen.main.chat == AVA
        assert seen.main.selected is not None and seen.main.selected.body.startswith("Shall we meet")
