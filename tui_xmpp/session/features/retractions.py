"""Taking back what was said (XEP-0424): a wish, which the archive grants only to the writer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from xml.etree import ElementTree as ET

from ...core.chat import ChatKey
from ...core.commands import Command, Refused, RetractMessage
from ...core.events import Event
from .. import convert
from ..arrivals import Arrivals
from ..draft import Draft
from ..feature import Context, Feature, Handler, Outgoing

RETRACT = "urn:xmpp:message-retract:1"
_WORDS = "This person took back a message, but your program does not support that."


class Retractions(Feature):
    """Reads and writes `<retract/>`."""

    XEPS = ("XEP-0424", "XEP-0428")
    NAMESPACES = (RETRACT,)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._arrivals = Arrivals(context.clock)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Taking back."""
        return {RetractMessage: self._retract}

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read which message is taken back; the words beside it are for programs that do not know this."""
        found = convert.child(stanza, RETRACT, "retract")
        if found is None or not found.get("id"):
            return
        id = found.get("id", "")
        draft.body = ""
        if self._arrivals.is_somebody_else(draft, self.context.archive.find(draft.chat, id)):
            draft.dropped = "a retraction by somebody else"
        else:
            draft.retracts = id

    def told(self, event: Event) -> None:
        """Note who came when."""
        self._arrivals.told(event)

    def write(self, outgoing: Outgoing, stanza: ET.Element) -> None:
        """Say which message is taken back."""
        if outgoing.retracts:
            convert.add(stanza, RETRACT, "retract", id=outgoing.retracts)
            convert.add(stanza, convert.CLIENT, "body", _WORDS)
            convert.add(stanza, convert.FALLBACK, "fallback", for_=RETRACT)
            convert.add(stanza, convert.HINTS, "store")

    def unsent(self, chat: ChatKey, stanza: ET.Element) -> str:
        """What is gone here cannot be brought back."""
        if convert.child(stanza, RETRACT, "retract") is None:
            return ""
        return "The message is gone here, but the others were not asked to take it away."

    async def _retract(self, command: RetractMessage) -> None:
        context = self.context
        original = context.archive.message(command.chat, command.row)
        if original is None or not original.outgoing:
            raise Refused("Only your own messages can be taken back.")
        is_room = command.chat in context.world.rooms
        # XEP-0424 §3: in a room the id that the room gave, elsewhere the origin id.
        named = (original.archive_id if is_room else original.origin_id) or original.id
        change = partial(
            context.archive.retract,
            command.chat,
            original.id,
            original.sender,
            str(context.own),
            occupant_id=original.occupant_id,
            own=True,
        )
        message = replace(original, id=context.new_id(), origin_id="", body="", subject="", reply=None)
        await context.submit(Outgoing(message, retracts=named, is_room=is_room, kept=False, change=change))
