"""Chats that strangers began: kept, refused, or blocked until the program ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...core.address import Address
from ...core.chat import ChatKey
from ...core.commands import Command
from ...core.events import ChatChanged, ContactChanged, Event, MessageKept, RosterReplaced
from ...core.strangers import AcceptChat, Block, RefuseAll, Unblock, Want, covers
from ..feature import Feature, Handler


class Strangers(Feature):
    """Settles the chats; requests and invitations are settled by the features they belong to."""

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """What a user can do about strangers."""
        return {
            AcceptChat: self._accept,
            Block: self._block,
            Unblock: self._unblock,
            RefuseAll: self._refuse_all,
        }

    def told(self, event: Event) -> None:
        """A chat is settled by an answer, by being closed, and by its stranger becoming a contact."""
        limits = self.context.strangers
        match event:
            case MessageKept(message) if message.outgoing:
                limits.settle(message.chat.address)
            case ChatChanged(chat) if not chat.open:
                limits.settle(chat.key.address)
            case ContactChanged(contact):
                limits.settle(contact.address)
            case RosterReplaced(_, contacts):
                limits.settle(*(one.address for one in contacts))

    def on_ready(self) -> None:
        """Take from disk which chats wait."""
        self.context.strangers.recall()

    def on_resumed(self) -> None:
        """Take from disk which chats wait."""
        self.context.strangers.recall()

    def on_stop(self) -> None:
        """What is left out is said anew."""
        self.context.strangers.end()

    async def _accept(self, command: AcceptChat) -> None:
        self.context.strangers.settle(command.address)

    async def _block(self, command: Block) -> None:
        limits = self.context.strangers
        limits.block(command.address)
        self._close(one for one in limits.now.chats if covers(command.address, one))

    async def _unblock(self, command: Unblock) -> None:
        self.context.strangers.unblock(command.address)

    async def _refuse_all(self, command: RefuseAll) -> None:
        if command.want is Want.CHAT:
            self._close(self.context.strangers.now.chats)

    def _close(self, addresses: Iterable[Address]) -> None:
        """Take chats off the list; the archive stays."""
        for address in tuple(addresses):
            known = self.context.world.chats.get(ChatKey(self.context.own, address))
            if known is not None and known.open:
                closed = replace(known, open=False, number=0)
                self.context.archive.put_chat(closed)
                self.context.emit(ChatChanged(closed))
            self.context.strangers.settle(address)
