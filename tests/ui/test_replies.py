"""What a terminal answers is taken out of what is typed, however both arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.ui.terminal.replies import ReplyFilter

ANSWERS = (
    "\x1b]11;rgb:1e1e/1e1e/1e1e\x07",
    "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
    "\x1b]10;rgb:ff/ff/ff\x9c",
    "\x1b]52;c;aGk=\x1b\\",
    "\x1b]99;i=q:p=?;p=title,body,?:a=focus,report\x1b\\",
    "\x1bP>|XTerm(370)\x1b\\",
    "\x1bP1$r0m\x1b\\",
    "\x1bP0+r544e\x1b\\",
    "\x1bP!|00000000\x1b\\",
    "\x1b_Gi=31;OK\x1b\\",
    "\x1b_Gi=31;EINVAL:no [such] thing\x1b\\",
    "\x1b^a private word\x1b\\",
    "\x1bXsomething\x1b\\",
    "\x1b[?62;4;22c",
    "\x1b[>1;10;0c",
    "\x1b[?2026;2$y",
    "\x1b[4;2$y",
    "\x1b[0n",
    "\x1b[?997;1n",
    "\x1b[?12;40R",
    "\x1b[?1u",
    "\x1b[>4;2m",
    "\x1b[8;24;80t",
    "\x1b[6;16;8t",
    "\x1b[1t",
)
KEYS = (
    *("\x1b[A", "\x1bOP", "\x1b[1;3C", "\x1b[27u", "\x1b[97;5u", "\x1b[1;2R", "\x1b[200u", "\x1b[15~"),
    *("\x1b[<0;12;5M", "\x1b[<64;3;4m", "\x1b[I", "\x1b[O", "\x1b[48;24;80;384;640t", "\x1b[[A", "\x1b[7$"),
    *("\r", "\t", "\x7f", "\x03", "\x1b\r", "\x1b\x1b[A"),
)

typing = st.text(st.characters(blacklist_characters="\x1b", blacklist_categories=("Cs",)), max_size=8)
pasting = st.builds("\x1b[200~{}\x1b[201~".format, st.text(max_size=12) | st.sampled_from(ANSWERS))
Piece = tuple[str, str, str]
"""As read; what of it was typed; what was answered."""
pieces: st.SearchStrategy[Piece] = st.one_of(
    typing.map(lambda text: (text, text, "")),
    pasting.map(lambda text: (text, text, "")),
    st.sampled_from(KEYS).map(lambda key: (key, key, "")),
    st.sampled_from("a2Q/é").map(lambda char: (f"\x1b{char}", f"\x1b[{ord(char)};3u", "")),
    st.sampled_from(ANSWERS).map(lambda answer: (answer, "", answer)),
    # The Esc key, and an answer behind it.
    st.sampled_from(ANSWERS).map(lambda answer: (f"\x1b{answer}", "\x1b", answer)),
)


@given(st.lists(pieces, max_size=12), st.data())
def test_any_mixture_in_any_pieces_is_told_apart(mixture: list[Piece], data: st.DataObject) -> None:
    replies = ReplyFilter()
    typed = read = ""
    for piece in mixture:
        read += piece[0]
        # Nobody types before a paste is done: what comes right behind it belongs to it.
        if rests := piece[0].endswith("\x1b[201~") or piece is mixture[-1]:
            while read:
                size = data.draw(st.integers(1, min(len(read), 9)))
                typed += replies.feed(read[:size], whole=False)
                read = read[size:]
        typed += replies.feed("") if rests else ""
    typed += replies.feed("") + replies.forget()
    assert typed == "".join(piece[1] for piece in mixture)
    assert replies.answers() == [piece[2] for piece in mixture if piece[2]]
    assert replies.answers() == []


@given(st.lists(st.text(max_size=20)))
def test_nothing_that_arrives_breaks_it(texts: list[str]) -> None:
    replies = ReplyFilter()
    for text in texts:
        replies.feed(text)
    replies.forget()
    assert replies.feed("hello") == "hello"


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("cut", range(3, 12))
def test_an_answer_may_be_cut_anywhere_behind_its_beginning(answer: str, cut: int) -> None:
    replies = ReplyFilter()
    first = replies.feed("a" + answer[:cut])
    assert first + replies.feed(answer[cut:] + "b") == "ab"
    assert replies.answers() == [answer]


@pytest.mark.parametrize("key", ["\x1b", "\x1b[", "\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\x1b[7$"])
def test_what_begins_like_an_answer_and_is_a_key_is_not_kept_waiting(key: str) -> None:
    assert ReplyFilter().feed(key) == key
    patient = ReplyFilter()
    assert patient.feed(key, whole=False) == ""
    assert patient.undecided
    assert patient.feed("") == key
    assert not patient.undecided


@pytest.mark.parametrize("answer", ["\x1b]11;rgb:0/0/0\x07", "\x1b[?62;22c", "\x1bP>|foot(1.16.2)\x1b\\"])
def test_an_esc_that_was_taken_for_the_key_does_not_let_the_answer_be_typed(answer: str) -> None:
    replies = ReplyFilter()
    assert replies.feed("\x1b") == "\x1b"
    assert replies.feed(answer[1:] + "x") == "x"
    assert replies.answers() == [answer]


def test_after_the_esc_key_anything_may_be_typed() -> None:
    replies = ReplyFilter()
    assert replies.feed("\x1b") == "\x1b"
    assert replies.feed("]12") == "]12"
    assert replies.feed("\x1b") == "\x1b"
    assert replies.feed("k") == "k"
    assert replies.feed("]11;x") == "]11;x"


def test_keys_with_alt_and_what_is_typed_after_them_arrive_together() -> None:
    assert ReplyFilter().feed("\x1b]hello") == "\x1b]hello"
    assert ReplyFilter().feed("\x1bPage") == "\x1bPage"
    assert ReplyFilter().feed("\x1b_Golf") == "\x1b_Golf"
    assert ReplyFilter().feed("\x1b]12\r") == "\x1b]12\r"


def test_an_answer_without_an_end_is_given_up() -> None:
    replies = ReplyFilter()
    assert replies.feed("\x1b]11;rgb:") == ""
    assert replies.forget() == ""
    assert replies.feed("typed") == "typed"
    assert replies.feed("\x1b[?62;") == ""
    assert replies.forget() == ""
    assert replies.feed("more") == "more"
    assert replies.answers() == []


def test_what_may_have_been_typed_comes_back_from_an_answer_that_was_none() -> None:
    replies = ReplyFilter()
    assert replies.feed("\x1bXhello") == ""
    assert replies.forget() == "\x1bXhello"
    assert replies.feed("\x1b]52;c;never\x1b", whole=False) == ""
    assert replies.forget() == "\x1b"


def test_control_characters_end_an_answer_and_are_typed() -> None:
    replies = ReplyFilter()
    assert replies.feed("\x1b]11;rgb:0\rb") == "\rb"
    assert replies.feed("\x1b]11;rgb:0\x1b[A") == "\x1b[A"
    assert replies.feed("\x1b]11;rgb:0\x1bx") == "\x1b[120;3u"
    assert replies.answers() == []


def test_a_flood_is_no_answer() -> None:
    replies = ReplyFilter()
    replies.feed("\x1b]52;c;")
    for _ in range(200):
        replies.feed("A" * 1000)
    assert replies.forget() == ""
    assert replies.feed("\x07x")[-1] == "x"
    assert replies.answers() == []
    for _ in range(1000):
        replies.feed("\x1b[0n")
    assert len(replies.answers()) == 64


def test_a_paste_of_five_megabytes_takes_no_time_for_each_character() -> None:
    text = "\x1b[200~" + "a line of a log \x1b[31m\n" * 230_000 + "\x1b[201~"
    replies = ReplyFilter()
    assert "".join(replies.feed(text[at : at + 4096]) for at in range(0, len(text), 4096)) == text


def test_what_comes_right_behind_a_paste_is_no_key() -> None:
    """The end of a paste that stands in the paste itself (T-09)."""
    replies = ReplyFilter()
    broken_out = "\x1b[200~one\x1b[201~/quit\r\x1b[13u\x1bq\x1b[201~"
    pasted = "\x1b[200~one\x1b[201~\x1b[200~/quit\r\x1b[201~"
    assert replies.feed(broken_out, whole=False) == pasted
    assert replies.feed("more\r", whole=False) == "\x1b[200~more\r\x1b[201~"
    assert replies.feed("\x1b[<0;3;4M\x1b[I", whole=False) == "\x1b[<0;3;4M\x1b[I"
    assert replies.feed("") == ""
    assert replies.feed("\r\x1b[13u", whole=False) == "\r\x1b[13u"


def test_a_paste_may_follow_another() -> None:
    replies = ReplyFilter()
    two = "\x1b[200~one\x1b[201~\x1b[200~two\x1b[201~"
    assert replies.feed(two, whole=False) == two


@pytest.mark.parametrize("begun", ["\x1b[13", "\x1b[13;", "\x1bX and more", "\x1b]1", "\x1b"])
def test_what_is_begun_right_behind_a_paste_is_not_made_a_key_by_what_is_typed_later(begun: str) -> None:
    replies = ReplyFilter()
    pasted = f"\x1b[200~one\x1b[201~{begun}"
    assert replies.feed(pasted, whole=False) == "\x1b[200~one\x1b[201~"
    assert replies.feed("") == ""
    assert replies.feed("u") == "u"
    assert replies.forget() == ""
