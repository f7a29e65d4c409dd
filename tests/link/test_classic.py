"""The old way in on an ejabberd, which gives half a minute for a whole sign-in (RFC 6120 §6, §7)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.link.client import Client
from tests.link.conversation import arrived
from tests.link.proxy import Link
from tests.link.shape import Shape
from tests.server.chat_server import ChatServer
from tests.server.classic import Classic, classic
from tests.server.conftest import Accounts

pytestmark = pytest.mark.server

LIMIT = 30.0
"""Seconds ejabberd gives a client to sign in (`negotiation_timeout`); 24.12 cannot be told another."""
MARGIN = 3.0
THINNEST = Shape(delay=1.0, rate=2400)


@pytest.fixture
async def old(ejabberd: ChatServer) -> AsyncIterator[Classic]:
    async with classic(ejabberd) as between:
        yield between


async def test_in_and_back_to_the_same_session(
    ejabberd: ChatServer, old: Classic, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(ejabberd, "anna", "bert")
    async with (
        Link(old.port) as link,
        Client(tmp_path / "anna", anna_at, ejabberd, port=link.port) as anna,
        Client(tmp_path / "bert", bert_at, ejabberd) as bert,
    ):
        await bert.online()
        await anna.online()
        await bert.until(lambda: bert.hears(anna), "Anna to be there")
        # Asked after the leave to resume: by then that has come.
        await anna.until(lambda: any(one["told"] == "abilities" for one in anna.told), "an answer")
        link.cut()
        anna.say(bert, "one")
        bert.say(anna, "two")
        await arrived(anna, bert, "one")
        await arrived(bert, anna, "two")
        await anna.kill()
        await anna.online()
        anna.say(bert, "three")
        await arrived(anna, bert, "three")
        bound = {line["bound"] for line in anna.told if line.get("state") == "online"}
        assert len(bound) == 1
        assert old.stripped == len(link.connections) == len(old.seconds) == 3


async def test_over_the_thinnest_link_with_time_to_spare(
    ejabberd: ChatServer, old: Classic, accounts: Accounts, tmp_path: Path
) -> None:
    (anna_at,) = accounts(ejabberd, "anna")
    async with Client(tmp_path / "anna", anna_at, ejabberd) as anna:
        for number in (1, 2):
            async with Link(old.port, THINNEST) as link:
                anna.move(link.port)
                await anna.start()
                await anna.until(anna.is_online, "a sign-in over the thinnest link", 120)
                await anna.quit("leave")
                assert len(link.connections) == 1
                assert old.stripped == number
    first, known = old.seconds
    assert first < LIMIT - MARGIN
    assert known < LIMIT - 2 * MARGIN
