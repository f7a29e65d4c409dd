"""The painter: what it sends makes a terminal show what is wanted, in few bytes."""

from __future__ import annotations

import random
import re

import pytest

from tests.ui.terminal.glass import PENS, Glass, random_row
from tui_xmpp.ui.terminal.cell import BLANK, PLAIN, Cell, Pen, Row
from tui_xmpp.ui.terminal.painter import Painter

GREY = Pen("", "", "48;2;22;24;29")


def written(text: str, width: int, pen: Pen = PLAIN) -> Row:
    return [Cell(character, pen) for character in text.ljust(width)]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_changes_the_terminal_shows_what_is_wanted(seed: int) -> None:
    dice = random.Random(seed)
    width, height = dice.choice([(20, 6), (80, 24), (41, 12)])
    glass = Glass(width, height, erases=bool(seed % 2))
    for _ in range(20):
        change = dice.random()
        if change < 0.4:
            top = dice.randint(0, height - 3)
            bottom = dice.randint(top + 2, height - 1)
            part = glass.wanted[top : bottom + 1]
            new = [random_row(dice, width) for _ in range(dice.choice([1, 1, 2, 3]))]
            part = [*part, *new][-len(part) :] if dice.random() < 0.7 else [*new, *part][: len(part)]
            for y, row in enumerate(part, top):
                glass.want(y, row)
        for y in range(height):
            if dice.random() < (0.1 if change < 0.8 else 0.6):
                glass.want(y, random_row(dice, width))
        cursor = (dice.randrange(width), dice.randrange(height)) if dice.random() < 0.8 else None
        if dice.random() < 0.3:
            glass.draw(cursor, (dice.randrange(height),))
        glass.draw(cursor)
        assert not glass.wrong()
        assert not glass.painter.waiting()
        if cursor is not None:
            assert (glass.screen.cursor.x, glass.screen.cursor.y) == cursor


def chat(glass: Glass, first: int, *, beside: str = "") -> None:
    """Twenty lines of a talk from the line `first` on, a line to write on and a status line."""
    width = glass.painter.width
    for y in range(20):
        text = f"{beside and f'{beside} {y:2} │'} 09:{first + y:02} ava  line number {first + y} of this talk"
        glass.want(1 + y, written(text, width))
    glass.want(22, written("> ", width))
    glass.want(23, written(" alice  2:dev(1)", width))


@pytest.mark.parametrize("size", [(80, 24), (200, 24)])
def test_a_new_message_costs_little_more_than_its_text(size: tuple[int, int]) -> None:
    glass = Glass(*size)
    chat(glass, 0)
    glass.draw((2, 22))
    chat(glass, 1)
    frame = glass.draw((2, 22))
    assert not glass.wrong()
    assert len(frame) < 80


def test_a_new_message_beside_a_list_does_not_draw_the_others_again() -> None:
    glass = Glass(120, 24)
    chat(glass, 0, beside="somebody")
    glass.draw((2, 22))
    chat(glass, 1, beside="somebody")
    frame = glass.draw((2, 22))
    assert not glass.wrong()
    assert "line number 15" not in frame
    assert len(frame) < 300


def test_with_margins_the_list_stays_where_it_is() -> None:
    glass = Glass(120, 24)
    glass.painter.margins = True
    chat(glass, 0, beside="somebody")
    glass.draw((2, 22))
    chat(glass, 1, beside="somebody")
    frame = glass.painter.frame((2, 22))
    assert "\x1b[?69h\x1b[14;120s\x1b[2;21r\x1b[21;14H\n\x1b[r\x1b[?69l" in frame
    assert len(frame) < 110


def test_a_typed_letter_costs_one_byte() -> None:
    glass = Glass(80, 24)
    chat(glass, 0)
    glass.want(22, written("> hell", 80))
    glass.draw((6, 22))
    glass.want(22, written("> hello", 80))
    assert glass.draw((7, 22)) == "o"


def test_what_is_shown_is_not_sent_again() -> None:
    glass = Glass(80, 24)
    chat(glass, 0)
    glass.draw((2, 22))
    chat(glass, 0)
    assert glass.draw((2, 22)) == ""


def test_an_echo_sends_its_row_and_leaves_the_others_waiting() -> None:
    glass = Glass(80, 24)
    chat(glass, 0)
    glass.draw((2, 22))
    chat(glass, 1)
    glass.want(22, written("> h", 80))
    assert glass.draw((3, 22), (22,)) == "h"
    assert glass.painter.waiting()
    glass.draw((3, 22))
    assert not glass.wrong()


def test_for_those_who_are_read_to_lines_are_drawn_whole_and_only_new_ones() -> None:
    glass = Glass(80, 24)
    glass.painter.linear = True
    chat(glass, 0)
    glass.draw((2, 22))
    chat(glass, 1)
    glass.want(22, written("> h", 80))
    frame = glass.draw((3, 22))
    assert not glass.wrong()
    assert "09:20 ava  line number 20 of this talk" in frame
    assert "line number 19" not in frame
    assert frame.count("09:") == 1


def test_for_those_who_are_read_to_the_second_line_of_all_leaves_the_first_alone() -> None:
    glass = Glass(80, 24)
    glass.painter.linear = True
    said = ["Sign in.", "Address:", "alice@example.org", "Password:"]
    for count in (2, 4):
        for y, line in enumerate(said[:count], 23 - count):
            glass.want(y, written(line, 80))
        frame = glass.draw((0, 23))
        assert not glass.wrong()
    assert "Address" not in frame and "Password" in frame


def test_what_somebody_else_drew_is_not_drawn_again() -> None:
    painter = Painter()
    painter.resize(20, 3)
    row = written("as it was", 20, GREY)
    painter.take_over([[BLANK], row])
    painter.put(0, 1, row)
    assert "as it was" not in painter.frame(None)
    painter.forget()
    assert "as it was" in painter.frame(None)


def test_without_erasing_in_colour_coloured_blanks_are_drawn() -> None:
    for erases in (True, False):
        painter = Painter(erases=erases)
        painter.resize(40, 2)
        for y in range(2):
            painter.put(0, y, written("", 40, GREY))
        assert (" " * 40 in painter.frame(None)) is not erases


def test_what_does_not_fit_is_cut_and_half_a_wide_character_is_none() -> None:
    glass = Glass(6, 2)
    glass.painter.put(4, 0, [Cell("漢", PLAIN), Cell("", PLAIN), Cell("x", PLAIN)])
    glass.painter.put(5, 0, [Cell("y", PLAIN)])
    glass.painter.put(5, 1, [Cell("漢", PLAIN), Cell("", PLAIN)])
    glass.painter.put(2, 7, [BLANK])
    glass.painter.put(9, 0, [BLANK])
    glass.wanted[0] = [*written("", 5), Cell("y", PLAIN)]
    glass.draw()
    assert not glass.wrong()


_OURS = re.compile(
    r"\x1b\[[0-9;]*[mHJABCDGKXr]|\x1b\]8;[^\x1b]*;(?:https://[^\x1b]*)?\x1b\\|\x1bM|[\r\n\b]|[^\x00-\x1f\x7f-\x9f]"
)


@pytest.mark.parametrize("seed", range(5))
def test_only_its_own_sequences_leave(seed: int) -> None:
    dice = random.Random(seed)
    glass = Glass(80, 24)
    link = Pen("", "", "", "https://example.org/")
    for _ in range(10):
        for y in range(24):
            glass.want(y, random_row(dice, 80))
        glass.want(dice.randrange(24), written("a link", 80, dice.choice([*PENS, link])))
        assert not _OURS.sub("", glass.draw((0, 0)))
