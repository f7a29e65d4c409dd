"""The library's keys and ratchets in our database: what one step changes is written together, or not at all.

The library stores a session in a dozen steps; a kill between two of them would lose messages for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from omemo.storage import Just, Maybe, Nothing, Storage
from omemo.types import JSONType

from ...core import restored
from ...core.address import Address
from ...core.ports import KeyValue

_SPACE = "omemo"
_DEVICE = "/own_device_id"
_RESTORED = "omemo-restored"
"""In the facts: up to when it was seen that the database is a copy."""


class OmemoStore(Storage):
    """Of one account, on the small facts that outlive the process."""

    def __init__(self, facts: KeyValue, account: Address) -> None:
        super().__init__(disable_cache=True)
        self._facts = facts
        self._space = f"{_SPACE} {account}"
        self._changes: dict[str, str | None] | None = None

    @contextmanager
    def step(self) -> Iterator[None]:
        """Keep all that is stored inside once it has gone well; the caller's transaction has it then."""
        self._changes = {}
        try:
            yield
            for key, text in self._changes.items():
                if text is None:
                    self._facts.delete(self._space, key)
                else:
                    self._facts.put(self._space, key, text)
        finally:
            self._changes = None

    def device(self) -> int | None:
        """The id of this device; None: it has none yet."""
        text = self._facts.get(self._space, _DEVICE)
        return None if text is None else int(json.loads(text))

    def begin_anew(self) -> int | None:
        """Forget our own keys and all sessions where the database is an older copy; returns the id that
        this device had, None: nothing had to be forgotten.

        Such sessions would use keys once more that were used. What is thought of others stays.
        """
        last = self._facts.get(restored.SPACE, restored.LAST)
        if last is None or last == self._facts.get(_RESTORED, self._space):
            return None
        device = self.device()
        self._facts.clear(self._space, but=("/devices/", "/trust/"))
        self._facts.put(_RESTORED, self._space, last)
        return device

    def is_known(self, owner: str, device: int) -> bool:
        """Whether the identity key of a device is known."""
        return self._text(f"/devices/{owner}/{device}/identity_key") is not None

    async def listed(self, owner: str) -> tuple[tuple[int, frozenset[str]], ...]:
        """The ids on the lists of an account now, each with the namespaces it is active in."""
        found = []
        for id in (await self.load_list(f"/devices/{owner}/list", int)).maybe([]):
            active = (await self.load_dict(f"/devices/{owner}/{id}/active", bool)).maybe({})
            namespaces = frozenset(one for one, is_active in active.items() if is_active)
            if namespaces:
                found.append((id, namespaces))
        return tuple(found)

    async def _load(self, key: str) -> Maybe[JSONType]:
        text = self._text(key)
        return Nothing() if text is None else Just(cast(JSONType, json.loads(text)))

    def _text(self, key: str) -> str | None:
        if self._changes is not None and key in self._changes:
            return self._changes[key]
        return self._facts.get(self._space, key)

    async def _store(self, key: str, value: JSONType) -> None:
        self._change(key, json.dumps(value, separators=(",", ":")))

    async def _delete(self, key: str) -> None:
        self._change(key, None)

    def _change(self, key: str, text: str | None) -> None:
        if self._changes is None:
            raise RuntimeError("keys are stored in a step only")
        self._changes[key] = text
