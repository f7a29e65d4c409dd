"""What is shown at which size, on both sides of every border."""

from __future__ import annotations

import pytest

from tests.ui.driving import Driven, driven
from tests.ui.world import BRAM, peopled
from tui_xmpp.core import commands as cmd
from tui_xmpp.core.settings import Settings, Ui


def beside(seen: Driven) -> list[str]:
    """The panes that take width from the chat."""
    chat = seen.main.log_widget.region
    panes = (seen.main.list_pane, seen.main.members)
    return [
        str(pane.id)
        for pane in panes
        if pane.display and (pane.region.right <= chat.x or pane.region.x >= chat.right)
    ]


@pytest.mark.parametrize(
    ("width", "panes"),
    [
        (79, []),
        (80, []),
        (119, []),
        (120, ["list"]),
        (159, ["list"]),
        (160, ["list", "members"]),
    ],
)
async def test_panes_come_with_the_width(width: int, panes: list[str]) -> None:
    async with driven(peopled(), size=(width, 24)) as seen:
        await seen.press("alt+3")
        await seen.shows("pushed the branch")
        assert beside(seen) == panes
        assert ("greta" in seen.text) == ("list" in panes)


@pytest.mark.parametrize("width", [40, 79, 80, 119])
async def test_below_120_the_list_lies_over_a_chat_that_keeps_its_width(width: int) -> None:
    async with driven(peopled(), size=(width, 24)) as seen:
        await seen.press("ctrl+b")
        await seen.shows("greta")
        assert seen.main.log_widget.size.width == width
        await seen.press("escape")
        await seen.hides("greta")


@pytest.mark.parametrize(("width", "over"), [(119, True), (120, False)])
async def test_wanted_members_lie_over_a_narrow_chat(width: int, over: bool) -> None:
    async with driven(peopled(), size=(width, 24)) as seen:
        await seen.press("alt+3", "alt+m")
        await seen.shows("chiara")
        assert seen.main.members.display
        assert (beside(seen) == []) == over


@pytest.mark.parametrize("width", [40, 79, 80])
async def test_what_happens_elsewhere_is_in_the_status_line(width: int) -> None:
    async with driven(peopled(), size=(width, 24)) as seen:
        seen.engine.receive(BRAM, "are you there?")
        await seen.until(lambda: "2:bram(1)" in seen.lines[-1], "bram in the status line")


@pytest.mark.parametrize(("height", "topic"), [(15, False), (16, True)])
async def test_the_topic_needs_sixteen_rows(height: int, topic: bool) -> None:
    async with driven(peopled(), size=(80, height)) as seen:
        assert ("back at four" in seen.text) == topic
        assert "Which platform?" in seen.text


@pytest.mark.parametrize(
    ("size", "small"), [((39, 24), True), ((40, 24), False), ((80, 9), True), ((80, 10), False)]
)
async def test_a_small_window_has_the_last_lines_and_the_input_alone(
    size: tuple[int, int], small: bool
) -> None:
    async with driven(peopled(), size=size) as seen:
        await seen.type("six thirty")
        assert "Which platform?" in seen.text
        assert ("alice" in seen.text) != small
        assert ("six thirty" in seen.lines[-1]) == small
        await seen.press("ctrl+b")
        assert ("greta" in seen.text) != small
        if small:
            await seen.shows("The list needs a window of 40x10.")
            await seen.type("!")
            assert seen.composer == "six thirty!"


async def test_a_window_that_shrinks_gives_the_keys_back_to_the_chat() -> None:
    async with driven(peopled()) as seen:
        await seen.press("ctrl+b")
        await seen.shows("greta")
        await seen.pilot.resize_terminal(39, 24)
        await seen.hides("greta")
        await seen.type("hi")
        assert seen.composer == "hi"


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (7, 3), (39, 9)])
async def test_no_size_is_too_small_to_send_from(size: tuple[int, int]) -> None:
    async with driven(peopled(), size=size) as seen:
        await seen.type("hi")
        await seen.press("enter")
        assert seen.engine.done(cmd.SendMessage)
        await seen.press("f1", "escape", "ctrl+k", "escape", "ctrl+b", "alt+m", "ctrl+up", "escape")


@pytest.mark.parametrize(("limit", "widest"), [(110, 110), (60, 60)])
async def test_the_text_column_is_never_wider_than_one_can_read(limit: int, widest: int) -> None:
    engine = peopled()
    engine.receive(BRAM, "word " * 100)
    settings = Settings(ui=Ui(theme="quiet-dark", text_width=limit))
    async with driven(engine, size=(220, 40), settings=settings) as seen:
        await seen.press("alt+2")
        await seen.shows("word word")
        rows = [line[line.index("word") :].rstrip() for line in seen.lines if "word word" in line]
        assert widest - 5 <= max(len(row) for row in rows) <= widest
