"""An engine without a network: a real world, recorded commands, and events on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.archive import FakeArchive
from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Account, Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import Chat, ChatKey, ChatKind
from tui_xmpp.core.contact import OwnPresence
from tui_xmpp.core.events import Event
from tui_xmpp.core.message import Delivery, Message, MessageType, Reply
from tui_xmpp.core.questions import CanSeal, DevicesOf, Question, Unanswered
from tui_xmpp.core.security import ChatSecurity, Encrypt, Preflight
from tui_xmpp.core.security_commands import RemoveDevice, SetEncryption, SetTrust
from tui_xmpp.core.world import World

ME = Address.parse("alice@example.org")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class FakeEngine:
    """Does at once and in memory what a session would; `commands` says what was asked."""

    def __init__(self, archive: FakeArchive | None = None, *, account: bool = True) -> None:
        self.archive = archive or FakeArchive()
        self._world = World()
        self.commands: list[cmd.Command] = []
        self.refusals: dict[type[cmd.Command], str] = {}
        self.answers: dict[type[Question[Any]], Any] = {}
        self.closed = False
        self.now = NOON
        self._queues: list[asyncio.Queue[Sequence[Event]]] = []
        if account:
            self.emit(
                ev.AccountAdded(Account(ME)),
                ev.ConnectionChanged(ME, Connection.ONLINE, full_address=ME.with_resource("t")),
                ev.OwnPresenceChanged(ME, OwnPresence()),
            )

    @property
    def world(self) -> World:
        return self._world

    def emit(self, *events: Event) -> None:
        """Let these happen: applied to the world, kept in the archive, delivered to every front end."""
        for event in events:
            if isinstance(event, ev.MessageKept | ev.MessageChanged):
                self.archive.put(event.message)
            self._world.apply(event)
            if isinstance(event, ev.ChatChanged):
                self.archive.put_chat(event.chat)
        for queue in self._queues:
            queue.put_nowait(events)

    def done(self, kind: type[cmd.Command]) -> list[Any]:
        """The commands of one class, in order."""
        return [command for command in self.commands if type(command) is kind]

    async def do(self, command: cmd.Command) -> None:
        if (reason := self.refusals.get(type(command))) is not None:
            raise cmd.Refused(reason)
        self.commands.append(command)
        match command:
            case cmd.OpenChat():
                self.open(command.chat)
            case cmd.SendMessage():
                self._send(command)
            case cmd.CloseChat():
                self._change(command.chat, open=False, number=0)
            case cmd.SaveDraft():
                self._change(command.chat, draft=command.text)
            case cmd.MarkRead():
                self._change(command.chat, unread=0, mentions=0, read_at=self.now, read_row=1 << 40)
            case cmd.SetPinned():
                self._change(command.chat, pinned=command.pinned)
            case cmd.SetNotify():
                self._change(command.chat, notify=command.notify)
            case cmd.Answer():
                self.emit(ev.QuestionSettled(command.id))
            case cmd.RefuseSubscription(account, address):
                self.emit(ev.SubscriptionSettled(account, address))
            case cmd.SetPresence():
                self.emit(ev.OwnPresenceChanged(ME, OwnPresence(command.show, command.status)))
            case SetEncryption(chat, encrypt, method):
                known = self._world.security.get(chat, ChatSecurity())
                off = encrypt in (Encrypt.OFF, Encrypt.ASK)
                now = replace(known, encrypt=encrypt, method=method, sealed=known.sealed and not off)
                self.emit(ev.SecurityChanged(chat, now))
            case SetTrust(account, owner, fingerprint, trust):
                devices = self._world.devices.get((account, owner), ())
                now_known = [
                    replace(one, trust=trust) if one.fingerprint == fingerprint else one for one in devices
                ]
                self.emit(ev.DevicesChanged(account, owner, tuple(now_known)))
            case RemoveDevice(account, device):
                devices = self._world.devices.get((account, account), ())
                left = [replace(one, active=one.active and one.id != device) for one in devices]
                self.emit(ev.DevicesChanged(account, account, tuple(left)))
            case cmd.AddAccount():
                self.emit(ev.AccountAdded(command.account))
            case _:
                pass

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        queue: asyncio.Queue[Sequence[Event]] = asyncio.Queue()
        self._queues.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.remove(queue)

    async def ask(self, question: Question[Any]) -> Any:
        answer = self.answers.get(type(question))
        if answer is None:
            answer = self._known(question)
        if answer is None:
            raise Unanswered("The server does not answer. Try again later.")
        return answer

    def _known(self, question: Question[Any]) -> Any:
        """What was known of devices before anybody asked; None: nothing."""
        devices = self._world.devices
        match question:
            case DevicesOf(account, owner):
                return devices.get((account, owner))
            case CanSeal(account, chat) if (known := devices.get((account, chat.address))) is not None:
                return Preflight((), tuple(one for one in known if one.active))
        return None

    async def close(self, *, leave: bool = False) -> None:
        self.closed = True

    # --- the making of things ---------------------------------------------------------------------

    def open(self, key: ChatKey, **fields: Any) -> Chat:
        """Put a chat on the list, with the next free number."""
        known = self._world.chats.get(key)
        kind = ChatKind.ROOM if key in self._world.rooms else ChatKind.CONTACT
        taken = {chat.number for chat in self._world.chats.values()}
        number = next(number for number in range(1, 10_000) if number not in taken)
        chat = known or Chat(key, kind, number=number)
        chat = replace(chat, open=True, number=chat.number or number, **fields)
        self.emit(ev.ChatChanged(chat))
        return chat

    def receive(self, key: ChatKey, body: str, **fields: Any) -> Message:
        """Let a message arrive."""
        self.now += timedelta(minutes=1)
        room = key in self._world.rooms
        sender = fields.pop("sender", key.address)
        message = Message(
            key,
            self.now,
            sender,
            body,
            row=self.archive.next_row(),
            id=f"in{len(self.archive.messages)}",
            type=MessageType.GROUPCHAT if room else MessageType.CHAT,
            nick=sender.resource,
        )
        message = replace(message, **fields)
        self.emit(ev.MessageKept(message))
        return message

    def _send(self, command: cmd.SendMessage) -> None:
        self.now += timedelta(minutes=1)
        answered = self.archive.message(command.chat, command.reply_to) if command.reply_to else None
        reply = (
            Reply(answered.id, answered.sender, text=answered.body, row=answered.row) if answered else None
        )
        message = Message(
            command.chat,
            self.now,
            ME,
            command.body,
            row=self.archive.next_row(),
            id=f"out{len(self.archive.messages)}",
            outgoing=True,
            delivery=Delivery.QUEUED,
            reply=reply,
        )
        self.emit(ev.MessageKept(message))

    def _change(self, key: ChatKey, **fields: Any) -> None:
        known = self._world.chats.get(key)
        if known is not None:
            self.emit(ev.ChatChanged(replace(known, **fields)))
