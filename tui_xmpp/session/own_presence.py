"""What this session has announced, on the disk: a later process that takes it up has to know."""

from __future__ import annotations

import json

from ..core.contact import OwnPresence, Show
from .feature import Context

_SPACE = "own-presence"


def keep(context: Context, own: OwnPresence, *, seen: bool) -> None:
    """Note what was chosen; `seen`: the server has it, for all we know."""
    text, key = json.dumps([own.show.value, own.status, own.priority, seen]), str(context.own)
    if context.facts.get(_SPACE, key) != text:
        context.facts.put(_SPACE, key, text)


def kept(context: Context) -> tuple[OwnPresence, bool]:
    """What was chosen, and whether the server has it: who died before it left is seen by nobody."""
    try:
        show, status, priority, *seen = json.loads(context.facts.get(_SPACE, str(context.own)) or "")
        return OwnPresence(Show(show), str(status), int(priority)), seen != [False]
    except (ValueError, TypeError):
        return OwnPresence(), True
