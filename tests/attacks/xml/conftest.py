"""The attacks use the session's scripted wire."""

from __future__ import annotations

from tests.session.conftest import wire

__all__ = ["wire"]
