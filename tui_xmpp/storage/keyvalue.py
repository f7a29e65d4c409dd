"""Small facts that outlive the process."""

from __future__ import annotations

from .database import Database


class SqliteKeyValue:
    """`core.ports.KeyValue` on a database; every method may raise `StorageError`."""

    def __init__(self, database: Database) -> None:
        """Use *database*, which the caller closes."""
        self._database = database

    def get(self, space: str, key: str) -> str | None:
        """As `KeyValue.get`."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT value FROM fact WHERE space = ? AND key = ?", (space, key)
            ).fetchone()
            return row[0] if row else None

    def put(self, space: str, key: str, value: str) -> None:
        """As `KeyValue.put`."""
        with self._database.writing(durable=False) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO fact (space, key, value) VALUES (?, ?, ?)", (space, key, value)
            )

    def delete(self, space: str, key: str) -> None:
        """As `KeyValue.delete`."""
        with self._database.writing(durable=False) as connection:
            connection.execute("DELETE FROM fact WHERE space = ? AND key = ?", (space, key))

    def clear(self, space: str, *, but: tuple[str, ...]) -> None:
        """As `KeyValue.clear`."""
        kept = "".join(" AND substr(key, 1, ?) <> ?" for _ in but)
        values = [value for one in but for value in (len(one), one)]
        with self._database.writing(durable=False) as connection:
            connection.execute(f"DELETE FROM fact WHERE space = ?{kept}", (space, *values))
