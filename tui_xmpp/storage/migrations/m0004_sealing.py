"""Version 4: what is still to be sealed before it goes, and what came sealed and could not be read yet."""

from __future__ import annotations

STATEMENTS = (
    "ALTER TABLE outbox ADD COLUMN unsealed INTEGER NOT NULL DEFAULT 0",
    """
    CREATE TABLE sealed (
        message INTEGER PRIMARY KEY REFERENCES message (row) ON DELETE CASCADE,
        xml TEXT NOT NULL
    )
    """,
)
