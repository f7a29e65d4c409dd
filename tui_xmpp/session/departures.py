"""Rooms that we left and that have not answered yet: what they say until then is about the time before."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

from ..core.chat import ChatKey
from . import muc


class Departures:
    """Where we are, or ask to be, and how often each room has yet to tell us that we are gone.

    A room answers each join and each leave behind it with our own presence, in order (XEP-0045 §7.2.2 and
    §7.14). Whoever comes back before all answers are there must not take an old one for that to the new join.
    """

    def __init__(self) -> None:
        self._inside: set[ChatKey] = set()
        self._owed: Counter[ChatKey] = Counter()

    def entering(self, room: ChatKey) -> None:
        """A room is asked to let us in, or has been, and nothing behind it has said that we go."""
        self._inside.add(room)

    def outside(self, room: ChatKey, *, told: bool = False) -> None:
        """We are not in it any more, for all we know; *told*: the room is being told so, and will answer."""
        if room in self._inside:
            self._inside.discard(room)
            self._owed[room] += told

    def left_all(self) -> None:
        """Every room is told that we leave."""
        for room in list(self._inside):
            self.outside(room, told=True)

    def forget(self, room: ChatKey) -> bool:
        """A room has been silent for too long; returns whether it owed an answer until now."""
        self._inside.discard(room)
        return self._owed.pop(room, 0) > 0

    def clear(self) -> None:
        """What was said on an earlier link, no room answers here."""
        self._inside.clear()
        self._owed.clear()

    def answers(self, room: ChatKey, stanza: ET.Element, nick: str) -> bool:
        """Whether a presence from the room is about an earlier time; our going, or a refusal, is its end."""
        is_refusal = stanza.get("type") == "error"
        is_gone = not is_refusal and _is_gone(stanza, nick)
        if self._owed[room]:
            self._owed[room] -= is_refusal or is_gone
            return True
        if is_gone:
            self._inside.discard(room)
        return False


def _is_gone(stanza: ET.Element, nick: str) -> bool:
    """Whether a presence says that we, known by *nick*, are not in the room any more."""
    presence = muc.read_presence(stanza, stanza.get("from", "").partition("/")[2], vouched=False)
    is_renamed = muc.Status.NEW_NICK in presence.statuses
    return presence.is_own(nick) and not presence.available and not is_renamed
