"""Joins that were given up before the room had answered: its late answers mean nothing any more."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..core.chat import ChatKey
from . import muc


class GivenUpJoins:
    """Rooms that will answer a join, then the leave behind it, before they answer the next join.

    XEP-0045 §7.2.2 and §7.14: a room tells us our own presence for each of the two.
    """

    def __init__(self) -> None:
        self._rooms: set[ChatKey] = set()

    def add(self, room: ChatKey) -> None:
        """A room was asked to let us in and told that we leave, in this order."""
        self._rooms.add(room)

    def discard(self, room: ChatKey) -> None:
        """The room has been silent for too long: what it says next is about the next join."""
        self._rooms.discard(room)

    def clear(self) -> None:
        """What was asked on an earlier link, no room answers here."""
        self._rooms.clear()

    def answers(self, room: ChatKey, stanza: ET.Element, nick: str) -> bool:
        """Whether a presence from the room is about such a join; after its last word nothing more is."""
        if room not in self._rooms:
            return False
        if stanza.get("type") == "error":
            self._rooms.discard(room)
            return True
        presence = muc.read_presence(stanza, stanza.get("from", "").partition("/")[2], vouched=False)
        if presence.is_own(nick) and not presence.available:
            self._rooms.discard(room)
        return True
