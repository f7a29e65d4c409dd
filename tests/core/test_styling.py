from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.core.styling import Style, links, mentions, spans


def styled(body: str, *styles: Style) -> list[tuple[str, str]]:
    wanted = styles or (Style.EMPHASIS, Style.STRONG, Style.STRIKE, Style.MONO)
    return [
        (span.style.name.lower(), body[span.start : span.end]) for span in spans(body) if span.style in wanted
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("*strong*", [("strong", "*strong*")]),
        ("plain *strong* plain", [("strong", "*strong*")]),
        ("*strong* plain *strong*", [("strong", "*strong*"), ("strong", "*strong*")]),
        ("*strong*plain*", [("strong", "*strong*")]),
        ("* plain *strong*", [("strong", "*strong*")]),
        ("not strong*", []),
        ("*not strong", []),
        ("*not \n strong*", []),
        ("*not *strong", []),
        ("**", []),
        ("****", []),
        ("_most_ people", [("emphasis", "_most_")]),
        ("Everyone ~dis~likes cake.", [("strike", "~dis~")]),
        ("`*monospace*`", [("mono", "`*monospace*`")]),
        ("*`both`*", [("strong", "*`both`*"), ("mono", "`both`")]),
        ("_a *b* c_", [("emphasis", "_a *b* c_"), ("strong", "*b*")]),
        ("*a _b* c_", [("strong", "*a _b*")]),
        ("see snake_case_name", []),
        ("(*no*)", []),
    ],
)
def test_inline_spans(body: str, expected: list[tuple[str, str]]) -> None:
    assert styled(body) == expected


def test_directives_are_marked() -> None:
    assert styled("*a* > b", Style.DIRECTIVE) == [("directive", "*"), ("directive", "*")]


def test_a_preformatted_block_holds_no_spans() -> None:
    body = "```ignored\n*code*\n> code\n```\n\n*after*"
    assert styled(body, Style.PREFORMATTED_BLOCK) == [
        ("preformatted_block", "```ignored\n*code*\n> code\n```")
    ]
    assert styled(body, Style.DIRECTIVE)[:2] == [("directive", "```ignored"), ("directive", "```")]
    assert styled(body) == [("strong", "*after*")]
    assert styled(body, Style.QUOTE) == []


def test_an_open_block_ends_with_the_body_or_its_quotation() -> None:
    assert styled("```\na", Style.PREFORMATTED_BLOCK) == [("preformatted_block", "```\na")]
    body = "> ```\n> *a*\n*b*"
    assert styled(body, Style.PREFORMATTED_BLOCK) == [
        ("preformatted_block", "```"),
        ("preformatted_block", "*a*"),
    ]
    assert styled(body) == [("strong", "*b*")]


def test_two_blocks_stay_two() -> None:
    assert len(styled("```\na\n```\n```\nb\n```", Style.PREFORMATTED_BLOCK)) == 2


def test_quotations_nest() -> None:
    body = ">> That that is, is.\n> Said the *old* hermit.\n\nWho?"
    quotes = [(span.depth, body[span.start : span.end]) for span in spans(body) if span.style is Style.QUOTE]
    assert quotes == [(2, ">> That that is, is."), (1, "> Said the *old* hermit.")]
    assert styled(body, Style.DIRECTIVE)[0] == ("directive", ">> ")
    assert styled(body) == [("strong", "*old*")]


def test_spans_begin_behind_the_quotation_sign() -> None:
    assert styled(">*a*") == [("strong", "*a*")]
    assert styled("> > _a_") == [("emphasis", "_a_")]


@given(st.text(alphabet="*_~`> \nab", max_size=80))
def test_ranges_lie_in_the_body_and_do_not_overlap(body: str) -> None:
    last: dict[Style, int] = {}
    for span in spans(body):
        assert 0 <= span.start < span.end <= len(body)
        assert span.start >= last.get(span.style, 0)
        last[span.style] = span.end


@pytest.mark.parametrize(
    "unit", ["*", "*_", "*a ", "*a *b", "_*~`a ", "> ", ">", "`\n", "*a* ", "```\n", "* *"]
)
def test_a_flood_takes_linear_time(unit: str) -> None:
    body = unit * (1_000_000 // len(unit))
    began = time.perf_counter()
    spans(body)
    assert time.perf_counter() - began < 8


@pytest.mark.parametrize(
    ("body", "urls"),
    [
        ("see https://example.org/a.", ["https://example.org/a"]),
        ("(see https://example.org/a_(b))", ["https://example.org/a_(b)"]),
        ("<https://example.org/?q=1,2>, ok", ["https://example.org/?q=1,2"]),
        ("HTTP://EXAMPLE.ORG!", ["HTTP://EXAMPLE.ORG"]),
        ("xmpp:room@muc.example?join", ["xmpp:room@muc.example?join"]),
        ("mailto:ava@example.org; geo:52.1,-1.5", ["mailto:ava@example.org", "geo:52.1,-1.5"]),
        ("*https://example.org/*", ["https://example.org/"]),
        ("https://bücher.example/ä", ["https://bücher.example/ä"]),
        ("https://[2001:db8::1]/x", ["https://[2001:db8::1]/x"]),
        ("xhttps://example.org javascript:alert(1) file:///etc/passwd https:// geo:home xmpp:", []),
        ("https://example.org\u202egnp.exe", ["https://example.org"]),
    ],
)
def test_links(body: str, urls: list[str]) -> None:
    found = links(body)
    assert [link.url for link in found] == urls
    assert all(body[link.start : link.end] == link.url for link in found)


@pytest.mark.parametrize(
    "unit", ["https://a", "(https://a)", "https://a/) ", ")", "xmpp:", "mailto:a", "xmpp:a "]
)
def test_a_flood_of_links_takes_linear_time(unit: str) -> None:
    flood = unit * (300_000 // len(unit))
    began = time.perf_counter()
    links(flood)
    links("https://x/" + flood)
    assert time.perf_counter() - began < 4


@pytest.mark.parametrize(
    ("body", "nick", "found"),
    [
        ("ava: hello AVA, @ava!", "Ava", ["ava", "AVA", "ava"]),
        ("avalanche lava ava_2 ava9", "ava", []),
        ("STRASSE und straße", "Straße", ["STRASSE", "straße"]),
        ("ßava ava", "ava", ["ava"]),
        ("ß s", "s", ["s"]),
        ("ava\u0301", "ava", []),
        ("hi a.b|c ok", "a.b|c", ["a.b|c"]),
        ("anything", "", []),
        ("two words here", "Two Words", ["two words"]),
    ],
)
def test_mentions(body: str, nick: str, found: list[str]) -> None:
    assert [body[start:end] for start, end in mentions(body, nick)] == found
