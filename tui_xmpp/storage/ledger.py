"""What was spent, hour by hour; what is long ago, day by day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.traffic import Amount, Category, Spent

from . import rows
from .database import Database

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_AMOUNTS = ("xml_up", "xml_down", "tls_up", "tls_down", "tcp_up", "tcp_down", "spared_up", "spared_down")
_COLUMNS = ", ".join(_AMOUNTS)
_ADD = (
    f"INSERT INTO spent (hour, account, category, chat, {_COLUMNS})"
    f" VALUES (?, ?, ?, ?, {', '.join('?' * len(_AMOUNTS))})"
    " ON CONFLICT (hour, account, category, chat) DO UPDATE SET "
    + ", ".join(f"{one} = {one} + excluded.{one}" for one in _AMOUNTS)
)


class SqliteLedger:
    """`core.ports.Ledger` on a database; every method may raise `StorageError`."""

    def __init__(self, database: Database) -> None:
        """Use *database*, which the caller closes."""
        self._database = database

    def add(self, spent: Sequence[Spent]) -> None:
        """As `Ledger.add`."""
        with self._database.writing(durable=False) as connection:
            connection.executemany(_ADD, map(_row, spent))

    def spent(self, since: datetime, until: datetime) -> Sequence[Spent]:
        """As `Ledger.spent`."""
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT hour, account, category, chat, {_COLUMNS} FROM spent"
                " WHERE hour >= ? AND hour < ? ORDER BY hour, account, category, chat",
                (_up(since), _up(until)),
            ).fetchall()
        return [_spent(one) for one in found]

    def forget(self, before: datetime) -> None:
        """As `Ledger.forget`: a day (UTC) becomes one hour, its first, without chats."""
        day = _up(before) // 24 * 24
        sums = ", ".join(f"SUM({one})" for one in _AMOUNTS)
        with self._database.writing(durable=False) as connection:
            days = connection.execute(
                f"SELECT hour / 24 * 24, account, category, '', {sums} FROM spent WHERE hour < ?"
                " GROUP BY hour / 24, account, category HAVING COUNT(*) > 1 OR hour % 24 OR chat <> ''",
                (day,),
            ).fetchall()
            for first, account, category, *_ in days:
                connection.execute(
                    "DELETE FROM spent WHERE hour >= ? AND hour < ? AND account = ? AND category = ?",
                    (first, first + 24, account, category),
                )
            connection.executemany(_ADD, days)


def _up(at: datetime) -> int:
    """The first hour that begins at or after a time."""
    return -((_EPOCH - at) // _HOUR)


def _row(one: Spent) -> tuple[object, ...]:
    amounts: Iterable[Amount] = (one.xml, one.tls, one.tcp, one.spared)
    chat = "" if one.chat is None else str(one.chat.address)
    return (
        (one.hour - _EPOCH) // _HOUR,
        str(one.account),
        one.category.value,
        chat,
        *(size for amount in amounts for size in (amount.up, amount.down)),
    )


def _spent(found: Sequence[object]) -> Spent:
    hour, account, category, chat, *sizes = found
    own = rows.address(str(account))
    up_down = [int(str(one)) for one in sizes]
    amounts = [Amount(*up_down[at : at + 2]) for at in range(0, len(up_down), 2)]
    return Spent(
        own,
        _EPOCH + int(str(hour)) * _HOUR,
        Category(category),
        ChatKey(own, rows.address(str(chat))) if chat else None,
        *amounts,
    )
