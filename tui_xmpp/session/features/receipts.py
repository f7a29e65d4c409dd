"""Delivery receipts (XEP-0184): asked for and given as the link allows, and only to people on the roster."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from xml.etree import ElementTree as ET

from ...core.chat import ChatKind
from ...core.commands import Command, SendReceipt
from ...core.message import Message
from ...core.ports import StorageError
from ...core.traffic import Category
from .. import convert, guard
from ..draft import Draft
from ..feature import Context, Feature, Handler, Outgoing
from ..owed_receipts import Owed, OwedReceipts

RECEIPTS = "urn:xmpp:receipts"
_REQUEST_BYTES, _RECEIPT_BYTES = 40, 170
"""About what one costs."""


class Receipts(Feature):
    """Asks for receipts, reads them, and gives them."""

    XEPS = ("XEP-0184",)
    NAMESPACES = (RECEIPTS,)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._owed = OwedReceipts(context)

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
            owed = Owed(draft.source, draft.type.value, draft.id, by_itself=self._gives)
            if owed.by_itself and not context.pacing.receipt_seconds:
                context.send(self._receipt(owed))
                return
            self._owed.add(owed)
            if owed.by_itself:
                self._ride(owed)
            elif context.settings.privacy.send_receipts:
                context.metering.spared(Category.MARKS, _RECEIPT_BYTES, 0, message.chat)

    def on_ready(self) -> None:
        """What the last session did not come to give goes in this one."""
        for owed in self._owed.all():
            if (
                owed.by_itself
                and self._gives
                and guard.sees_us(self.context.world, self.context.own, owed.to)
            ):
                self._ride(owed)

    def on_resumed(self) -> None:
        """Nor did the process before."""
        self.on_ready()

    @property
    def _gives(self) -> bool:
        return self.context.settings.privacy.send_receipts and self.context.pacing.gives_receipts

    def _ride(self, owed: Owed) -> None:
        def leaves() -> None:
            # What the disk does not take now is given twice, which says nothing new.
            with suppress(StorageError):
                self._owed.left(owed)

        self.context.send_along(self._receipt(owed), self.context.pacing.receipt_seconds, leaves)

    def _receipt(self, owed: Owed) -> ET.Element:
        # Nobody refers to it, so it needs no id. It goes to the device that asked, so that neither type
        # (XEP-0184 §5, example 4) nor the hint that some servers need to keep it is needed to get there:
        # where every byte counts, they are left out.
        lean = self.context.pacing.short_ids
        stanza = convert.stanza("message", owed.to, "" if lean else owed.type)
        convert.add(stanza, RECEIPTS, "received", id=owed.id)
        if not lean:
            convert.add(stanza, convert.HINTS, "store")
        return stanza

    async def _give_held(self, command: SendReceipt) -> None:
        context = self.context
        if not context.online or not guard.sees_us(context.world, context.own, command.chat.address):
            return
        for owed in self._owed.all():
            if owed.to.bare == command.chat.address and not owed.by_itself:
                self._owed.left(owed)
                context.send(self._receipt(owed))
