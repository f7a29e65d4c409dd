"""Messages and their seals: what protected them, and those that came sealed and could not be read yet."""

from __future__ import annotations

from collections.abc import Sequence

from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Message
from tui_xmpp.core.security import Protection

from . import amendments, rows
from .database import Database
from .links import has_link


class SqliteSealed:
    """`core.ports.Sealed` on a database; every method may raise `StorageError`."""

    def __init__(self, database: Database) -> None:
        """Use *database*, which the caller closes."""
        self._database = database

    def protect(self, chat: ChatKey, id: str, protection: Protection) -> Message | None:
        """As `Sealed.protect`."""
        with self._database.writing() as connection:
            for row in rows.named(connection, chat, id):
                if rows.message_at(connection, row).outgoing:
                    connection.execute(
                        "UPDATE message SET protection = ? WHERE row = ?", (protection.value, row)
                    )
                    return rows.message_at(connection, row)
        return None

    def seal(self, number: int, xml: str) -> None:
        """As `Sealed.seal`."""
        with self._database.writing() as connection:
            connection.execute("UPDATE outbox SET xml = ?, unsealed = 0 WHERE number = ?", (xml, number))

    def put(self, row: int, xml: str) -> None:
        """As `Sealed.put`."""
        with self._database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO sealed (message, xml) VALUES (?, ?)", (row, xml))

    def get(self, row: int) -> str | None:
        """As `Sealed.get`."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT xml FROM sealed WHERE message = ?", (row,)).fetchone()
        return None if found is None else str(found[0])

    def waiting(self, account: Address) -> Sequence[Message]:
        """As `Sealed.waiting`."""
        with self._database.reading() as connection:
            return rows.messages(
                connection,
                f"SELECT {rows.MESSAGE} FROM message m JOIN chat c ON c.number = m.chat"
                " JOIN sealed s ON s.message = m.row WHERE c.account = ? ORDER BY m.row",
                (str(account),),
            )

    def reveal(self, row: int, body: str, protection: Protection) -> Message:
        """As `Sealed.reveal`."""
        body = rows.storable(body)
        with self._database.writing() as connection:
            connection.execute("DELETE FROM sealed WHERE message = ?", (row,))
            connection.execute(
                "UPDATE message SET body = ?, protection = ?, has_link = ? WHERE row = ?",
                (body, protection.value, has_link(body), row),
            )
            message = rows.message_at(connection, row)
            number = rows.chat_number(connection, message.chat)
            if number is not None:
                amendments.apply_waiting(connection, number, message)
            return rows.message_at(connection, row)
