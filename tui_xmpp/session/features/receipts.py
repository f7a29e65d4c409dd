"""Delivery receipts (XEP-0184): asked for and given as the link allows, and only to people on the roster."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...core.chat import ChatKind
from ...core.message import Message
from ...core.traffic import Category
from .. import convert, guard
from ..draft import Draft
from ..feature import Feature, Outgoing

RECEIPTS = "urn:xmpp:receipts"
_REQUEST_BYTES, _RECEIPT_BYTES = 40, 170
"""About what one costs."""


class Receipts(Feature):
    """Asks for receipts, reads them, and gives them."""

    XEPS = ("XEP-0184",)
    NAMESPACES = (RECEIPTS,)

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read a request or a receipt."""
        draft.receipt_wanted = convert.child(stanza, RECEIPTS, "request") is not None
        received = convert.child(stanza, RECEIPTS, "received")
        if received is not None:
            draft.receipt_for = received.get("id", "")

    def write(self, outgoing: Outgoing, stanza: ET.Element) -> None:
        """Ask for a receipt, but not in a room: XEP-0184 §5.3 advises against it."""
        if not outgoing.message.body or outgoing.is_room:
            return
        if self.context.pacing.asks_for_receipt(demanded=outgoing.receipt):
            convert.add(stanza, RECEIPTS, "request")
        else:
            self.context.metering.spared(
                Category.MARKS, _REQUEST_BYTES, _RECEIPT_BYTES, outgoing.message.chat
            )

    def kept(self, draft: Draft, message: Message) -> None:
        """Say that it arrived, once it is on disk."""
        context = self.context
        wanted = draft.receipt_wanted and draft.id and not (draft.outgoing or draft.carbon or draft.old)
        if (
            wanted
            and draft.kind is ChatKind.CONTACT
            and context.settings.privacy.send_receipts
            # XEP-0184 §8: not to those who "are not otherwise authorized to view the recipient's presence".
            and guard.sees_us(context.world, context.own, draft.source)
        ):
            if not context.pacing.gives_receipts:
                context.metering.spared(Category.MARKS, _RECEIPT_BYTES, 0, message.chat)
                return
            # Nobody refers to it, so it needs no id. It goes to the device that asked, so that neither type
            # (XEP-0184 §5, example 4) nor the hint that some servers need to keep it is needed to get there:
            # where every byte counts, they are left out.
            lean = context.pacing.short_ids
            stanza = convert.stanza("message", draft.source, "" if lean else draft.type.value)
            convert.add(stanza, RECEIPTS, "received", id=draft.id)
            if not lean:
                convert.add(stanza, convert.HINTS, "store")
            if seconds := context.pacing.receipt_seconds:
                context.send_along(stanza, seconds)
            else:
                context.send(stanza)
