from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from tests.ui.log_values import AVA, CHAT, ME, START, THEMES, in_room, look, message
from tui_xmpp.core.account import Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import Chat, ChatKind
from tui_xmpp.core.contact import Show
from tui_xmpp.core.message import Delivery, Gap, Message, MessageType, Reaction, Reply
from tui_xmpp.core.room import Occupant, Role
from tui_xmpp.core.security import Protection
from tui_xmpp.ui.render import people, rules, status
from tui_xmpp.ui.render.columns import Row, columns
from tui_xmpp.ui.render.look import SIGNS, Look
from tui_xmpp.ui.render.message import MORE, Scene, height, rows
from tui_xmpp.ui.render.rules import Notice
from tui_xmpp.ui.render.status import Activity, Status
from tui_xmpp.ui.render.wrap import cut, fit, wrap

HOSTILE = [
    "[/",
    "[/x]",
    "[red on",
    "$var",
    "[@click=app.quit]x[/]",
    "\x1b[31m\x1b]52;c;aGk=\x07",
    "\u202eevil",
    "",
]


def scene(width: int = 80, a_look: Look | None = None) -> Scene:
    a_look = a_look or look()
    return Scene(a_look, columns(a_look, width, 8), "Ava", "alice")


def text_of(found: list[Row]) -> list[str]:
    return ["".join(segment.text for segment in row).rstrip() for row in found]


def shown(one: Message, width: int = 80, a_look: Look | None = None, **more: bool) -> list[str]:
    return text_of(rows(scene(width, a_look), one, **more))


def test_otr_is_said_in_words_in_place_of_its_letters() -> None:
    asked = message(1, "?OTRv23? <b>Ava</b> has asked for Off-the-Record")
    text = " ".join(shown(asked))
    assert "ask for OTR" in text and "Alt+e" in text
    assert "?OTR" not in text and "Off-the-Record" not in text
    assert shown(replace(asked, body="hello \t  \t\t\t\t \t \t \t  ")) == shown(replace(asked, body="hello"))


def style_of(one: Message, word: str, a_look: Look | None = None) -> Style:
    for row in rows(scene(80, a_look), one):
        for segment in row:
            if word in segment.text:
                return segment.style or Style.null()
    raise AssertionError(word)


# Wrapping


