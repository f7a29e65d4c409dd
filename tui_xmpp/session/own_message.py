"""A message of ours, as it is handed to the outbox."""

from __future__ import annotations

from ..core.chat import ChatKey
from ..core.message import Delivery, Message, MessageType, Reply
from .feature import Context


def own_message(
    context: Context, chat: ChatKey, body: str, *, id: str = "", reply: Reply | None = None
) -> Message:
    """Return what is said now in a chat; to a room where the world knows it as one."""
    room = context.world.rooms.get(chat)
    id = id or context.new_id()
    return Message(
        chat=chat,
        at=context.clock.now(),
        sender=chat.address.with_resource(room.nick) if room is not None and room.nick else context.own,
        body=body,
        id=id,
        origin_id=id,
        nick=room.nick if room else "",
        outgoing=True,
        type=MessageType.GROUPCHAT if room else MessageType.CHAT,
        delivery=Delivery.QUEUED,
        reply=reply,
    )
