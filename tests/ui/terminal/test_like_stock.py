"""One session through Textual's own driver and through ours: after each step the terminal shows the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.ui.terminal.emulator import Emulator, Glyph
from tests.ui.terminal.steering import STOCK, Program

Step = Callable[[Program], object]

PATIENCE = 3.0
"""Seconds for what either program does by the clock, as to keep a draft."""
ESCAPE, ENTER, PAGE_UP, PAGE_DOWN = "\x1b[27u", "\r", "\x1b[5~", "\x1b[6~"
UP, DOWN, LEFT, CTRL_UP = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[1;5A"
BODIES = (
    "short",
    "a longer one that has to be wrapped at eighty columns, and goes on for a while after that, word by word",
    "日本語の文章は二倍の幅があります。" * 4,
    "한국어 mixed with latin, 中文, and ｆｕｌｌ ｗｉｄｔｈ",
    "😀 🎉 👍🏽 👩‍🚀 👨‍👩‍👧 🇳🇱 ✈️ ☎ ♥ ①",
    "e\u0301 a\u0308\u0323 n\u0303 o\u0302\u0301 combining",
    "see https://example.org/a/very/long/path/that/has/to/be/broken/somewhere/as/it/does/not/fit?x=1#y now",
    "*strong* _emphasis_ ~struck~ `mono` and *_both_*",
    "> quoted\nanswer\n```\ncode   with   gaps\n```\ndone",
    "שלום עולם and العربية inside",
    "tabs\tand\x07controls\x1b[31m",
    "─│┌ box ░▒▓ █ ▁▂▃ ← → ∀x∈ℝ",
    "ใครคือ नमस्ते ไทย",
    " leading and   inner    spaces   " + " " * 40 + ".",
)


def keys(text: str) -> Step:
    return lambda program: program.type(text)


def alt(letter: str) -> str:
    return f"\x1b[{ord(letter)};3u"


def receive(chat: str, body: str, **fields: object) -> Step:
    return lambda program: program.tell("receive", chat=chat, body=body, **fields)


def receive_all(chat: str, **fields: object) -> Step:
    def step(program: Program) -> None:
        for body in BODIES:
            program.tell("receive", chat=chat, body=body, **fields)

    return step


def resize(columns: int, rows: int) -> Step:
    return lambda program: program.resize(columns, rows)


def wear(theme: str) -> Step:
    return lambda program: program.tell("wear", theme=theme)


def script(columns: int, rows: int) -> Iterator[tuple[str, Step]]:
    """What happens, in order."""
    bodies = BODIES if columns < 100 else BODIES[::4]
    yield "start", lambda program: None
    for at, letter in enumerate("Where are you?"):
        yield f"letter {at}", keys(letter)
    yield "backspace", keys("\x7f\x7f")
    yield "cursor left", keys(LEFT * 4)
    yield "insert", keys("日")
    yield "send", keys(ENTER)
    for number, body in enumerate(bodies):
        yield f"receive {number}", receive("ava", body)
        if number % 3 == 0:
            yield f"send {number}", keys(f"answer {number}\r")
    for number in range(5):
        yield f"receive line {number}", receive("ava", f"line {number}")
    yield "elsewhere", receive("bram", "over here")
    yield "elsewhere again", receive("dev", "alice: a mention", nick="chiara")
    yield "many", receive_all("ava")
    for at in range(3):
        yield f"page up {at}", keys(PAGE_UP)
    yield "half a page down", keys("\x1b[6;3~")
    yield "page down", keys(PAGE_DOWN)
    yield "receive while scrolled back", receive("ava", "below the fold")
    yield "end", keys("\x1b[1;3F")
    yield "wheel up", keys("\x1b[<64;10;8M")
    yield "wheel down", keys("\x1b[<65;10;8M")
    yield "jump popup", keys("\x0b")
    yield "jump typed", keys("br")
    yield "jump closed", keys(ESCAPE)
    yield "help", keys("\x1bOP")
    yield "help scrolled", keys(DOWN * 3)
    yield "help closed", keys(ESCAPE)
    yield "search", keys("\x13")
    yield "search typed", keys("line")
    yield "search taken", keys(ENTER)
    yield "search closed", keys(ESCAPE * 2)
    yield "select", keys(CTRL_UP)
    for at in range(6):
        yield f"select previous {at}", keys("k")
    yield "select first", keys("g")
    yield "select none", keys(ESCAPE)
    yield "completion", keys("/the")
    yield "completed", keys("\t")
    yield "dropped", keys("\x15\x7f" + "\x7f" * 12)
    yield "list", keys("\x02")
    yield "receive with the list", receive("ava", "with the list")
    yield "list again", keys("\x02")
    yield "chat 2", keys(alt("2"))
    yield "chat 3", keys(alt("3"))
    yield "members", keys(alt("m"))
    for number, body in enumerate(bodies):
        yield f"receive in a room {number}", receive("dev", body, nick="chiara")
    yield "members again", keys(alt("m"))
    yield "chat 1", keys(alt("1"))
    yield "paste", keys("\x1b[200~first line\nsecond line\nthird 日本語\x1b[201~")
    yield "pasted up", keys(UP)
    yield "dropped paste", keys("\x7f" * 40 + "\x1b[3~" * 40)
    for theme in ("ansi", "mono", "paper", "quiet-dark"):
        yield theme, wear(theme)
        yield f"receive in {theme}", receive("ava", f"in {theme}: 日本 *bold* https://example.org/")
    yield "repaint", keys("\x0c")
    for width, height in ((columns - 7, rows - 3), (columns + 30, rows + 6), (50, 12), (columns, rows)):
        yield f"resize to {width}x{height}", resize(width, height)
        yield f"receive at {width}x{height}", receive("ava", f"at {width} by {height}")
    yield "terminal loses the focus", keys("\x1b[O")
    yield "receive without focus", receive("ava", "are you there?")
    yield "terminal has the focus", keys("\x1b[I")


def cells(program: Program) -> list[list[Glyph]]:
    return [program.emulator.row(y) for y in range(program.emulator.lines)]


def seen(glyph: Glyph) -> Glyph:
    """What can be seen of it: of a blank that nothing is drawn on only the ground."""
    if glyph.data != " " or glyph.underscore or glyph.strikethrough or glyph.reverse or glyph.blink:
        return glyph
    return Glyph(" ", bg=glyph.bg, link=glyph.link)


def without_drawn_cursor(stock: list[list[Glyph]], ours: list[list[Glyph]], cursor: Emulator) -> None:
    """Where our terminal has its own cursor stock draws one: only its colours may differ there.

    On what is selected in a list ours has the cursor, and stock keeps it in the line above.
    """
    x, y = cursor.cursor.x, cursor.cursor.y
    if cursor.cursor.hidden or x >= cursor.columns or y >= cursor.lines:
        return
    places = [(x, y)]
    if any(glyph.data == ">" for glyph in ours[y]):
        drawn = [
            (x, row)
            for row in range(cursor.lines)
            for x in range(cursor.columns)
            if row != y and is_drawn_cursor(stock[row][x], ours[row][x])
        ]
        places += drawn[:1]
    for x, row in places:
        for at in (x, x + 1):
            same = at < cursor.columns and stock[row][at].data == ours[row][at].data
            if same and (at == x or not stock[row][at].data):
                stock[row][at] = ours[row][at]


def is_drawn_cursor(stock: Glyph, ours: Glyph) -> bool:
    turned = stock.fg == ours.bg != stock.bg
    return stock.data == ours.data and (turned or stock.reverse != ours.reverse)


def compared(stock: Program, ours: list[Program]) -> str:
    """What differs once all have drawn everything, and the screen of that one; empty: nothing."""
    for program in (stock, *ours):
        program.ask_to_draw()
    for program in (stock, *ours):
        program.drawn()
    return next(filter(None, (differences(stock, one) for one in ours)), "")


def differences(stock: Program, ours: Program) -> str:
    theirs, own = cells(stock), cells(ours)
    without_drawn_cursor(theirs, own, ours.emulator)
    different = [
        f"{x},{y}: stock {one}, ours {other}"
        for y, (row, own_row) in enumerate(zip(theirs, own, strict=True))
        if row != own_row
        for x, (one, other) in enumerate(zip(row, own_row, strict=True))
        if one != other and seen(one) != seen(other)
    ]
    if not different:
        return ""
    screen = "\n".join("".join(glyph.data for glyph in row) for row in own)
    return f"{len(different)} cells, {different[:8]}\n{screen}"


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (200, 50)])
def test_every_step_looks_the_same(columns: int, rows: int) -> None:
    variants: tuple[dict[str, Any], ...] = ({"env": STOCK}, {"answers": True}, {"answers": False})
    with ExitStack() as stack:
        stock, *ours = (
            stack.enter_context(Program(columns=columns, rows=rows, **variant)) for variant in variants
        )
        for name, step in script(columns, rows):
            for program in (stock, *ours):
                step(program)
            deadline = time.monotonic() + PATIENCE
            while different := compared(stock, ours):
                assert time.monotonic() < deadline, f"after {name!r}: {different}"
