"""What came while nobody was there, on a link that asks for nothing by itself: it is shown as missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.link.proxy import Link
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, running
from tests.server.ejabberd import EjabberdServer
from tests.server.person import Person
from tests.server.prosody import ProsodyServer
from tui_xmpp.core.commands import FillGap, SendMessage, UseLink
from tui_xmpp.core.message import Gap

pytestmark = pytest.mark.server


@pytest.fixture(scope="module", params=[ProsodyServer, EjabberdServer])
def forgetful(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ChatServer]:
    """Keeps a session for a second."""
    yield from running(request.param(tmp_path_factory.mktemp("forgetful"), hold_seconds=1))


def holes(one: Person, other: Person) -> tuple[Gap, ...]:
    return one.archive.page(one.chat(other)).gaps


def bodies(one: Person, other: Person) -> list[str]:
    return [message.body for message in one.messages(other)]


async def gone(one: Person, other: Person) -> None:
    """Wait until the server has given up the session of *other*."""
    await one.until(lambda: one.world.best_presence(one.address, other.address) is None, "them to be gone")


async def fetched(anna: Person, bert: Person) -> None:
    """The hole is shown, before what comes now, and a key fetches it."""
    await anna.until(lambda: holes(anna, bert), "the hole to be shown")
    assert "held" not in bodies(anna, bert)
    await bert.do(SendMessage(bert.chat(anna), "live"))
    await anna.message(bert, "live")
    (gap,) = holes(anna, bert)
    await anna.do(FillGap(gap.chat, gap.number))
    await anna.until(lambda: not holes(anna, bert), "the hole to be filled")
    assert bodies(anna, bert) == ["before", "held", "later", "live"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_session_that_has_expired(
    restarted: bool, forgetful: ChatServer, accounts: Accounts, tmp_path: Path
) -> None:
    anna_at, bert_at = accounts(forgetful, "anna", "bert")
    async with Person(bert_at, forgetful, tmp_path / "bert") as bert, Link(forgetful.c2s_port) as link:
        await bert.online()
        way = {"port": link.port}
        first = Person(anna_at, forgetful, tmp_path / "anna", changed=way)
        async with first as anna:
            await anna.online()
            await bert.until(lambda: bert.world.best_presence(bert.address, anna.address), "her")
            await bert.do(SendMessage(bert.chat(anna), "before"))
            await anna.message(bert, "before")
            link.refuse()
            link.cut()
            await bert.do(SendMessage(bert.chat(anna), "held"))
            if not restarted:
                await gone(bert, anna)
                await bert.do(SendMessage(bert.chat(anna), "later"))
                await anna.do(UseLink(anna.address, "radio"))
                link.accept()
                await fetched(anna, bert)
                return
        await gone(bert, first)
        await bert.do(SendMessage(bert.chat(first), "later"))
        link.accept()
        async with Person(anna_at, forgetful, tmp_path / "anna", changed={**way, "link": "radio"}) as anna:
            await fetched(anna, bert)
