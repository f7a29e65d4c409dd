"""The steps that bring a database from one version to the next, in order; a released step never changes."""

from __future__ import annotations

from . import m0001_archive, m0002_custody, m0003_ledger, m0004_sealing

ALL: tuple[tuple[str, ...], ...] = (
    m0001_archive.STATEMENTS,
    m0002_custody.STATEMENTS,
    m0003_ledger.STATEMENTS,
    m0004_sealing.STATEMENTS,
)
"""The statements of each step; `PRAGMA user_version` counts the steps a database has taken."""
