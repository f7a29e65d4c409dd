"""An engine that answers each command with the events a test wrote for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tui_xmpp.core import commands as cmd
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Account, Connection
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.message import Delivery, Message
from tui_xmpp.core.questions import Question, Unanswered
from tui_xmpp.core.world import World

ME = Address.parse("alice@example.org")
AVA = Address.parse("ava@example.org")
ROOM = Address.parse("garden@rooms.example.org")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CHAT = ChatKey(ME, AVA)


def message(body: str = "hi", **fields: Any) -> Message:
    given = {"chat": CHAT, "at": NOON, "sender": AVA, "row": 1, "id": "m1", **fields}
    return Message(body=body, **given)


class ScriptedEngine:
    def __init__(self, *accounts: Address, online: bool = True) -> None:
        self.world = World()
        self.commands: list[cmd.Command] = []
        self.answers: dict[type[Question[Any]], Any] = {}
        self.on: dict[type[cmd.Command], Callable[[Any], Sequence[ev.Event]]] = {}
        self.closed = False
        self.subscribers: list[asyncio.Queue[Sequence[ev.Event]]] = []
        for address in accounts or (ME,):
            self.emit(ev.AccountAdded(Account(address)))
            if online:
                self.emit(ev.ConnectionChanged(address, Connection.ONLINE))

    def emit(self, *events: ev.Event) -> None:
        for event in events:
            self.world.apply(event)
        for queue in self.subscribers:
            queue.put_nowait(events)

    async def do(self, command: cmd.Command) -> None:
        self.commands.append(command)
        if type(command) in self.on:
            self.emit(*self.on[type(command)](command))

    def events(self) -> AsyncIterator[Sequence[ev.Event]]:
        queue: asyncio.Queue[Sequence[ev.Event]] = asyncio.Queue()
        self.subscribers.append(queue)
        return _drain(queue)

    async def ask(self, question: Question[Any]) -> Any:
        if type(question) not in self.answers:
            raise Unanswered("No answer.")
        return self.answers[type(question)]

    async def close(self, *, leave: bool = False) -> None:
        self.closed = True

    def done(self, kind: type[cmd.Command]) -> list[Any]:
        return [command for command in self.commands if type(command) is kind]

    def send_reaches(self, *deliveries: Delivery, failure: str = "") -> None:
        """Let every message sent from now on come this far, step by step."""

        def steps(command: cmd.SendMessage) -> list[ev.Event]:
            kept = message(
                command.body,
                chat=command.chat,
                sender=ME,
                id=command.id,
                outgoing=True,
                delivery=Delivery.QUEUED,
            )
            changes = [ev.MessageChanged(replace(kept, delivery=one, failure=failure)) for one in deliveries]
            return [ev.MessageKept(kept), *changes]

        self.on[cmd.SendMessage] = steps


async def _drain(queue: asyncio.Queue[Sequence[ev.Event]]) -> AsyncIterator[Sequence[ev.Event]]:
    while True:
        yield await queue.get()
