"""Version 3: what was spent, hour by hour."""

from __future__ import annotations

STATEMENTS = (
    # `hour` counts hours since 1970; `chat` is empty where it belongs to none, or to a whole day.
    """
    CREATE TABLE spent (
        hour INTEGER NOT NULL,
        account TEXT NOT NULL,
        category TEXT NOT NULL,
        chat TEXT NOT NULL,
        xml_up INTEGER NOT NULL,
        xml_down INTEGER NOT NULL,
        tls_up INTEGER NOT NULL,
        tls_down INTEGER NOT NULL,
        tcp_up INTEGER NOT NULL,
        tcp_down INTEGER NOT NULL,
        spared_up INTEGER NOT NULL,
        spared_down INTEGER NOT NULL,
        PRIMARY KEY (hour, account, category, chat)
    ) WITHOUT ROWID
    """,
)
