"""Presence: what we announce and what contacts announce (RFC 6121 §4, XEP-0319)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from ...core.chat import ChatKey
from ...core.commands import Command, SetPresence
from ...core.contact import OwnPresence, Presence, Show
from ...core.events import OwnPresenceChanged, PresenceChanged, PresencesCleared
from .. import caps, convert, guard
from ..feature import Context, Feature, Handler

IDLE = "urn:xmpp:idle:1"
_SHOWS = {"chat": Show.CHAT, "away": Show.AWAY, "xa": Show.XA, "dnd": Show.DND}
_MAX_RESOURCES = 50
_SPACE = "own-presence"
"""In the facts: what this session has announced."""


class Presences(Feature):
    """Announces ours after the roster is known, and notes theirs."""

    XEPS = ("XEP-0115", "XEP-0203", "XEP-0319")
    NAMESPACES = (caps.CAPS, IDLE)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._own = OwnPresence()

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """What the user announces."""
        return {SetPresence: self._set}

    def on_ready(self) -> None:
        """Announce what was last chosen."""
        self._announce()

    def on_resumed(self) -> None:
        """The server goes on announcing for us what it was told."""
        try:
            show, status, priority = json.loads(self.context.facts.get(_SPACE, str(self.context.own)) or "")
            self._own = OwnPresence(Show(show), str(status), int(priority))
        except (ValueError, TypeError):
            self._own = OwnPresence()
        self.context.emit(OwnPresenceChanged(self.context.own, self._own))

    def on_stop(self) -> None:
        """Nothing is known of anybody now."""
        self.context.emit(PresencesCleared(self.context.own))

    def presence(self, stanza: ET.Element) -> bool:
        """Note what a resource announces."""
        kind = stanza.get("type", "")
        sender = convert.address_in(stanza)
        if kind not in ("", "unavailable") or sender is None:
            return False
        own, world = self.context.own, self.context.world
        if ChatKey(own, sender.bare) in world.rooms:
            return False
        # RFC 6121 §4.3: presence comes from those we subscribed to; others may only claim it.
        if sender.bare != own and not guard.is_contact(world, own, sender):
            return False
        known = world.presences.get((own, sender.bare), {})
        if sender.resource not in known and len(known) >= _MAX_RESOURCES:
            return True
        self.context.emit(PresenceChanged(own, sender.bare, self._read(stanza, sender.resource, kind)))
        return True

    def _read(self, stanza: ET.Element, resource: str, kind: str) -> Presence:
        show = _SHOWS.get(convert.text_of(stanza, "show").strip(), Show.AVAILABLE)
        try:
            # RFC 6121 §4.7.2.3: "MUST be an integer between -128 and +127".
            priority = max(-128, min(127, int(convert.text_of(stanza, "priority") or 0)))
        except ValueError:
            priority = 0
        idle = convert.child(stanza, IDLE, "idle")
        since = convert.delay_in(stanza) if idle is None else convert.stamp(idle.get("since"))
        now = self.context.clock.now()
        return Presence(
            resource=resource,
            show=Show.OFFLINE if kind == "unavailable" else show,
            status=convert.text_of(stanza, "status"),
            priority=priority,
            since=now if since is None else guard.sane_time(since, now),
        )

    async def _set(self, command: SetPresence) -> None:
        priority = self._own.priority if command.priority is None else command.priority
        self._own = OwnPresence(command.show, command.status, max(-128, min(127, priority)))
        self._announce()

    def _announce(self) -> None:
        own = self._own
        stanza = convert.stanza("presence", kind="unavailable" if own.show is Show.OFFLINE else "")
        if own.show not in (Show.AVAILABLE, Show.OFFLINE):
            convert.add(stanza, convert.CLIENT, "show", own.show.value)
        if own.status:
            convert.add(stanza, convert.CLIENT, "status", own.status)
        if own.priority:
            convert.add(stanza, convert.CLIENT, "priority", str(own.priority))
        if own.show is not Show.OFFLINE and self.context.pacing.tells_capabilities:
            stanza.append(caps.element(self.context.announced))
        if own.show in (Show.AWAY, Show.XA):
            convert.add(stanza, IDLE, "idle", since=convert.written(self.context.clock.now()))
        self.context.send(stanza)
        told, key = json.dumps([own.show.value, own.status, own.priority]), str(self.context.own)
        if self.context.facts.get(_SPACE, key) != told:
            self.context.facts.put(_SPACE, key, told)
        self.context.emit(OwnPresenceChanged(self.context.own, own))
