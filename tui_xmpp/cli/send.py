"""The verb `send`: one message, and how far it came."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from tui_xmpp.core.value import value

from ..core import commands, events
from ..core.account import Connection
from ..core.address import Address
from ..core.chat import ChatKey
from ..core.message import Delivery
from ..core.ports import Engine
from ..core.room import RoomState
from .addressing import account_for, is_room, parsed
from .exit_codes import ExitCode, Failure

AskPassword = Callable[[events.PasswordNeeded], Awaitable[str]]
"""Asks the person at the keyboard; an empty answer: there is nobody."""


@value
class Sending:
    """What to send, to whom, and what to wait for."""

    address: str
    text: str
    account: str = ""
    wait: str = "taken"
    timeout: float = 60.0
    """Seconds."""
    room: bool = False
    """The address is a room, whatever is known of it."""


@dataclass(slots=True)
class _Progress:
    """What is known about the message under way."""

    kept: bool = False


async def send(
    engine: Engine, sending: Sending, *, own: bool = True, ask_password: AskPassword | None = None
) -> None:
    """Send, and return when the message is as far as was asked for; raises Failure with the reason.

    `own`: the engine runs for this message only, so it may be connected for it. The engine of a screen is
    connected by the person in front of it alone: who stopped it had a reason.
    """
    address = parsed(sending.address)
    if not sending.text.strip():
        raise Failure("There is nothing to send.", ExitCode.USAGE)
    chat = ChatKey(account_for(engine.world, address, sending.account), address)
    happened = engine.events()
    progress = _Progress()
    try:
        async with asyncio.timeout(sending.timeout):
            if own:
                await engine.do(commands.SetClientState(active=False))
            await _online(engine, happened, chat, own, ask_password)
            await _deliver(engine, happened, chat, sending, progress)
    except TimeoutError:
        raise Failure(_too_late(engine, chat, sending, progress), ExitCode.TIMED_OUT) from None
    except commands.Refused as refused:
        raise Failure(str(refused), ExitCode.REFUSED) from None


async def _online(
    engine: Engine,
    happened: AsyncIterator[Sequence[events.Event]],
    chat: ChatKey,
    own: bool,
    ask_password: AskPassword | None,
) -> None:
    """Return when the account is signed in."""
    state = engine.world.accounts[chat.account]
    if state.connection is Connection.REFUSED:
        raise _not_signed_in(chat.account, state.reason)
    if state.connection is Connection.OFFLINE and not state.account.enabled:
        if not own:
            raise Failure(f"{chat.account} is offline. Connect it in tui-xmpp first.", ExitCode.REFUSED)
        await engine.do(commands.Connect(chat.account))
    waiting = [one for one in engine.world.questions.values() if one.account == chat.account]
    for question in waiting:
        await _answer(engine, question, ask_password)
    while state.connection is not Connection.ONLINE:
        for event in await anext(happened):
            if isinstance(event, events.PasswordNeeded) and event.account == chat.account:
                await _answer(engine, event, ask_password)
            if isinstance(event, events.ConnectionChanged) and event.account == chat.account:
                if event.connection is Connection.ONLINE:
                    return
                if event.connection is Connection.REFUSED:
                    raise _not_signed_in(chat.account, event.reason)


def _not_signed_in(account: Address, reason: str) -> Failure:
    return Failure(reason or f"{account} could not sign in.", ExitCode.REFUSED)


async def _answer(engine: Engine, question: events.Question, ask_password: AskPassword | None) -> None:
    if not isinstance(question, events.PasswordNeeded):
        return
    password = await ask_password(question) if ask_password is not None else ""
    if not password:
        raise Failure(
            f"The password of {question.account} is needed. "
            "Start tui-xmpp and let it be kept, or set password_command in the configuration.",
            ExitCode.REFUSED,
        )
    await engine.do(commands.Answer(question.id, yes=True, text=password))


async def _deliver(
    engine: Engine,
    happened: AsyncIterator[Sequence[events.Event]],
    chat: ChatKey,
    sending: Sending,
    progress: _Progress,
) -> None:
    wanted = Delivery.TAKEN
    if sending.room or await is_room(engine, chat):
        if not chat.address.resource and sending.wait == "delivered":
            raise Failure("Rooms send no receipts. Leave out --wait delivered.", ExitCode.USAGE)
        await _join(engine, happened, ChatKey(chat.account, chat.address.bare))
    if sending.wait == "delivered":
        wanted = Delivery.DELIVERED
    id = str(uuid.uuid4())
    await engine.do(commands.SendMessage(chat, sending.text, id=id))
    progress.kept = True
    while True:
        for event in await anext(happened):
            if not isinstance(event, events.MessageKept | events.MessageChanged):
                continue
            message = event.message
            if id not in (message.id, message.origin_id):
                continue
            if message.delivery is Delivery.FAILED:
                raise Failure(message.failure or "The message was refused.", ExitCode.FAILED)
            if message.delivery >= wanted:
                return


async def _join(engine: Engine, happened: AsyncIterator[Sequence[events.Event]], key: ChatKey) -> None:
    room = engine.world.rooms.get(key)
    if room is not None and room.state is RoomState.JOINED:
        return
    await engine.do(commands.JoinRoom(key.account, key.address))
    while True:
        for event in await anext(happened):
            if isinstance(event, events.RoomPasswordNeeded) and event.room == key.address:
                raise Failure(
                    f"The room {key.address} wants a password. Join it in tui-xmpp first.", ExitCode.REFUSED
                )
            if isinstance(event, events.RoomChanged) and event.key == key:
                if event.state is RoomState.JOINED:
                    return
                if event.state is RoomState.FAILED:
                    raise Failure(event.reason or f"The room {key.address} let us not in.", ExitCode.REFUSED)


def _too_late(engine: Engine, chat: ChatKey, sending: Sending, progress: _Progress) -> str:
    within = f"within {sending.timeout:g} s."
    if progress.kept and sending.wait == "delivered":
        return f"No receipt came {within} The message is kept, and the archive shows what becomes of it."
    if progress.kept:
        return f"The server did not take the message {within} It is kept and sent at the next sign-in."
    reason = engine.world.accounts[chat.account].reason
    return f"Nothing was sent: {chat.account} was not ready {within} {reason}".rstrip()
