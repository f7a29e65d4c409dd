"""The subject of a room: read, and set (XEP-0045 §7.2.15, §8.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, Refused, SetSubject
from ...core.events import Event, Level, Notice, RoomChanged
from ...core.room import RoomState
from .. import convert
from ..draft import Draft
from ..feature import Context, Feature, Handler

_SUBJECT = f"{{{convert.CLIENT}}}subject"
_SPACE = "room-subject"
_CONTENT = (f"{{{convert.CLIENT}}}body", f"{{{convert.CLIENT}}}thread")


class RoomSubjects(Feature):
    """Follows the subjects of rooms; a change is also a message of the room."""

    XEPS = ("XEP-0045",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._awaited: set[ChatKey] = set()
        """Rooms that have yet to tell their subject since we joined."""
        self._sent: set[str] = set()
        """Ids of our changes."""

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Another subject."""
        return {SetSubject: self._set}

    async def _set(self, command: SetSubject) -> None:
        if command.chat.account != self.context.own:
            return
        room = self.context.world.rooms.get(command.chat)
        if room is None or room.state is not RoomState.JOINED or not self.context.online:
            raise Refused("You are not in this room now; join it first.")
        id = self.context.new_id()
        self._sent.add(id)
        stanza = convert.stanza("message", command.chat.address, "groupchat", id)
        convert.add(stanza, convert.CLIENT, "subject", command.subject)
        self.context.send(stanza)

    def told(self, event: Event) -> None:
        """A join begins."""
        if isinstance(event, RoomChanged) and event.state is RoomState.JOINING:
            self._awaited.add(event.key)

    def on_resumed(self) -> None:
        """The rooms we are in have told their subjects, and will not do so again."""
        for key, room in list(self.context.world.rooms.items()):
            if key.account != self.context.own or room.state is not RoomState.JOINING:
                continue
            try:
                subject, by = json.loads(self.context.facts.get(_SPACE, _key(key)) or "")
            except (ValueError, TypeError):
                continue
            self._awaited.discard(key)
            self.context.emit(RoomChanged(key, subject=str(subject), subject_by=str(by)))

    def refused(self, stanza: ET.Element, draft: Draft) -> None:
        """Say that a change was refused (XEP-0045 §8.1)."""
        if draft.kind is ChatKind.ROOM and draft.id in self._sent:
            self._sent.discard(draft.id)
            words = f"The subject was not changed. {draft.failure}"
            self.context.emit(Notice(words, Level.WARN, self.context.own, draft.chat))

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read a subject change."""
        found = stanza.find(_SUBJECT)
        if draft.kind is not ChatKind.ROOM or found is None:
            return
        # XEP-0045 §8.1: "only a message that contains a <subject/> but no <body/> and no <thread/>".
        if any(stanza.find(one) is not None for one in _CONTENT):
            return
        subject = found.text or ""
        # A page of the archive says what the subject was; the delay of a live one is in the message itself.
        if draft.old and convert.delay_in(stanza) is None:
            draft.subject = subject
            return
        self.context.emit(RoomChanged(draft.chat, subject=subject, subject_by=draft.sender.resource))
        told = json.dumps([subject, draft.sender.resource])
        if self.context.facts.get(_SPACE, _key(draft.chat)) != told:
            self.context.facts.put(_SPACE, _key(draft.chat), told)
        # XEP-0045 §7.2.15: the subject comes once after every join, whether it changed or not.
        if draft.chat in self._awaited or not subject:
            self._awaited.discard(draft.chat)
            draft.dropped = "the subject as it stands"
            return
        draft.subject = subject


def _key(room: ChatKey) -> str:
    return f"{room.account} {room.address}"
