"""Killed between signing in and being seen: the process that goes on with the session is seen, and hears."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.link.client import Client
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts

pytestmark = pytest.mark.server


@pytest.mark.parametrize("link", ["metered", "satellite", "radio"])
async def test_what_was_said_meanwhile_is_told(
    link: str, server: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    """On these links presence waits at the first sign-in, for the server to say what keeps it off."""
    anna_at, bert_at = accounts(server, "anna", "bert")
    async with (
        Client(tmp_path / "bert", bert_at, server) as bert,
        Client(tmp_path / "anna", anna_at, server, link=link) as anna,
    ):
        await bert.online()
        await anna.online()
        await anna.kill()
        bert.say(anna, "meanwhile")
        await bert.until(lambda: delivery(bert, anna, "meanwhile") == "TAKEN", "the server to have it")
        await anna.online()
        await anna.until(lambda: delivery(anna, bert, "meanwhile"), "what was said meanwhile")
        bert.say(anna, "now")
        await anna.until(lambda: delivery(anna, bert, "now"), "what is said now")


def delivery(one: Client, other: Client, text: str) -> str:
    """What was told last of a text; empty: nothing."""
    found = [line["delivery"] for line in one.messages_told(other) if line["body"] == text]
    return str(found[-1]) if found else ""
