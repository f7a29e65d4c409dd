"""Version 2: what must reach the server, and what lets a session be resumed."""

from __future__ import annotations

STATEMENTS = (
    """
    CREATE TABLE outbox (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        account TEXT NOT NULL,
        address TEXT NOT NULL,
        id TEXT NOT NULL,
        xml TEXT NOT NULL,
        at INTEGER NOT NULL,
        is_room INTEGER NOT NULL,
        stage INTEGER NOT NULL DEFAULT 0,
        sequence INTEGER NOT NULL DEFAULT 0,
        UNIQUE (account, address, id)
    )
    """,
    # A message of an older program has no stanza yet; what was written may have arrived.
    """
    INSERT OR IGNORE INTO outbox (account, address, id, xml, at, is_room, stage)
    SELECT c.account, c.address, m.id, '', m.at, m.type = 'groupchat',
        CASE m.delivery WHEN 1 THEN 0 ELSE 2 END
    FROM message m JOIN chat c ON c.number = m.chat
    WHERE m.outgoing AND m.delivery IN (1, 2) AND m.id <> '' ORDER BY m.at, m.row
    """,
    """
    CREATE TABLE stream (
        account TEXT PRIMARY KEY,
        id TEXT NOT NULL,
        bound TEXT NOT NULL,
        seconds INTEGER NOT NULL,
        location TEXT NOT NULL,
        handled INTEGER NOT NULL,
        acknowledged INTEGER NOT NULL,
        seen_at INTEGER,
        boot TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE presence (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        account TEXT NOT NULL,
        bare TEXT NOT NULL,
        resource TEXT NOT NULL,
        xml TEXT NOT NULL,
        UNIQUE (account, bare, resource)
    )
    """,
)
