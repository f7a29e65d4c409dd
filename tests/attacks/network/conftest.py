"""The attacks use the certificates of the link's tests."""

from __future__ import annotations

from tests.session.link.conftest import authority, good

__all__ = ["authority", "good"]
