"""The real servers and accounts on them, for clients behind a link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.link.client import Client
from tests.link.conversation import Pair
from tests.link.proxy import Link
from tests.server.chat_server import ChatServer
from tests.server.conftest import Accounts, accounts, ejabberd, prosody, server

__all__ = ["accounts", "ejabberd", "prosody", "server"]


@pytest.fixture
async def pair(server: ChatServer, accounts: Accounts, tmp_path: Path) -> AsyncIterator[Pair]:
    """Both online, on each server."""
    async with AsyncExitStack() as stack:
        yield await make_pair(stack, server, accounts, tmp_path)


async def make_pair(
    stack: AsyncExitStack,
    server: ChatServer,
    accounts: Accounts,
    folder: Path,
    *,
    omemo: bool = False,
    **of_bert: str,
) -> Pair:
    """Two friends; they and the link end with `stack`. `of_bert` are further keys of Bert's account.

    `omemo`: what they say is sealed.
    """
    anna_at, bert_at = accounts(server, "anna", "bert")
    link = await stack.enter_async_context(Link(server.direct_tls_port))
    anna = await stack.enter_async_context(
        Client(folder / "anna", anna_at, server, port=link.port, omemo=omemo)
    )
    bert = await stack.enter_async_context(Client(folder / "bert", bert_at, server, omemo=omemo, **of_bert))
    await bert.online()
    await anna.online()
    for one in (anna, bert):
        await one.until(partial(one.hears, anna), "Anna to be there")
    return Pair(link, anna, bert)
