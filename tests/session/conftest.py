"""What the session's tests share: certificates for scripted servers, and an account on a scripted wire."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fakes.certificates import Authority
from tests.session.wire import Wire


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom the client under test trusts."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def good(authority: Authority) -> ssl.SSLContext:
    """The TLS of an honest server for example.org."""
    return authority.issue(["example.org"])


@pytest_asyncio.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    """An account that is signed in."""
    made = Wire(tmp_path)
    await made.online()
    yield made
    await made.close()
