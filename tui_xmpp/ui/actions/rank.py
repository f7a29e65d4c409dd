"""How much a chat asks for attention."""

from __future__ import annotations

from tui_xmpp.core.chat import Chat, ChatKey, ChatKind, Notify
from tui_xmpp.core.world import World


def importance(chat: Chat) -> int:
    """Return 4 for a mention, 3 for a private message, 2 for one in a room, 1 for a draft, 0 for nothing."""
    if chat.unread and chat.notify is not Notify.NONE:
        if chat.mentions:
            return 4
        if chat.kind is not ChatKind.ROOM:
            return 3
        if chat.notify is Notify.ALL:
            return 2
    return 1 if chat.draft else 0


def ordered_activity(world: World, current: ChatKey | None) -> list[Chat]:
    """Return the chats that ask for attention, the most important first."""
    asking = [chat for chat in world.chats.values() if chat.open and chat.key != current and importance(chat)]
    return sorted(asking, key=lambda chat: (-importance(chat), chat.number))
