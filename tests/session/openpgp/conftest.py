"""The key rings and the account of the attacks."""

from __future__ import annotations

from tests.attacks.openpgp.conftest import bert, ours, ring, theirs, wire

__all__ = ["bert", "ours", "ring", "theirs", "wire"]
