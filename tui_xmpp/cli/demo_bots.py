"""The company of the demo: what each of them does, on one engine with many accounts."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any

from tui_xmpp.core.value import value

from ..core import commands as cmd
from ..core import events as ev
from ..core.account import Connection
from ..core.address import Address
from ..core.chat import ChatKey
from ..core.contact import Show
from ..core.message import Message, MessageType
from ..core.ports import Engine
from . import demo_cast as cast

USER = Address.parse(cast.address(cast.USER))
ROOM = Address.parse(cast.ROOM_ADDRESS)
BY_USER = {contact.user: contact for contact in cast.CONTACTS}


@value
class Pace:
    """How long the company takes for things, in seconds."""

    read: float = 1.0
    type: float = 3.0
    presence: float = 20.0
    room: float = 12.0
    guest: float = 0.15
    """Between the sign-ins of two guests, so that the machine stays free for the screen."""


_MOODS = (
    (Show.AVAILABLE, "At my desk"),
    (Show.DND, "In a meeting"),
    (Show.AWAY, "Coffee"),
    (Show.CHAT, "Ask me anything"),
)


class Bots:
    """Lives until it is cancelled."""

    def __init__(self, engine: Engine, pace: Pace | None = None) -> None:
        self._engine = engine
        self._pace = pace or Pace()
        self._settled: set[Address] = set()
        self._greeted: set[str] = set()
        self._company_called = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """React to what happens. The contacts sign in by themselves, the guests once the user is there."""
        happened = self._engine.events()
        for address, state in self._engine.world.accounts.items():
            if state.connection is Connection.ONLINE:
                self._start(self._arrived(address))
        try:
            await self._follow(happened)
        finally:
            for task in self._tasks:
                task.cancel()

    async def _follow(self, happened: AsyncIterator[Sequence[ev.Event]]) -> None:
        async for batch in happened:
            for event in batch:
                match event:
                    case ev.ConnectionChanged(connection=Connection.ONLINE):
                        self._start(self._arrived(event.account))
                    case ev.PresenceChanged() if (
                        event.address == USER and event.presence.show is not Show.OFFLINE
                    ):
                        self._user_seen(event.account)
                    case ev.MessageKept() if not event.old and self._is_for_us(event.message):
                        self._start(self._reply(event.message))
                    case ev.SubscriptionRequested():
                        request = event.request
                        self._start(self._do(cmd.ApproveSubscription(request.account, request.address)))
                    case _:
                        pass

    # --- what they do by themselves ---------------------------------------------------------------

    async def _arrived(self, account: Address) -> None:
        """One of them is signed in; after a lost connection the session itself restores everything."""
        if account in self._settled:
            return
        self._settled.add(account)
        if account.local == "dmitri":
            await self._do(cmd.SetPresence(Show.AWAY, "On the train, back on Monday", account=account))
        if account.local == "chiara":
            self._start(self._change_moods(account))
        if account.local == cast.STRANGER:
            await self._do(cmd.AddContact(account, USER, name=cast.USER.title(), text=cast.REQUEST))
        else:
            await self._do(cmd.JoinRoom(account, ROOM, nick=account.local))

    def _user_seen(self, by: Address) -> None:
        contact = BY_USER.get(by.local)
        if contact is not None and contact.greeting and contact.user not in self._greeted:
            self._greeted.add(contact.user)
            self._start(self._do(cmd.SendMessage(ChatKey(by, USER), contact.greeting)))
        if not self._company_called:
            self._company_called = True
            self._start(self._call_company())

    async def _call_company(self) -> None:
        for user in (cast.STRANGER, *cast.GUESTS):
            await self._do(cmd.Connect(Address.parse(cast.address(user))))
            await asyncio.sleep(self._pace.guest)
        await self._chatter()

    async def _chatter(self) -> None:
        for nick, line in itertools.islice(cast.room_talk(), cast.ROOM_HISTORY_LENGTH, None):
            await asyncio.sleep(self._pace.room)
            guest = Address.parse(cast.address(nick))
            await self._do(cmd.SendMessage(ChatKey(guest, ROOM), line))

    async def _change_moods(self, account: Address) -> None:
        for show, status in itertools.cycle(_MOODS):
            await self._do(cmd.SetPresence(show, status, account=account))
            await asyncio.sleep(self._pace.presence)

    # --- how they answer --------------------------------------------------------------------------

    def _is_for_us(self, message: Message) -> bool:
        return (
            message.type is MessageType.CHAT
            and message.chat.address == USER
            and not message.outgoing
            and bool(message.body)
        )

    async def _reply(self, message: Message) -> None:
        chat = message.chat
        match chat.account.local:
            case "ava":
                await self._do(cmd.MarkRead(chat, message.row))
                await self._do(cmd.SendMessage(chat, message.body))
            case "bram":
                await asyncio.sleep(self._pace.read)
                await self._do(cmd.MarkRead(chat, message.row))
                await self._do(cmd.SetTyping(chat, True))
                await asyncio.sleep(self._pace.type)
                words = len(message.body.split())
                await self._do(
                    cmd.SendMessage(chat, f"I have read it: {words} word{'s' * (words != 1)}. Let me think.")
                )
            case "farid":
                await self._do(cmd.MarkRead(chat, message.row))
                await self._do(cmd.SendMessage(chat, "Scroll up: we have written to each other for weeks."))
            case "dmitri":
                pass
            case _:
                await self._do(cmd.MarkRead(chat, message.row))
                await self._do(cmd.SendMessage(chat, "Good to hear from you!"))

    async def _do(self, command: cmd.Command) -> None:
        try:
            await self._engine.do(command)
        except cmd.Refused:
            # A bot that cannot do its part stays quiet; the demo goes on.
            pass

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
