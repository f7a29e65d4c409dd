"""Strokes: the shortest way from one look to another, and from one place to another."""

from __future__ import annotations

import pytest

from tui_xmpp.ui.terminal.cell import BLANK, PLAIN, UNKNOWN, Cell, Pen, Row, dipped
from tui_xmpp.ui.terminal.strokes import Strokes, change

RED, BOLD_RED = Pen("", "31"), Pen("1", "31")
DEEP = Pen("1", "38;2;10;20;30", "48;2;1;2;3")


@pytest.mark.parametrize(
    ("old", "new", "sequence"),
    [
        (PLAIN, PLAIN, ""),
        (PLAIN, RED, "\x1b[31m"),
        (RED, PLAIN, "\x1b[m"),
        (RED, BOLD_RED, "\x1b[1m"),
        (BOLD_RED, RED, "\x1b[22m"),
        (Pen("1;2"), Pen("2"), "\x1b[0;2m"),
        (DEEP, Pen("", "38;2;10;20;30", "48;2;1;2;3"), "\x1b[22m"),
        (DEEP, Pen("1", "", "48;2;1;2;3"), "\x1b[39m"),
        (DEEP, PLAIN, "\x1b[m"),
        (Pen(link="https://a/"), Pen(link="https://b/"), ""),
    ],
)
def test_the_shortest_change_is_sent(old: Pen, new: Pen, sequence: str) -> None:
    assert change(old, new) == sequence


@pytest.mark.parametrize("old", [PLAIN, RED, BOLD_RED, DEEP, Pen("1;2;4", "", "44"), Pen("52", "31")])
@pytest.mark.parametrize("new", [PLAIN, RED, BOLD_RED, DEEP, Pen("2;3", "92"), Pen("1;7")])
def test_a_change_leads_to_the_new_pen(old: Pen, new: Pen) -> None:
    sequence = change(old, new)
    assert (dipped(old, sequence[2:-1]) if sequence else old)[:3] == new[:3]


def moved(start: tuple[int, int], end: tuple[int, int]) -> str:
    strokes = Strokes(80, erases=True)
    strokes.move(*start)
    strokes.take()
    strokes.move(*end)
    return strokes.take()


@pytest.mark.parametrize(
    ("start", "end", "sequence"),
    [
        ((5, 5), (5, 5), ""),
        ((5, 5), (0, 5), "\r"),
        ((5, 5), (3, 5), "\b\b"),
        ((5, 5), (6, 5), "\x1b[C"),
        ((5, 5), (60, 5), "\x1b[61G"),
        ((5, 5), (0, 6), "\r\n"),
        ((5, 5), (5, 6), "\x1b[B"),
        ((5, 5), (5, 2), "\x1b[3A"),
        ((5, 5), (0, 0), "\x1b[H"),
        ((5, 5), (0, 12), "\x1b[13H"),
        ((5, 5), (40, 12), "\x1b[13;41H"),
    ],
)
def test_the_shortest_way_is_taken(start: tuple[int, int], end: tuple[int, int], sequence: str) -> None:
    assert moved(start, end) == sequence


def row(text: str, width: int = 40) -> Row:
    return [Cell(character, PLAIN) for character in text] + [BLANK] * (width - len(text))


def test_only_what_differs_in_a_row_is_drawn() -> None:
    strokes = Strokes(40, erases=True)
    strokes.row(0, row("the quick brown fox jumps"), row("the quick black fox jumps"))
    assert strokes.take() == "\x1b[1;12Hlack"


def test_a_row_that_became_shorter_is_erased_to_its_end() -> None:
    strokes = Strokes(40, erases=True)
    strokes.row(3, row("something long"), row("some"))
    assert strokes.take() == "\x1b[4;5H\x1b[K"


def test_many_blanks_inside_a_row_are_erased_at_once() -> None:
    strokes = Strokes(40, erases=True)
    strokes.row(0, [UNKNOWN] * 40, row("a" + " " * 20 + "b"))
    assert strokes.take().startswith("\x1b[Ha\x1b[20X\x1b[22Gb")


def test_after_a_character_of_doubtful_width_the_place_is_said_again() -> None:
    strokes = Strokes(40, erases=True)
    family = Cell("👩\u200d👩\u200d👧", PLAIN)
    strokes.row(0, [UNKNOWN] * 40, [family, Cell("", PLAIN), *row("after", 38)])
    assert "\x1b[3Gafter" in strokes.take()


def test_a_link_is_opened_once_and_closed() -> None:
    strokes = Strokes(40, erases=True)
    link = Pen("4", "", "", "https://example.org/")
    strokes.row(
        0, row("see here now"), [*row("see ", 4), *(Cell(one, link) for one in "HERE"), *row(" now", 32)]
    )
    strokes.hold(BLANK)
    text = strokes.take()
    assert text.count("https://example.org/") == 1
    assert text.index("HERE") < text.index("\x1b]8;;\x1b\\")


def test_a_run_never_stops_inside_a_wide_character() -> None:
    """Its second half alone is nothing that could be drawn."""
    strokes = Strokes(40, erases=True)
    wide = [Cell("漢", PLAIN), Cell("", PLAIN)]
    other = [Cell("字", PLAIN), Cell("", PLAIN)]
    strokes.row(0, row("ab", 2) + wide + row("", 36), row("ab", 2) + other + row("", 36))
    assert strokes.take() == "\x1b[1;3H字"
    strokes = Strokes(40, erases=True)
    half = [Cell("漢", RED), Cell("", PLAIN)]
    strokes.row(0, row("ab", 2) + wide + row("", 36), row("ab", 2) + half + row("", 36))
    assert "漢" in strokes.take()


@pytest.mark.parametrize("attribute", ["4", "7", "9"])
def test_blanks_that_show_an_attribute_are_drawn_and_not_erased(attribute: str) -> None:
    strokes = Strokes(40, erases=True)
    strokes.row(0, row(""), [Cell(" ", Pen(attribute))] * 40)
    text = strokes.take()
    assert " " * 40 in text
    assert "X" not in text
    assert "K" not in text


def test_a_way_down_keeps_its_column_without_a_line_feed() -> None:
    """The terminal makes CR LF of a line feed."""
    assert "\n" not in moved((30, 5), (30, 6))
