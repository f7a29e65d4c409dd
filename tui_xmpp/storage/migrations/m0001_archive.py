"""Version 1: chats, messages and what hangs on them, search, holes, and the caches."""

from __future__ import annotations

STATEMENTS = (
    """
    CREATE TABLE chat (
        number INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        address TEXT NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL DEFAULT '',
        last_at INTEGER,
        last_text TEXT NOT NULL DEFAULT '',
        unread INTEGER NOT NULL DEFAULT 0,
        mentions INTEGER NOT NULL DEFAULT 0,
        read_at INTEGER,
        read_row INTEGER NOT NULL DEFAULT 0,
        notify TEXT NOT NULL DEFAULT 'all',
        pinned INTEGER NOT NULL DEFAULT 0,
        draft TEXT NOT NULL DEFAULT '',
        open INTEGER NOT NULL DEFAULT 1,
        switch INTEGER NOT NULL DEFAULT 0,
        UNIQUE (account, address)
    )
    """,
    """
    CREATE TABLE message (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        chat INTEGER NOT NULL REFERENCES chat (number) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        sender TEXT NOT NULL,
        body TEXT NOT NULL,
        id TEXT NOT NULL,
        origin_id TEXT NOT NULL,
        archive_id TEXT NOT NULL,
        nick TEXT NOT NULL,
        occupant_id TEXT NOT NULL,
        outgoing INTEGER NOT NULL,
        type TEXT NOT NULL,
        subject TEXT NOT NULL,
        delivery INTEGER NOT NULL,
        failure TEXT NOT NULL,
        protection TEXT NOT NULL,
        mention INTEGER NOT NULL,
        edited INTEGER NOT NULL,
        retracted TEXT NOT NULL,
        reply_id TEXT,
        reply_sender TEXT,
        reply_nick TEXT,
        reply_text TEXT,
        markable INTEGER NOT NULL,
        has_link INTEGER NOT NULL
    )
    """,
    "CREATE INDEX message_place ON message (chat, at, row)",
    "CREATE INDEX message_id ON message (chat, id) WHERE id <> ''",
    "CREATE INDEX message_origin_id ON message (chat, origin_id) WHERE origin_id <> ''",
    "CREATE INDEX message_archive_id ON message (chat, archive_id) WHERE archive_id <> ''",
    "CREATE INDEX message_unsent ON message (chat) WHERE delivery IN (1, 2)",
    "CREATE INDEX message_underway ON message (chat, at, row) WHERE delivery BETWEEN 2 AND 4",
    """
    CREATE INDEX message_incoming ON message (chat, at, row, mention)
        WHERE delivery = 0 AND (body <> '' OR subject <> '')
    """,
    """
    CREATE VIRTUAL TABLE words USING fts5 (
        body, subject, content = 'message', content_rowid = 'row', tokenize = 'unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
        INSERT INTO words (rowid, body, subject) VALUES (new.row, new.body, new.subject);
    END
    """,
    """
    CREATE TRIGGER message_changed AFTER UPDATE OF body, subject ON message BEGIN
        INSERT INTO words (words, rowid, body, subject) VALUES ('delete', old.row, old.body, old.subject);
        INSERT INTO words (rowid, body, subject) VALUES (new.row, new.body, new.subject);
    END
    """,
    """
    CREATE TRIGGER message_gone AFTER DELETE ON message BEGIN
        INSERT INTO words (words, rowid, body, subject) VALUES ('delete', old.row, old.body, old.subject);
    END
    """,
    """
    CREATE TABLE reaction (
        message INTEGER NOT NULL REFERENCES message (row) ON DELETE CASCADE,
        sender TEXT NOT NULL,
        nick TEXT NOT NULL,
        emojis TEXT NOT NULL,
        own INTEGER NOT NULL,
        PRIMARY KEY (message, sender)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE revision (
        number INTEGER PRIMARY KEY,
        message INTEGER NOT NULL REFERENCES message (row) ON DELETE CASCADE,
        body TEXT NOT NULL
    )
    """,
    "CREATE INDEX revision_message ON revision (message)",
    """
    CREATE TABLE amendment (
        number INTEGER PRIMARY KEY,
        chat INTEGER NOT NULL REFERENCES chat (number) ON DELETE CASCADE,
        target TEXT NOT NULL,
        kind TEXT NOT NULL,
        sender TEXT NOT NULL,
        occupant_id TEXT NOT NULL,
        own INTEGER NOT NULL,
        nick TEXT NOT NULL,
        value TEXT NOT NULL,
        UNIQUE (chat, target, kind, sender, occupant_id, own)
    )
    """,
    """
    CREATE TABLE gap (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        chat INTEGER NOT NULL REFERENCES chat (number) ON DELETE CASCADE,
        after_at INTEGER,
        after_id TEXT NOT NULL,
        before_at INTEGER,
        before_id TEXT NOT NULL
    )
    """,
    "CREATE INDEX gap_chat ON gap (chat)",
    """
    CREATE TABLE archive_head (
        account TEXT NOT NULL,
        room TEXT NOT NULL,
        archive_id TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (account, room)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE roster (account TEXT PRIMARY KEY, version TEXT NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE contact (
        account TEXT NOT NULL,
        address TEXT NOT NULL,
        name TEXT NOT NULL,
        groups TEXT NOT NULL,
        subscription TEXT NOT NULL,
        ask INTEGER NOT NULL,
        approved INTEGER NOT NULL,
        PRIMARY KEY (account, address)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE bookmark (
        account TEXT NOT NULL,
        address TEXT NOT NULL,
        name TEXT NOT NULL,
        nick TEXT NOT NULL,
        autojoin INTEGER NOT NULL,
        PRIMARY KEY (account, address)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE fact (
        space TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (space, key)
    ) WITHOUT ROWID
    """,
)
