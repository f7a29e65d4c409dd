"""Corrections, retractions and reactions on their way: they outlive a restart too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..core.address import Address
from ..core.chat import ChatKey
from ..core.message import Message
from ..core.ports import Clock, KeyValue
from .feature import Outgoing

_SPACE = "outbox"


class Aside:
    """What the server is not known to have, by id, oldest first."""

    def __init__(self, own: Address, facts: KeyValue, clock: Clock) -> None:
        self._own = own
        self._facts = facts
        self._waiting: dict[str, Outgoing] = {}
        stored = facts.get(_SPACE, str(own))
        for one in json.loads(stored) if stored else []:
            outgoing = _read(one, own, clock)
            self._waiting[outgoing.message.id] = outgoing

    def __iter__(self) -> Iterator[Outgoing]:
        return iter(list(self._waiting.values()))

    def add(self, outgoing: Outgoing) -> None:
        """Remember one until it is `done`."""
        self._waiting[outgoing.message.id] = outgoing
        self._store()

    def done(self, id: str) -> None:
        """The server has it, or will never take it."""
        if self._waiting.pop(id, None) is not None:
            self._store()

    def _store(self) -> None:
        if self._waiting:
            self._facts.put(_SPACE, str(self._own), json.dumps([_write(one) for one in self]))
        else:
            self._facts.delete(_SPACE, str(self._own))


def _write(outgoing: Outgoing) -> dict[str, Any]:
    return {
        "id": outgoing.message.id,
        "chat": str(outgoing.message.chat.address),
        "body": outgoing.message.body,
        "corrects": outgoing.corrects,
        "retracts": outgoing.retracts,
        "reacts": outgoing.reacts,
        "room": outgoing.is_room,
    }


def _read(stored: dict[str, Any], own: Address, clock: Clock) -> Outgoing:
    message = Message(
        chat=ChatKey(own, Address.parse(stored["chat"])),
        at=clock.now(),
        sender=own,
        body=stored["body"],
        id=stored["id"],
        outgoing=True,
    )
    reacts = stored["reacts"]
    return Outgoing(
        message,
        corrects=stored["corrects"],
        retracts=stored["retracts"],
        reacts=(reacts[0], tuple(reacts[1])) if reacts else None,
        is_room=stored["room"],
        kept=False,
    )
