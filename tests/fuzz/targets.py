"""All targets, by name."""

from __future__ import annotations

from tests.fuzz import pgp, stream, text, uri

TARGETS = {one.TARGET.name: one.TARGET for one in (text, stream, uri, pgp)}
