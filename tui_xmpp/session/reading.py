"""How far a chat has been read: moving the place, counting what is left."""

from __future__ import annotations

from dataclasses import replace

from ..core.chat import ChatKey
from ..core.events import ChatChanged
from ..core.message import Message, Place
from .feature import Context


def read_up_to(context: Context, key: ChatKey, message: Message | None, *, back: bool = False) -> bool:
    """Everything up to this message was read; None: up to the newest. False: nothing changed.

    XEP-0490 §6.1: "The displayed state only moves forward"; `back` lets the user move it back.
    """
    chat = context.world.chats.get(key)
    if chat is None:
        return False
    if message is None:
        newest = context.archive.page(key, limit=1).messages
        if not newest:
            return False
        message = newest[-1]
    known = Place(chat.read_at, chat.read_row) if chat.read_at is not None else None
    if known is not None and message.place <= known and not back:
        return False
    unread, mentions = context.archive.unread(key, message.place)
    changed = replace(chat, read_at=message.at, read_row=message.row, unread=unread, mentions=mentions)
    context.archive.put_chat(changed)
    context.emit(ChatChanged(changed))
    return True
