"""Correcting what was said (XEP-0308): the inbox lets only the writer do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from xml.etree import ElementTree as ET

from ...core.chat import ChatKey
from ...core.commands import Command, CorrectMessage, Refused
from ...core.events import Event, MessageChanged
from .. import convert
from ..arrivals import Arrivals
from ..body import without_quotation
from ..draft import Draft
from ..feature import Context, Feature, Handler, Outgoing

CORRECT = "urn:xmpp:message-correct:0"


class Corrections(Feature):
    """Reads and writes `<replace/>`."""

    XEPS = ("XEP-0308",)
    NAMESPACES = (CORRECT,)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._arrivals = Arrivals(context.clock)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Editing."""
        return {CorrectMessage: self._correct}

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read which message is replaced."""
        found = convert.child(stanza, CORRECT, "replace")
        id = "" if found is None or not draft.body else found.get("id", "")
        if id and not self._arrivals.is_somebody_else(draft, self.context.archive.find(draft.chat, id)):
            draft.corrects = id

    def told(self, event: Event) -> None:
        """Note who came when."""
        self._arrivals.told(event)

    def write(self, outgoing: Outgoing, stanza: ET.Element) -> None:
        """Say which message is replaced."""
        if outgoing.corrects:
            convert.add(stanza, CORRECT, "replace", id=outgoing.corrects)

    def unsent(self, chat: ChatKey, stanza: ET.Element) -> str:
        """The message reads as it does for everybody else; the text is given back."""
        found = convert.child(stanza, CORRECT, "replace")
        if found is None:
            return ""
        body = without_quotation(stanza, convert.text_of(stanza, "body"))
        changed = self.context.archive.uncorrect(chat, found.get("id", ""), body)
        if changed is not None:
            self.context.emit(MessageChanged(changed))
        return f"Your correction was not sent, and the message is as it was. You had written: {body}"

    async def _correct(self, command: CorrectMessage) -> None:
        context = self.context
        original = context.archive.message(command.chat, command.row)
        if original is None or not original.outgoing or original.retracted:
            raise Refused("Only your own messages can be edited.")
        if not command.body.strip():
            raise Refused("Nothing is left of the text; retract the message instead.")
        if command.body == original.body:
            return
        # A room writes the sender with our nick, which may have changed; the archive compares what it has.
        change = partial(
            context.archive.correct,
            command.chat,
            original.id,
            original.sender,
            command.body,
            occupant_id=original.occupant_id,
            own=True,
        )
        # XEP-0308 §3: the id of the first message, also when it was corrected before.
        message = replace(original, id=context.new_id(), origin_id="", body=command.body)
        is_room = command.chat in context.world.rooms
        await context.submit(
            Outgoing(message, corrects=original.id, is_room=is_room, kept=False, change=change)
        )
