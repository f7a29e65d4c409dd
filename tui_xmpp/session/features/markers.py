"""Displayed markers (XEP-0333): what the peer has read, and what we have."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from ...core.chat import ChatKey, ChatKind
from ...core.commands import Command, Refused, SendReceipt
from ...core.events import Notice
from ...core.link import LinkProfile
from ...core.message import Delivery, Message
from .. import convert, guard
from ..draft import Draft
from ..feature import Context, Feature, Handler, Outgoing
from ..leaving import Leaving
from ..reading import read_up_to

MARKERS = "urn:xmpp:chat-markers:0"
_LOOK_BACK = 20


class Markers(Feature):
    """Marks our messages markable, reads markers, and sends one for the newest message read."""

    XEPS = ("XEP-0333",)
    NAMESPACES = (MARKERS,)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._said: dict[ChatKey, int] = {}
        """Row of the last message a marker was sent for."""
        self._leaving = Leaving(context, self._tell)

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """Reading, going elsewhere, and telling what was held back."""
        return {**self._leaving.handles, SendReceipt: self._tell_now}

    def on_link(self, before: LinkProfile, after: LinkProfile) -> None:
        """What waited for the chat to be left is told now, or never."""
        self._leaving.switched()

    def on_stop(self) -> None:
        """What was read and not told is told with the next message read."""
        self._leaving.clear()

    def read(self, stanza: ET.Element, draft: Draft) -> None:
        """Read the wish for a marker, or a marker."""
        draft.markable = convert.child(stanza, MARKERS, "markable") is not None
        displayed = convert.child(stanza, MARKERS, "displayed")
        if displayed is None:
            return
        draft.displayed = displayed.get("id", "")
        if draft.outgoing and draft.displayed:
            # Another of our devices showed it.
            message = self.context.archive.find(draft.chat, draft.displayed)
            if message is not None:
                read_up_to(self.context, draft.chat, message)

    def write(self, outgoing: Outgoing, stanza: ET.Element) -> None:
        """Ask for a marker."""
        if outgoing.message.body and self.context.pacing.tells_displayed:
            convert.add(stanza, MARKERS, "markable")
        if outgoing.message.body:
            self._leaving.wrote()

    def _tell(self, key: ChatKey, row: int) -> None:
        context = self.context
        chat = context.world.chats.get(key)
        if (
            chat is None
            or chat.kind is not ChatKind.CONTACT
            or not context.online
            or not context.settings.privacy.send_markers
            or not context.pacing.tells_displayed
            or not guard.sees_us(context.world, context.own, key.address)
        ):
            return
        self._say(key, row)

    async def _tell_now(self, command: SendReceipt) -> None:
        context = self.context
        if not context.online:
            raise Refused("You are not online.")
        if not guard.sees_us(context.world, context.own, command.chat.address):
            raise Refused("They may not see whether you are there, and a receipt would show it.")
        told = self._say(command.chat, 0)
        words = "They are told that you have read this." if told else "No mark of reading is owed here."
        context.emit(Notice(words, account=context.own, chat=command.chat))

    def _say(self, key: ChatKey, row: int) -> bool:
        """Send a marker for the newest message up to this row; False: there is none to be sent."""
        context = self.context
        message = self._newest_markable(key, row)
        if message is None or message.row <= self._said.get(key, 0):
            return False
        self._said[key] = message.row
        stanza = convert.stanza("message", key.address, "chat", context.new_id())
        convert.add(stanza, MARKERS, "displayed", id=message.id)
        convert.add(stanza, convert.HINTS, "store")
        context.send(stanza)
        return True

    def _newest_markable(self, key: ChatKey, row: int) -> Message | None:
        archive = self.context.archive
        if row:
            last = archive.message(key, row)
            if last is None:
                return None
            messages = (*archive.page(key, before=last.place, limit=_LOOK_BACK).messages, last)
        else:
            messages = archive.page(key, limit=_LOOK_BACK).messages
        return next(
            (
                one
                for one in reversed(messages)
                if one.delivery is Delivery.INCOMING and one.markable and one.id
            ),
            None,
        )
