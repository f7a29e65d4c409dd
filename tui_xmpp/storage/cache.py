"""What the servers told us last time: rosters and bookmarks, for a start without a network."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from tui_xmpp.core.address import Address
from tui_xmpp.core.contact import Contact, Subscription
from tui_xmpp.core.room import Bookmark

from . import rows
from .database import Database


class SqliteCache:
    """`core.ports.Cache` on a database; every method may raise `StorageError`."""

    def __init__(self, database: Database) -> None:
        """Use *database*, which the caller closes."""
        self._database = database

    def roster(self, account: Address) -> tuple[str, Sequence[Contact]]:
        """As `Cache.roster`; the version is empty when nothing is cached."""
        with self._database.reading() as connection:
            version = connection.execute(
                "SELECT version FROM roster WHERE account = ?", (str(account),)
            ).fetchone()
            contacts = [
                Contact(
                    account,
                    rows.address(row[0]),
                    row[1],
                    tuple(json.loads(row[2])),
                    Subscription(row[3]),
                    bool(row[4]),
                    bool(row[5]),
                )
                for row in connection.execute(
                    "SELECT address, name, groups, subscription, ask, approved FROM contact"
                    " WHERE account = ? ORDER BY address",
                    (str(account),),
                )
            ]
            return (version[0] if version else ""), contacts

    def put_roster(self, account: Address, version: str, contacts: Sequence[Contact]) -> None:
        """As `Cache.put_roster`."""
        with self._database.writing(durable=False) as connection:
            connection.execute("DELETE FROM contact WHERE account = ?", (str(account),))
            for contact in contacts:
                _put_contact(connection, contact)
            _put_version(connection, account, version)

    def put_contact(self, contact: Contact, version: str) -> None:
        """As `Cache.put_contact`."""
        with self._database.writing(durable=False) as connection:
            _put_contact(connection, contact)
            _put_version(connection, contact.account, version)

    def remove_contact(self, account: Address, address: Address, version: str) -> None:
        """As `Cache.remove_contact`."""
        with self._database.writing(durable=False) as connection:
            connection.execute(
                "DELETE FROM contact WHERE account = ? AND address = ?", (str(account), str(address))
            )
            _put_version(connection, account, version)

    def bookmarks(self, account: Address) -> Sequence[Bookmark]:
        """As `Cache.bookmarks`; without the rooms' passwords, which are never on our disk."""
        with self._database.reading() as connection:
            return [
                Bookmark(account, rows.address(row[0]), row[1], row[2], autojoin=bool(row[3]))
                for row in connection.execute(
                    "SELECT address, name, nick, autojoin FROM bookmark WHERE account = ? ORDER BY address",
                    (str(account),),
                )
            ]

    def put_bookmarks(self, account: Address, bookmarks: Sequence[Bookmark]) -> None:
        """As `Cache.put_bookmarks`; passwords are left out."""
        with self._database.writing(durable=False) as connection:
            connection.execute("DELETE FROM bookmark WHERE account = ?", (str(account),))
            connection.executemany(
                "INSERT OR REPLACE INTO bookmark (account, address, name, nick, autojoin)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    (str(account), str(one.address), rows.storable(one.name), one.nick, one.autojoin)
                    for one in bookmarks
                ],
            )


def _put_contact(connection: sqlite3.Connection, contact: Contact) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO contact (account, address, name, groups, subscription, ask, approved)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            str(contact.account),
            str(contact.address),
            rows.storable(contact.name),
            json.dumps(contact.groups),
            contact.subscription.value,
            contact.ask,
            contact.approved,
        ),
    )


def _put_version(connection: sqlite3.Connection, account: Address, version: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO roster (account, version) VALUES (?, ?)", (str(account), version)
    )
