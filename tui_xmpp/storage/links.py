"""Whether a body holds a link."""

from __future__ import annotations

import re

_LINK = re.compile(r"(?:https?|xmpp|mailto|geo|aesgcm):[^\s<>]", re.IGNORECASE)


def has_link(body: str) -> bool:
    """True when *body* holds an address that can be opened."""
    return _LINK.search(body) is not None
