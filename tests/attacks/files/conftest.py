"""The attacks by files use the session's scripted wire and its certificates."""

from __future__ import annotations

from tests.session.conftest import authority, good, wire

__all__ = ["authority", "good", "wire"]
