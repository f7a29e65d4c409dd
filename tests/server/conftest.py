"""The real servers and the other client, as fixtures. A server is started once for the whole run."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio

from tests.server.chat_server import Account, ChatServer
from tests.server.ejabberd import EjabberdServer
from tests.server.profanity import Profanity
from tests.server.prosody import ProsodyServer
from tests.server.raw_peer import RawPeer

Accounts = Callable[..., list[Account]]
"""accounts(server, *names, friends=True): new accounts on `server`, each pair of them friends."""

OpenProfanity = Callable[[Account, ChatServer], Profanity]
"""profanity(account, server): a profanity that has signed in."""


OpenHostile = Callable[..., Awaitable[RawPeer]]
"""await hostile(account, server, resource=""): somebody who has signed in and says what the test likes."""


def running(server: ChatServer) -> Iterator[ChatServer]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def prosody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    yield from running(ProsodyServer(tmp_path_factory.mktemp("prosody")))


@pytest.fixture(scope="session")
def ejabberd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    yield from running(EjabberdServer(tmp_path_factory.mktemp("ejabberd")))


@pytest.fixture(params=["prosody", "ejabberd"])
def server(request: pytest.FixtureRequest) -> ChatServer:
    """Both servers, one after the other."""
    return cast(ChatServer, request.getfixturevalue(request.param))


@pytest.fixture
def accounts() -> Accounts:
    """Make accounts with names no other test has: "anna" becomes "anna-5e1f09"."""

    def make(server: ChatServer, *names: str, friends: bool = True) -> list[Account]:
        made = [
            Account(f"{name}-{secrets.token_hex(3)}", server.domain, secrets.token_urlsafe(12))
            for name in names
        ]
        for account in made:
            server.add_account(account.user, account.password)
        if friends:
            for a, b in combinations(made, 2):
                server.befriend(a.user, b.user)
        return made

    return make


@pytest_asyncio.fixture
async def hostile() -> AsyncIterator[OpenHostile]:
    """Sign in hostile peers; each is gone when the test ends."""
    opened: list[RawPeer] = []

    async def sign_in(account: Account, server: ChatServer, resource: str = "") -> RawPeer:
        peer = RawPeer(account, server, resource)
        opened.append(peer)
        await peer.come()
        return peer

    try:
        yield sign_in
    finally:
        for peer in opened:
            await peer.go()


@pytest.fixture
def profanity(tmp_path: Path) -> Iterator[OpenProfanity]:
    opened: list[Profanity] = []

    def open_profanity(account: Account, server: ChatServer) -> Profanity:
        client = Profanity(tmp_path / f"profanity-{account.user}")
        opened.append(client)
        client.connect(account, server)
        return client

    try:
        yield open_profanity
    finally:
        for client in opened:
            client.close()
