"""What keeps one account of the engine connected: a connector, with all that it needs of the account."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from .account import Link
from .connector import Connector
from .opening import SignedIn
from .resolver import SystemResolver
from .running import Running
from .stream import Stream

if TYPE_CHECKING:
    from .session import Session


def connector(session: Session, running: Running) -> Link:
    """Make it."""
    account = running.account

    async def on_ready(_: SignedIn) -> None:
        session.on_ready(running)

    return Connector(
        lambda: Stream(account.account, facts=session.facts),
        account.account,
        password=lambda refusal: session.password(running, refusal),
        facts=session.facts,
        clock=session.clock,
        tell=session.tell,
        on_stream=account.life.on_stream,
        unstreamed=account.metering.unstreamed,
        opener=account.life,
        timing=account.life.timing,
        tokens=running,
        paced=lambda: account.pacing.paced,
        compressed=lambda: account.pacing.compressed,
        small_hello=lambda: account.pacing.small_hello,
        location=account.life.management.location,
        stale_seconds=lambda: account.pacing.stale_seconds,
        on_ready=on_ready,
        on_lost=account.life.on_lost,
        resolver=SystemResolver(),
        rng=random.Random(),
    )
