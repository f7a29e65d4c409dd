"""OTR is recognised where it is meant, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tui_xmpp.core import otr
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Delivery, Message, MessageType

BERT = Address.parse("bert@example.org")
TAG = " \t  \t\t\t\t \t \t \t  "


def message(
    body: str, delivery: Delivery = Delivery.INCOMING, kind: MessageType = MessageType.CHAT
) -> Message:
    chat = ChatKey(Address.parse("anna@example.org"), BERT)
    return Message(chat, datetime(2026, 1, 1, tzinfo=UTC), BERT, body, delivery=delivery, type=kind)


@pytest.mark.parametrize("body", ["?OTRv2?", "?OTR?v23?", "?OTR?", "?OTRv23?\nBert has asked", "?OTRv?"])
def test_a_question_is_said_in_words(body: str) -> None:
    assert "ask for OTR" in otr.explained(message(body))


@pytest.mark.parametrize(
    "body", ["?OTR:AAMCAAAA.", "?OTR|5a73a599|27e31597,00001,00003,AAMD,", "?OTR,1,3,AAEC,", "?OTR Error: no"]
)
def test_what_is_sealed_is_said_in_words(body: str) -> None:
    assert "cannot be opened" in otr.explained(message(body))


@pytest.mark.parametrize("body", ["", "hello", "?OTR", "?OTRs are nice", "what is ?OTRv2?", "> ?OTR:AAMC."])
def test_other_texts_are_left_alone(body: str) -> None:
    assert otr.explained(message(body)) == ""


def test_our_own_words_and_those_of_rooms_are_left_alone() -> None:
    assert not otr.explained(message("?OTRv2?", Delivery.TAKEN))
    assert not otr.explained(message("?OTRv2?", kind=MessageType.GROUPCHAT))


@pytest.mark.parametrize("versions", ["", "  \t\t  \t ", " \t \t  \t   \t\t  \t   \t\t  \t\t"])
def test_the_blanks_are_left_out(versions: str) -> None:
    assert otr.without_tag(f"hello{TAG}{versions}") == "hello"
    assert otr.without_tag("a \t b") == "a \t b"
