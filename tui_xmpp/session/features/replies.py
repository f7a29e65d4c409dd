"""Answers to single messages (XEP-0461), with a quotation for programs that do not know them (XEP-0428)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...core.message import Message, Reply
from .. import convert
from ..body import REPLY, without_quotation
from ..draft import Draft
from ..feature import Feature, Outgoing

_MAX_QUOTE = 300


class Replies(Feature):
    """Reads and writes `<reply/>`."""

    XEPS = ("XEP-0461", "XEP-0428")
    NAMESPACES = (REPLY, convert.FALLBACK)

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read what is answered, and take the quotation out of the body."""
        found = convert.child(stanza, REPLY, "reply")
        if found is None or not found.get("id"):
            return
        id = found.get("id", "")
        answered = self.context.archive.find(draft.chat, id)
        draft.body = without_quotation(stanza, draft.body)
        if answered is None:
            draft.reply = Reply(id, convert.address(found.get("to")))
        else:
            draft.reply = Reply(
                id, answered.sender, answered.nick, answered.body.partition("\n")[0], answered.row
            )

    def write(self, outgoing: Outgoing, stanza: ET.Element) -> None:
        """Say what is answered and put its text in front."""
        reply = outgoing.message.reply
        body = convert.child(stanza, convert.CLIENT, "body")
        if reply is None or body is None:
            return
        to = str(reply.sender) if reply.sender else None
        convert.add(stanza, REPLY, "reply", to=to, id=reply.id)
        quote = self._quote(outgoing.message, reply)
        if quote:
            body.text = quote + (body.text or "")
            fallback = convert.add(stanza, convert.FALLBACK, "fallback", for_=REPLY)
            convert.add(fallback, convert.FALLBACK, "body", start="0", end=str(len(quote)))

    def _quote(self, message: Message, reply: Reply) -> str:
        answered = self.context.archive.message(message.chat, reply.row) if reply.row else None
        text = answered.body if answered else reply.text
        lines = text[:_MAX_QUOTE].splitlines()
        return "".join(f"> {line}\n" for line in lines)
