"""Two key rings, ours and somebody else's, and an account of ours that has accepted a key of Bert."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fakes.key_ring import KeyRing
from tests.session.wire import ANNA, BERT, Wire
from tui_xmpp.core.security import Method
from tui_xmpp.core.settings import Encryption, Settings


@pytest.fixture
def ring() -> Iterator[KeyRing]:
    made = KeyRing()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def theirs() -> Iterator[KeyRing]:
    made = KeyRing()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def ours(ring: KeyRing) -> str:
    """Our key."""
    return ring.make(f"xmpp:{ANNA}")


@pytest.fixture
def bert(ring: KeyRing, theirs: KeyRing, ours: str) -> str:
    """The key of the contact, in both rings."""
    made = theirs.make(f"xmpp:{BERT}")
    ring.take(theirs.public(made))
    theirs.take(ring.public(ours))
    return made


def account(folder: Path, ring: KeyRing, key: str) -> Wire:
    """Our account, with our key, on a disk."""
    made = Wire(folder, settings=Settings(encryption=Encryption(omemo=False, gpg_home=str(ring.home))))
    made.account.account = replace(made.account.account, openpgp_key=key)
    # gpg signs by the clock of this computer.
    made.clock.at = datetime.now(UTC).replace(microsecond=0)
    return made


async def signed_in(made: Wire) -> None:
    """The server answers all with nothing, until our key has been announced."""
    # Without acknowledgements a ping tells that what is published in the background has come.
    await made.online(answers=False, offered=frozenset())

    def is_announced() -> bool:
        made.answer_all()
        return made.account.sealing.openpgp.keys.is_announced

    await made.until(is_announced)
    await made.settle()
    made.stream.written.clear()


@pytest_asyncio.fixture
async def wire(tmp_path: Path, ring: KeyRing, ours: str, bert: str) -> AsyncIterator[Wire]:
    """Signed in; what is signed by the key of Bert is believed."""
    made = account(tmp_path, ring, ours)
    pins = made.account.sealing.openpgp.desk.pins
    pins.put(BERT, Method.OPENPGP, bert, verified=False)
    pins.put(BERT, Method.PGP, bert, verified=False)
    await signed_in(made)
    yield made
    await made.close()
