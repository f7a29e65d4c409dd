"""Whether a room message names us, or a word the user waits for."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...core.chat import ChatKind
from ...core.styling import mentions
from ..draft import Draft
from ..feature import Feature


class Mentions(Feature):
    """Looks for our nick and the configured words, each as a whole word."""

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Mark what is meant for us."""
        if draft.kind is not ChatKind.ROOM or draft.outgoing or not draft.body:
            return
        room = self.context.world.rooms.get(draft.chat)
        words = (room.nick if room else "", *self.context.settings.notify.words)
        draft.mention = any(mentions(draft.body, word) for word in words)