@pytest.mark.parametrize(
    ("text", "width", "found"),
    [
        ("", 10, [""]),
        ("one two three", 8, ["one two", "three"]),
        ("one two three", 7, ["one two", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("a\n\nb", 4, ["a", "", "b"]),
        ("漢字漢字", 5, ["漢字", "漢字"]),
        ("é a漢", 2, ["é", "a", "漢"]),
        ("\u200d\u200da漢", 2, ["\u200d\u200da", "漢"]),
        ("one 漢字漢字 two", 9, ["one", "漢字漢字", "two"]),
        ("👨‍👩‍👧👨‍👩‍👧", 3, ["👨‍👩‍👧", "👨‍👩‍👧"]),
    ],
)
def test_wrap(text: str, width: int, found: list[str]) -> None:
    assert [text[start:end] for start, end in wrap(text, width)] == found


@given(st.text(alphabet="ab \n漢é\u0301👍\ufe0f\u200d", max_size=60), st.integers(2, 20))
def test_wrap_keeps_everything_in_its_width(text: str, width: int) -> None:
    slices = wrap(text, width)
    assert all(cell_len(text[start:end]) <= width for start, end in slices)
    lost = text[: slices[0][0]] + text[slices[-1][1] :]
    lost += "".join(text[one[1] : other[0]] for one, other in pairwise(slices))
    assert not lost.strip()


@given(st.text(max_size=20), st.integers(0, 12))
def test_fit_is_exact(text: str, width: int) -> None:
    printable = "".join(char for char in text if char.isprintable())
    assert cell_len(fit(printable, width)) == width
    assert cell_len(cut(printable, width)) <= width


# A message


def test_the_columns() -> None:
    one = message(1, "Shall we meet?", protection=Protection.VERIFIED)
    assert shown(one) == ["= 09:42 Ava      Shall we meet?"]
    assert shown(one, repeated=True) == ["= 09:42          Shall we meet?"]
    assert shown(one, chosen=True) == ["=>09:42 Ava      Shall we meet?"]


def test_rows_hang_at_the_text_column_and_the_text_column_has_a_cap() -> None:
    found = shown(message(1, "word " * 60), 200, replace(look(), text_width=50))
    assert len(found) > 5
    assert all(row.startswith(" " * 17 + "word") for row in found[1:])
    assert all(cell_len(row) <= 17 + 50 for row in found)


@pytest.mark.parametrize(("mark", "protection"), [(one.mark, one) for one in Protection])
def test_marks(mark: str, protection: Protection) -> None:
    assert rows(scene(), message(1, "x", protection=protection))[0][0].text == mark


@pytest.mark.parametrize(
    ("delivery", "sign", "ascii_sign"),
    [
        (Delivery.QUEUED, "◌", "o"),
        (Delivery.WRITTEN, "·", "."),
        (Delivery.TAKEN, "✓", "v"),
        (Delivery.DELIVERED, "✓✓", "vv"),
        (Delivery.READ, "●", "R"),
        (Delivery.FAILED, "✗", "x"),
    ],
)
def test_states_stand_at_the_right_end(delivery: Delivery, sign: str, ascii_sign: str) -> None:
    one = message(1, "word " * 30, own=True, delivery=delivery)
    body = [row for row in shown(one) if "word" in row]
    assert body[-1].endswith(f" {sign}") and cell_len(body[-1]) == 80
    assert not any(row.endswith(sign) for row in body[:-1])
    plain = [row for row in shown(one, 80, look(ascii=True)) if "word" in row]
    assert plain[-1].endswith(f" {ascii_sign}")


def test_a_failure_says_why_and_what_to_press() -> None:
    one = message(1, "hi", own=True, delivery=Delivery.FAILED, failure="The server\nsaid \x1b[31mno.")
    assert shown(one)[1] == " " * 17 + "✗ The server⏎said ␛[31mno.  Ctrl+Up, t: send again"


def test_a_reply_quotes_one_line_above() -> None:
    reply = Reply("1", AVA, "ava", "Shall we\nmeet?")
    assert shown(message(1, "Yes.", own=True, reply=reply))[0] == "  09:42 me       ┆ ava: Shall we⏎meet?"
    unknown = Reply("1")
    assert "┆ a message that is not at hand" in shown(message(1, "Yes.", reply=unknown))[0]
    assert "| ava:" in shown(message(1, "Yes.", reply=reply), 80, look(ascii=True))[0]


def test_reactions_are_counted_and_ours_is_marked() -> None:
    reactions = (
        Reaction(AVA, "ava", ("👍", "👍")),
        Reaction(ME, "alice", ("👍", "❤"), own=True),
        Reaction(ME, "x", ("\x1b[", "")),
    )
    assert shown(message(1, "x", reactions=reactions))[1].strip() == "👍 2*  ❤ 1*  ␛[ 1"


def test_many_reactions_stay_few_rows() -> None:
    reactions = tuple(Reaction(AVA, "a", (f"e{n}",)) for n in range(500))
    assert len(shown(message(1, "x", reactions=reactions))) <= 4


def test_edited_retracted_and_action() -> None:
    assert shown(message(1, "new", edited=True))[0].endswith("new edited")
    assert style_of(message(1, "new", edited=True), "edited") == look().style("dim")
    assert shown(message(1, "secret", retracted="ava"))[0].endswith("retracted by ava")
    assert shown(message(1, "/me waves")) == ["  09:42 * Ava    waves"]
    assert "/meow" in shown(message(1, "/meow"))[0]


def test_types_are_named() -> None:
    news = message(1, "storm", type=MessageType.HEADLINE, subject="Warning", sender=Address("", "wx.example"))
    assert shown(news) == ["  09:42 wx.exam… headline: Warning", " " * 17 + "storm"]
    assert "single message" in shown(message(1, "x", type=MessageType.NORMAL))[0]
    wrong = message(1, "it broke", type=MessageType.ERROR)
    assert "error" in shown(wrong)[0] and style_of(wrong, "broke") == look().style("error")
    assert shown(in_room(1, "bram", "", subject="release"))[0].endswith("subject: release")


def test_styling_and_links() -> None:
    assert style_of(message(1, "a *b* c"), "b").bold
    assert style_of(message(1, "a _b_ c"), "b").italic
    assert style_of(message(1, "> said"), "said") == look().style("dim")
    assert style_of(message(1, "see https://example.org/a."), "https").link == "https://example.org/a"
    assert style_of(message(1, "see xmpp:dev@rooms.example.org?join"), "xmpp").link is not None
    for bad in ("javascript:alert(1)", "file:///etc/passwd", "data:text/html,x"):
        assert style_of(message(1, bad), bad[:4]).link is None


def test_a_link_over_two_rows_is_one_link() -> None:
    found = rows(scene(60), message(1, "https://example.org/" + "a" * 100))
    ids = {segment.style.link_id for row in found for segment in row if segment.style and segment.style.link}
    assert len(found) > 1 and len(ids) == 1


def test_a_mention_has_weight_in_every_theme() -> None:
    one = message(1, "well, Alice: look", mention=True)
    for name in THEMES:
        assert style_of(one, "Alice", look(name)).bold, name
    assert not style_of(message(1, "well, Alice: look"), "Alice").bold


def test_found_words_are_marked() -> None:
    found = rows(scene(), message(1, "/me finds the needle here"), marks=[(14, 20)])
    (marked,) = [one.text for row in found for one in row if one.style and one.style.underline]
    assert marked == "needle"


def test_a_long_text_is_cut_and_says_how_to_see_the_rest() -> None:
    one = message(1, "line\n" * 1000)
    folded, unfolded = shown(one), shown(one, unfolded=True)
    assert folded[-1].strip() == MORE and len(folded) < 50
    assert len(folded) < len(unfolded) <= 401 and "copy it" in unfolded[-1]
    assert shown(message(1, "short\n")) == ["  09:42 Ava      short"]


def test_nothing_of_a_stranger_begins_left_of_the_text() -> None:
    one = message(1, "= 09:41 me  I owe you\n" * 3, nick="= 12:00\nme", own=False)
    for row in shown(one)[1:]:
        assert row.startswith(" " * 17)
    assert shown(one)[0][1] == " "


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("width", [0, 1, 8, 20, 39, 80, 200])
def test_hostile_strings_are_text_everywhere(hostile: str, width: int) -> None:
    reply = Reply("1", AVA, hostile, hostile)
    reactions = (Reaction(AVA, hostile, (hostile,)),)
    one = message(
        1, hostile, nick=hostile, subject=hostile, failure=hostile, own=False, reply=reply,
        reactions=reactions, mention=True, delivery=Delivery.FAILED, type=MessageType.NORMAL,
    )  # fmt: skip
    for changed in (one, replace(one, retracted=hostile), replace(one, outgoing=True)):
        found = rows(scene(width), changed)
        assert len(found) == height(scene(width), changed)
        for char in "".join(text_of(found)):
            assert char.isprintable(), repr(char)


@given(st.text(max_size=80), st.integers(10, 60))
def test_height_is_the_number_of_rows_and_no_row_is_too_wide(body: str, width: int) -> None:
    one = message(1, body, own=len(body) % 2 == 0)
    found = rows(scene(width), one)
    assert len(found) == height(scene(width), one)
    assert all(cell_len(row) <= width for row in text_of(found))


def test_nick_colours_are_steady_and_differ() -> None:
    for name in ("quiet-dark", "quiet-light", "ansi"):
        styles = {
            look(name).nick_style(nick) for nick in ("bram", "chiara", "dmitri", "elif", "farid", "greta")
        }
        assert len(styles) >= 3
        assert look(name).nick_style("bram") == look(name).nick_style("bram")
    assert look("mono").nick_style("bram").color == look("mono").style("text").color
    assert look().nick_style("bram", own=True) == look().style("own")


def test_every_sign_has_an_ascii_form() -> None:
    assert all(ascii_sign.isascii() for _, ascii_sign, _ in SIGNS.values())


# Rules


def test_day_rows() -> None:
    days = {date(2026, 11, 22): "today", date(2026, 11, 21): "yesterday", date(2026, 11, 1): "Sun 1 Nov"}
    for day, name in days.items():
        (segment,) = rules.day_row(look(), 40, day)
        assert f"─ {name} ─" in segment.text and cell_len(segment.text) == 40
    assert "2024" in rules.day_row(look(), 40, date(2024, 11, 1))[0].text
    assert rules.day_row(look(ascii=True), 40, date(2026, 11, 1))[0].text.isascii()


def test_unread_row() -> None:
    assert " 2 new " in rules.unread_row(look(), 40, 2)[0].text
    assert " new " in rules.unread_row(look(), 40, 0)[0].text


@pytest.mark.parametrize(
    ("after", "before", "said"),
    [
        (START, START + timedelta(days=3), "3 days of messages may be missing"),
        (START, START + timedelta(hours=1), "1 hour of messages"),
        (START, START + timedelta(minutes=5), "5 minutes of"),
        (None, START, "older messages are on the server"),
        (START, None, "what came after 21 Nov 09:41"),
    ],
)
def test_gap_rows(after: datetime | None, before: datetime | None, said: str) -> None:
    gap = Gap(1, CHAT, after, "", before, "")
    assert said in rules.gap_row(look(), 80, gap, filling=False)[0].text
    assert "filling" in rules.gap_row(look(), 80, gap, filling=True)[0].text


def test_joins_collapse_and_unfold() -> None:
    notices = [Notice(f"n{number} joined", START, "join") for number in range(40)]
    grid = columns(look(), 80, 8)
    (folded,) = text_of(rules.notice_rows(look(), grid, notices, unfolded=False))
    assert folded.endswith("⋯ 40") and "n39 joined" in folded
    assert len(rules.notice_rows(look(), grid, notices, unfolded=True)) == 40
    assert rules.notice_height(grid, notices, unfolded=True) == 40
    assert rules.notice_height(grid, notices, unfolded=False) == 1


def test_times_follow_the_zone_and_the_format() -> None:
    assert look(time="%H.%M").clock(datetime(2026, 1, 1, 9, 5, tzinfo=UTC)) == "09.05"


# People and the status line


def a_chat(**more: object) -> Chat:
    return Chat(CHAT, ChatKind.CONTACT, number=2, **more)  # type: ignore[arg-type]


def test_presence_has_a_glyph_for_each_state() -> None:
    assert [people.presence(look(), state).plain for state in people.Here] == ["●", "◐", "✕", "○", "?"]
    plain = [people.presence(look(ascii=True), state).plain for state in people.Here]
    assert len(set(plain)) == 5 and "".join(plain).isascii()
    assert people.here(Show.XA) is people.Here.AWAY
    assert people.here(None) is people.Here.OFFLINE
    assert people.here(Show.AVAILABLE, received=False) is people.Here.UNKNOWN


def test_chat_rows() -> None:
    row = people.chat_row(look(), a_chat(unread=5, mentions=1), "dev", 24)
    assert row.plain == "  2 dev           @1 5  "
    here = people.chat_row(look(), a_chat(), "ava", 20, state=people.Here.HERE, current=True)
    assert here.plain == "> 2 ava            ●"
    room = people.chat_row(look(), replace(a_chat(), kind=ChatKind.ROOM), "dev", 20)
    assert "#dev" in room.plain


@pytest.mark.parametrize("width", [0, 1, 5, 20, 60])
@pytest.mark.parametrize("hostile", [*HOSTILE, "漢字" * 30])
def test_rows_of_lists_are_exact_and_clean(hostile: str, width: int) -> None:
    a_look = look()
    found = [
        people.chat_row(a_look, a_chat(unread=3000, draft="x", pinned=True), hostile, width),
        people.contact_row(a_look, hostile, people.Here.AWAY, width, depth=2),
        people.group_row(a_look, hostile, width, folded=True, count="2"),
        people.occupant_row(a_look, Occupant(hostile, Role.MODERATOR), width),
        status.chat_title(a_look, hostile, hostile, hostile, width),
        status.typing_line(a_look, [hostile], width),
        status.status_line(a_look, Status(hostile, activity=(Activity(1, hostile, 2),)), width),
    ]
    for row in found:
        assert row.cell_len == width
        assert row.plain == "" or row.plain.isprintable()


def test_the_status_line() -> None:
    values = Status(
        "alice", Connection.ONLINE, Show.AVAILABLE,
        (Activity(2, "dev", 5, 1), Activity(7, "bram", 1, direct=True)),
        "satellite", 200, 1100, 0.64, 3, 2, 12_400,
    )  # fmt: skip
    line = status.status_line(look(), values, 80).plain
    assert line.startswith(" alice ●  2:dev(@1,5) 7:bram(1)  ")
    assert line.endswith("  satellite  ↑0.2k ↓1.1k/s  640ms  q3 2s  12.4k ")
    narrow = status.status_line(look(), values, 50).plain
    assert "q3 2s" in narrow and "12.4k" not in narrow and "2:dev(@1,5)" in narrow
    assert "connecting" in status.status_line(look(), Status("alice", Connection.CONNECTING), 80).plain
    assert status.status_fields(look(), Status("alice")).keys() == {"account"}


def test_sizes() -> None:
    assert [status.size(count) for count in (0, 12_400, 999_999, 3_100_000, 2e9)] == [
        "0.0k", "12.4k", "1.0M", "3.1M", "2.0G",
    ]  # fmt: skip


def test_who_is_typing() -> None:
    assert status.typing_line(look(), [], 40).plain == ""
    assert status.typing_line(look(), ["ava"], 40).plain.strip() == "ava is typing"
    assert status.typing_line(look(), ["ava", "bram"], 40).plain.strip() == "ava and bram are typing"
    assert "and 2 more" in status.typing_line(look(), list("abcde"), 40).plain


def test_the_title() -> None:
    title = status.chat_title(look(), "ava", "back at four", "OMEMO verified, 2 devices", 80)
    assert title.plain.startswith(" ava · back at four ") and title.plain.endswith(
        "OMEMO verified, 2 devices "
    )


def test_a_reply_names_the_other_side_as_the_list_does_and_us_as_me() -> None:
    for sender, name in ((AVA, "Ava"), (ME, "me")):
        answer = message(1, "fine", reply=Reply("1", sender, text="how?"))
        assert f"┆ {name}: how?" in "".join(shown(answer))
