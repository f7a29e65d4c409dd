from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.core.slash import Argument, ArgumentKind, Hint, Parsed, SlashCommand, complete, find, parse

ADDRESS = Argument("ADDRESS", ArgumentKind.ADDRESS, "whom to invite")
ROOM = Argument("ROOM", ArgumentKind.ROOM, "into which room", optional=True)
TABLE = (
    SlashCommand("invite", ("i",), "/invite ADDRESS [ROOM]", "invite someone", (ADDRESS, ROOM)),
    SlashCommand(
        "join", ("j",), "/join ROOM", "enter a room", (Argument("ROOM", ArgumentKind.ROOM, "which room"),)
    ),
    SlashCommand(
        "topic",
        (),
        "/topic [TEXT]",
        "set it",
        (Argument("TEXT", ArgumentKind.TEXT, "it", optional=True, rest=True),),
    ),
    SlashCommand(
        "link",
        (),
        "/link PROFILE",
        "choose",
        (Argument("PROFILE", ArgumentKind.CHOICE, "a profile", choices=("low", "full")),),
    ),
    SlashCommand("win", (), "/win N", "go there", (Argument("N", ArgumentKind.NUMBER, "which window"),)),
    SlashCommand("help", (), "/help NAME", "help", (Argument("NAME", ArgumentKind.COMMAND, "a command"),)),
    SlashCommand(
        "read",
        (),
        "/read [all]",
        "mark it",
        (Argument("ALL", ArgumentKind.CHOICE, "every chat", optional=True, choices=("all",)),),
    ),
    SlashCommand("quit", ("exit",), "/quit", "leave"),
)


def command(line: str) -> Parsed:
    result = parse(line, TABLE)
    assert isinstance(result, Parsed)
    assert result.command is not None
    return result


def hint(line: str) -> Hint:
    result = parse(line, TABLE)
    assert isinstance(result, Hint)
    return result


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("hello", "hello"),
        ("", ""),
        ("a /quit b", "a /quit b"),
        ("//quit", "/quit"),
        ("///", "//"),
        ("/me waves", "/me waves"),
        ("  // a comment", "  // a comment"),
        (" leading blank", " leading blank"),
    ],
)
def test_text_is_sent(line: str, text: str) -> None:
    assert parse(line, TABLE) == Parsed(None, text)


@pytest.mark.parametrize("line", [" /win 3", "\t/quit", "\n/quit", " /nothing"])
def test_a_leading_blank_is_never_sent(line: str) -> None:
    assert "space" in hint(line).message


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("/jion room", "join"),
        ("/invit ava", "invite"),
        ("/exi", "quit"),
        ("/QUITT", "quit"),
        ("/to", "topic"),
    ],
)
def test_an_unknown_command_names_the_nearest(line: str, nearest: str) -> None:
    found = hint(line)
    assert nearest in found.nearest
    assert f"/{nearest}" in found.message


@pytest.mark.parametrize(
    "line", ["/", "/ quit", "/zzzzzz", "/usr/bin/env", "/me", "/me  ", "/" + "x" * 100_000]
)
def test_other_mistakes_are_never_sent(line: str) -> None:
    assert hint(line).message.endswith(".")


@given(st.text(max_size=40))
def test_nothing_that_begins_with_one_slash_is_sent(rest: str) -> None:
    line = "/" + rest.lstrip("/")
    result = parse(line, TABLE)
    assert isinstance(result, Hint) or result.command is not None or line.startswith("/me ")


def test_arguments_by_name() -> None:
    result = command("/invite  ava@example.org   room@muc.example ")
    assert result.command == TABLE[0]
    assert result.get("ADDRESS") == "ava@example.org"
    assert result.get("ROOM") == "room@muc.example"
    assert command("/i ava@example.org").get("ROOM") is None
    assert command("/QUIT").command == TABLE[-1]


def test_quotes_hold_words_together() -> None:
    result = command(r'/invite "Ava \"the\" B" "my room"')
    assert result.get("ADDRESS") == 'Ava "the" B'
    assert result.get("ROOM") == "my room"
    assert "not closed" in hint('/invite "Ava').message


def test_the_rest_is_taken_as_typed() -> None:
    assert command('/topic say "hi"  there\nnow').get("TEXT") == 'say "hi"  there\nnow'
    assert command("/topic").get("TEXT") is None


def test_missing_and_extra_arguments_show_the_usage() -> None:
    assert hint("/invite") == Hint("/invite needs ADDRESS: whom to invite.", "/invite ADDRESS [ROOM]")
    assert hint("/invite a b c").usage == "/invite ADDRESS [ROOM]"
    assert hint("/quit now").usage == "/quit"


def test_values_are_checked() -> None:
    assert hint("/link fast").message == "PROFILE is one of: low, full."
    assert hint("/read none").message == "Write all there, or nothing."
    assert hint("/win one").message == "N is a number, like 20."
    assert command("/win 12").get("N") == "12"


def test_find_by_alias() -> None:
    assert find("exit", TABLE) == TABLE[-1]
    assert find("nothing", TABLE) is None


@pytest.mark.parametrize(
    ("line", "kind", "prefix", "start", "candidates"),
    [
        (
            "/",
            ArgumentKind.COMMAND,
            "",
            1,
            ("help", "invite", "join", "link", "quit", "read", "topic", "win"),
        ),
        ("/ex", ArgumentKind.COMMAND, "ex", 1, ("quit",)),
        ("/invite ", ArgumentKind.ADDRESS, "", 8, ()),
        ("/invite de", ArgumentKind.ADDRESS, "de", 8, ()),
        ("/invite de ", ArgumentKind.ROOM, "", 11, ()),
        ('/invite "de ex', ArgumentKind.ADDRESS, "de ex", 8, ()),
        ("/link ", ArgumentKind.CHOICE, "", 6, ("low", "full")),
        ("/link f", ArgumentKind.CHOICE, "f", 6, ("full",)),
        ("/help i", ArgumentKind.COMMAND, "i", 6, ("invite",)),
        ("/topic a b", ArgumentKind.TEXT, "a b", 7, ()),
    ],
)
def test_completion(
    line: str, kind: ArgumentKind, prefix: str, start: int, candidates: tuple[str, ...]
) -> None:
    found = complete(line, len(line), TABLE)
    assert found is not None
    assert (found.kind, found.prefix, found.start, found.candidates) == (kind, prefix, start, candidates)
    assert found.argument_help


def test_completion_looks_left_of_the_cursor_only() -> None:
    found = complete("/invite de room", 10, TABLE)
    assert found is not None
    assert (found.argument, found.prefix) == (ADDRESS, "de")


@pytest.mark.parametrize("line", ["", "hi", "//x", "/me x", "/nothing x", "/quit ", "/join a b", '/join "a"'])
def test_nothing_to_complete(line: str) -> None:
    assert complete(line, len(line), TABLE) is None
