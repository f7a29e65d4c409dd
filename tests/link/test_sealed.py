"""E-11: sealed, and killed at any moment: no message is lost or doubled, and no key is used twice."""

from __future__ import annotations

import random
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.link.conftest import make_pair
from tests.link.conversation import Conversation, Pair
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts
from tui_xmpp.core.security import Protection

pytestmark = pytest.mark.server

KILLS = 8


async def test_e11_a_sealed_conversation_survives_cuts_and_kills(
    server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        pair = await make_pair(stack, server, accounts, tmp_path, omemo=True)
        conversation = Conversation(pair, random.Random(11), messages=40, cuts=2, kills=KILLS)
        await conversation.run()
        await conversation.arrived(seconds=60)
        assert conversation.kills == KILLS
        verdict = pair.verdict()
        assert verdict.is_clean, verdict
        assert back_in_clear(pair) == []
        assert unopened(pair) == []
        assert reused(pair) == set()


def back_in_clear(pair: Pair) -> list[str]:
    """Texts that somebody said in clear after they had said something sealed."""
    found = []
    for one, other in ((pair.anna, pair.bert), (pair.bert, pair.anna)):
        own = [message for message in one.archive(other) if message.outgoing]
        sealed = [message.protection is not Protection.CLEAR for message in own]
        if True in sealed:
            later = own[sealed.index(True) :]
            found += [message.body for message in later if message.protection is Protection.CLEAR]
    return found


def unopened(pair: Pair) -> list[str]:
    """What stands in the chats and was said by nobody: the reason why something sealed is not readable."""
    said = {*pair.anna.accepted(), *pair.bert.accepted()}
    return [
        message.body
        for one, other in ((pair.anna, pair.bert), (pair.bert, pair.anna))
        for message in one.archive(other)
        if message.body not in said
    ]


def reused(pair: Pair) -> set[str]:
    """Message keys that came under more than one id."""
    ids: dict[str, set[str]] = {}
    for one in (pair.anna, pair.bert):
        for line in one.told:
            if line["told"] == "key":
                ids.setdefault(line["key"], set()).add(line["id"])
    assert ids
    return {key for key, found in ids.items() if len(found) > 1}
