"""The rooms that the server knows us in, kept on the disk for as long as the session goes on."""

from __future__ import annotations

import json

from ..core.address import Address
from .feature import Context

_SPACE = "rooms-inside"


class RoomsInside:
    """Of one account: our nick by room. It outlives the process, as the session at the server does."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._nicks: dict[str, str] = {}

    def recall(self) -> dict[Address, str]:
        """Go on with what an earlier process noted; returns our nick by room."""
        try:
            kept = json.loads(self._context.facts.get(_SPACE, str(self._context.own)) or "{}")
        except ValueError:
            kept = {}
        self._nicks = kept if isinstance(kept, dict) else {}
        return {Address.parse(name): nick for name, nick in self._nicks.items()}

    def clear(self) -> None:
        """A new session: no room knows us."""
        if self._nicks or self.recall():
            self._keep({})

    def enter(self, room: Address, nick: str) -> None:
        """A room has let us in under a nick, or given us another one."""
        if self._nicks.get(str(room)) != nick:
            self._keep({**self._nicks, str(room): nick})

    def leave(self, room: Address) -> None:
        """A room knows us no more."""
        if str(room) in self._nicks:
            self._keep({one: nick for one, nick in self._nicks.items() if one != str(room)})

    def _keep(self, nicks: dict[str, str]) -> None:
        self._nicks = nicks
        self._context.facts.put(_SPACE, str(self._context.own), json.dumps(nicks))
