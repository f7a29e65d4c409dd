"""What every family of attacks may use: scripted servers, a scripted wire, hostile peers on real servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import cast

import pytest
import pytest_asyncio

from tests.server.chat_server import ChatServer
from tests.server.conftest import accounts, ejabberd, hostile, running, server
from tests.server.prosody import COMPONENT_SECRET, ProsodyServer
from tests.server.raw_peer import RawComponent
from tests.session.conftest import authority, good, wire

__all__ = ["accounts", "authority", "ejabberd", "good", "hostile", "server", "wire"]

CROWD = "strangers.example"
"""The domain that the hostile component speaks for."""


@pytest.fixture(scope="session")
def prosody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """A Prosody with a hostile domain beside it."""
    yield from running(ProsodyServer(tmp_path_factory.mktemp("prosody"), component=CROWD))


@pytest_asyncio.fixture
async def strangers(prosody: ChatServer) -> AsyncIterator[RawComponent]:
    """As many strangers as one likes; the server lets them speak for other addresses too."""
    port = cast(ProsodyServer, prosody).component_port
    async with RawComponent(port, CROWD, COMPONENT_SECRET) as crowd:
        yield crowd
