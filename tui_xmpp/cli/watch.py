"""The verb `watch`: what happens, as records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from ..core.address import Address
from ..core.events import ConnectionChanged
from ..core.ports import Engine
from .addressing import parsed
from .event_lines import EventRecords, Record
from .exit_codes import ExitCode, Failure


def _now() -> datetime:
    return datetime.now(UTC)


async def watch(
    engine: Engine, account: str = "", now: Callable[[], datetime] = _now
) -> AsyncIterator[Record]:
    """Yield the state of each connection as it is, then a record for everything that happens from now on.

    `account`: only of this one; empty: of all. Raises Failure when it is not known.
    """
    wanted: Address | None = parsed(account).bare if account else None
    if wanted is not None and wanted not in engine.world.accounts:
        raise Failure(f"There is no account {wanted}.", ExitCode.USAGE)
    happened = engine.events()
    records = EventRecords(now)
    for address, state in engine.world.accounts.items():
        record = records.record(ConnectionChanged(address, state.connection, state.reason))
        if record is not None and wanted in (None, address):
            yield record
    async for batch in happened:
        for event in batch:
            record = records.record(event)
            if record is not None and (wanted is None or record["account"] in (None, str(wanted))):
                yield record
