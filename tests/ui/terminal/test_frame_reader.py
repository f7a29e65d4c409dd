"""What Textual writes is read as cells, and nothing else of it gets through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui_xmpp.ui.terminal.cell import PLAIN, Cell, Pen
from tui_xmpp.ui.terminal.forbidden import FORBIDDEN
from tui_xmpp.ui.terminal.frame_reader import cells_of, read_frame


def pieces(frame: str) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}

    def put(x: int, y: int, cells: tuple[Cell, ...]) -> None:
        if cells:
            found[x, y] = "".join(cell.text for cell in cells)

    read_frame(frame, put)
    return found


def test_places_and_line_feeds_say_where_text_goes() -> None:
    assert pieces("\x1b[3;5Hone\ntwo\x1b[1;1Hthree") == {(4, 2): "one", (0, 3): "two", (0, 0): "three"}


def test_colours_attributes_and_links_are_the_pen() -> None:
    style = Style(bold=True, color="red", bgcolor="#010203", link="https://example.org/")
    strip = Strip([Segment("a", style), Segment("b")])
    from rich.console import Console

    text = strip.render(Console(color_system="truecolor", force_terminal=True))
    cells, pen = cells_of(text)
    assert cells == (Cell("a", Pen("1", "31", "48;2;1;2;3", "https://example.org/")), Cell("b", PLAIN))
    assert pen == PLAIN


def test_links_of_other_schemes_are_none() -> None:
    cells, _ = cells_of("\x1b]8;;file:///etc/passwd\x1b\\x\x1b]8;;\x1b\\")
    assert cells == (Cell("x", PLAIN),)


def test_other_sequences_are_dropped() -> None:
    evil = "\x1b]52;c;ZXZpbA==\x07a\x1b[2Jb\x1b[?1049lc\x1bP1$qm\x1b\\\x9b31md\x07"
    assert "".join(cell.text for cell in cells_of(evil)[0]).startswith("abc")
    assert not [cell for cell in cells_of(evil)[0] if FORBIDDEN.search(cell.text)]


def test_wide_and_combined_characters_take_the_cells_that_textual_counts() -> None:
    cells, _ = cells_of("漢e\u0301👩\u200d👧x")
    assert [cell.text for cell in cells] == ["漢", "", "e\u0301", "👩\u200d👧", "", "x"]


@given(st.text(max_size=60))
def test_no_character_that_steers_a_terminal_ever_becomes_a_cell(text: str) -> None:
    for cell in cells_of(text)[0]:
        assert not FORBIDDEN.search(cell.text)


@given(
    st.text(
        st.characters(exclude_categories=["Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp", "Mn", "Me"]), max_size=40
    )
)
def test_text_takes_as_many_cells_as_textual_counts(text: str) -> None:
    assert len(cells_of(text)[0]) == cell_len(text)
