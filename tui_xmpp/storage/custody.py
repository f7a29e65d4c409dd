"""What must reach the server, and what a new process needs to go on with the session of the last one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.custody import Pending, Stage, StreamState

from . import rows
from .database import Database

_PENDING = "account, address, id, xml, at, number, is_room, stage, sequence, unsealed"
_STREAM = "account, id, bound, seconds, location, handled, acknowledged, seen_at, boot"


class SqliteCustody:
    """`core.ports.Custody` on a database; every method may raise `StorageError`."""

    def __init__(self, database: Database) -> None:
        """Use *database*, which the caller closes."""
        self._database = database

    def transaction(self, *, durable: bool = True) -> AbstractContextManager[sqlite3.Connection]:
        """As `Custody.transaction`."""
        return self._database.writing(durable=durable)

    def add(self, pending: Pending) -> Pending:
        """As `Custody.add`."""
        chat = pending.chat
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO outbox"
                " (account, address, id, xml, at, is_room, stage, sequence, unsealed)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    str(chat.account),
                    str(chat.address),
                    pending.id,
                    pending.xml,
                    rows.micros(pending.at),
                    pending.is_room,
                    int(pending.stage),
                    pending.sequence,
                    pending.unsealed,
                ),
            )
            found = connection.execute(
                f"SELECT {_PENDING} FROM outbox WHERE account = ? AND address = ? AND id = ?",
                (str(chat.account), str(chat.address), pending.id),
            ).fetchone()
        return _pending(found)

    def pending(self, account: Address) -> Sequence[Pending]:
        """As `Custody.pending`."""
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT {_PENDING} FROM outbox WHERE account = ? ORDER BY number", (str(account),)
            ).fetchall()
        return [_pending(one) for one in found]

    def is_under_way(self, account: Address, room: ChatKey | None) -> bool:
        """As `Custody.is_under_way`."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT 1 FROM outbox WHERE account = ? AND stage = ? AND is_room = ?"
                " AND (NOT is_room OR address = ?) LIMIT 1",
                (
                    str(account),
                    int(Stage.WRITTEN),
                    room is not None,
                    "" if room is None else str(room.address),
                ),
            ).fetchone()
        return found is not None

    def written(self, number: int, sequence: int) -> None:
        """As `Custody.written`."""
        with self._database.writing(durable=False) as connection:
            connection.execute(
                "UPDATE outbox SET stage = ?, sequence = ? WHERE number = ?",
                (int(Stage.WRITTEN), sequence, number),
            )

    def settled(self, account: Address, chat: ChatKey, ids: Iterable[str]) -> Sequence[Pending]:
        """As `Custody.settled`."""
        gone: list[Pending] = []
        with self._database.writing(durable=False) as connection:
            for id in ids:
                gone += map(
                    _pending,
                    connection.execute(
                        "DELETE FROM outbox WHERE account = ? AND address = ? AND id = ?"
                        f" RETURNING {_PENDING}",
                        (str(account), str(chat.address), id),
                    ).fetchall(),
                )
        return gone

    def restage(self, account: Address, stage: Stage) -> None:
        """As `Custody.restage`."""
        with self._database.writing(durable=False) as connection:
            connection.execute(
                "UPDATE outbox SET stage = ?, sequence = 0 WHERE account = ? AND stage = ?",
                (int(stage), str(account), int(Stage.WRITTEN)),
            )

    def stream(self, account: Address) -> StreamState | None:
        """As `Custody.stream`."""
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT {_STREAM} FROM stream WHERE account = ?", (str(account),)
            ).fetchone()
        if found is None:
            return None
        own, id, bound, seconds, location, handled, acknowledged, seen_at, boot = found
        return StreamState(
            rows.address(own),
            id,
            rows.address(bound),
            seconds,
            location,
            handled,
            acknowledged,
            rows.optional_moment(seen_at),
            boot,
        )

    def put_stream(self, state: StreamState) -> None:
        """As `Custody.put_stream`."""
        with self._database.writing(durable=False) as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO stream ({_STREAM}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    str(state.account),
                    state.id,
                    str(state.bound),
                    state.seconds,
                    state.location,
                    state.handled,
                    state.acknowledged,
                    rows.optional_micros(state.seen_at),
                    state.boot,
                ),
            )

    def count(self, account: Address, handled: int, acknowledged: int, seen_at: datetime) -> None:
        """As `Custody.count`."""
        with self._database.writing(durable=False) as connection:
            connection.execute(
                "UPDATE stream SET handled = ?, acknowledged = ?, seen_at = ? WHERE account = ?",
                (handled, acknowledged, rows.micros(seen_at), str(account)),
            )

    def drop_stream(self, account: Address) -> None:
        """As `Custody.drop_stream`."""
        with self._database.writing(durable=False) as connection:
            connection.execute("DELETE FROM stream WHERE account = ?", (str(account),))
            connection.execute("DELETE FROM presence WHERE account = ?", (str(account),))

    def put_presence(self, account: Address, sender: Address, xml: str) -> None:
        """As `Custody.put_presence`."""
        with self._database.writing(durable=False) as connection:
            # Replaced, not changed: it takes a new number, and so the newest place.
            connection.execute(
                "INSERT OR REPLACE INTO presence (account, bare, resource, xml) VALUES (?, ?, ?, ?)",
                (str(account), str(sender.bare), sender.resource, xml),
            )

    def drop_presence(self, account: Address, sender: Address) -> None:
        """As `Custody.drop_presence`."""
        with self._database.writing(durable=False) as connection:
            connection.execute(
                "DELETE FROM presence WHERE account = ? AND bare = ? AND ? IN (resource, '')",
                (str(account), str(sender.bare), sender.resource),
            )

    def presences(self, account: Address) -> Sequence[str]:
        """As `Custody.presences`."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT xml FROM presence WHERE account = ? ORDER BY number", (str(account),)
            ).fetchall()
        return [xml for (xml,) in found]


def _pending(found: tuple[str, str, str, str, int, int, int, int, int, int]) -> Pending:
    account, address, id, xml, at, number, is_room, stage, sequence, unsealed = found
    return Pending(
        ChatKey(rows.address(account), rows.address(address)),
        id,
        xml,
        rows.moment(at),
        number,
        bool(is_room),
        Stage(stage),
        sequence,
        bool(unsealed),
    )
