"""A real database in a temporary folder, and messages to put into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_xmpp.storage.archive import SqliteArchive
from tui_xmpp.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "archive.db")
    yield opened
    opened.close()


@pytest.fixture
def archive(database: Database) -> SqliteArchive:
    return SqliteArchive(database)
