"""P-17, P-23: what looks like somebody else is known for it, and what differs is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.core.confusable import difference, lookalike, skeleton


@pytest.mark.parametrize(
    "text",
    [
        "bеrt@example.org",
        "bert@exаmple.org",
        "ｂert@example.org",
        "be\u200drt@example.org",
        "bert @example.org",
        "BERT@example.org",
        "𝐛ert@example.org",
        "bert@exarnple.org",
        "bert@examp1e.org",
    ],
)
def test_p23_what_looks_like_a_contact_is_found(text: str) -> None:
    assert lookalike(text, ["anna@example.org", "bert@example.org"]) == "bert@example.org"


@pytest.mark.parametrize(
    "text", ["berta@example.org", "bért@example.org", "bert@example.com", "carl@example.org"]
)
def test_others_are_others(text: str) -> None:
    assert lookalike(text, ["anna@example.org", "bert@example.org"]) == ""


def test_the_same_is_no_lookalike() -> None:
    assert lookalike("bert@example.org", ["bert@example.org"]) == ""


def test_what_differs_is_named() -> None:
    assert difference("bеrt", "bert") == "cyrillic small letter ie for latin small letter e"
    assert difference("be\u200drt", "bert") == "zero width joiner"


@given(st.text(max_size=60))
def test_whatever_is_written_has_a_skeleton_that_is_its_own(text: str) -> None:
    assert skeleton(text) == skeleton(text + "\u200b")
    assert difference(text, text + "x")


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_names_have_the_bones_that_they_have_among_others(text: str) -> None:
    assert skeleton(f"{text}é") == skeleton(text) + skeleton("é")
