"""The title of the window says how much waits."""

from __future__ import annotations

from tests.ui.driving import driven
from tests.ui.world import BRAM, peopled


async def test_the_title_counts_what_waits_and_says_nothing_of_what_was_written() -> None:
    async with driven(peopled()) as seen:
        said: list[int] = []
        seen.app._driver.title = said.append  # type: ignore[union-attr]
        seen.engine.receive(BRAM, "one")
        seen.engine.receive(BRAM, "two")
        await seen.until(lambda: said and said[-1] == 2, "a title that says 2")
        await seen.press("alt+2")
        await seen.until(lambda: said[-1] == 0, "a title that counts nothing")
