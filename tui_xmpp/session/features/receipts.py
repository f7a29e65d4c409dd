"""Delivery receipts (XEP-0184): asked for and given as the link allows, and only to people on the roster."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple
from xml.etree import ElementTree as ET

from ...core.address import Address
from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, SendReceipt
from ...core.message import Message
from ...core.traffic import Category
from .. import convert, guard
from ..draft import Draft
from ..feature import Context, Feature, Handler, Outgoing

RECEIPTS = "urn:xmpp:receipts"
_REQUEST_BYTES, _RECEIPT_BYTES = 40, 170
"""About what one costs."""
_MOST_HELD = 500


class _Held(NamedTuple):
    """A receipt that was asked for and not given."""

    chat: ChatKey
    to: Address
    type: str
    id: str


class Receipts(Feature):
    """Asks for receipts, reads them, and gives them."""

    XEPS = ("XEP-0184",)
    NAMESPACES = (RECEIPTS,)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._held: deque[_Held] = deque(maxlen=_MOST_HELD)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Giving what was held back."""
        return {SendReceipt: self._give_held}

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
            # XEP-0184 §8: not to those who "are not otherwise authorized to view the recipient's presence".
            and guard.sees_us(context.world, context.own, draft.source)
        ):
            held = _Held(message.chat, draft.source, draft.type.value, draft.id)
            if not context.settings.privacy.send_receipts:
                self._held.append(held)
            elif not context.pacing.gives_receipts:
                self._held.append(held)
                context.metering.spared(Category.MARKS, _RECEIPT_BYTES, 0, message.chat)
            elif seconds := context.pacing.receipt_seconds:
                context.send_along(self._receipt(held), seconds)
            else:
                context.send(self._receipt(held))

    def _receipt(self, held: _Held) -> ET.Element:
        # Nobody refers to it, so it needs no id. It goes to the device that asked, so that neither type
        # (XEP-0184 §5, example 4) nor the hint that some servers need to keep it is needed to get there:
        # where every byte counts, they are left out.
        lean = self.context.pacing.short_ids
        stanza = convert.stanza("message", held.to, "" if lean else held.type)
        convert.add(stanza, RECEIPTS, "received", id=held.id)
        if not lean:
            convert.add(stanza, convert.HINTS, "store")
        return stanza

    async def _give_held(self, command: SendReceipt) -> None:
        context = self.context
        if not context.online or not guard.sees_us(context.world, context.own, command.chat.address):
            return
        for held in [one for one in self._held if one.chat == command.chat]:
            self._held.remove(held)
            context.send(self._receipt(held))
