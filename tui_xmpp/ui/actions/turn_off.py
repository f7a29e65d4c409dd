"""Asks before a chat that was encrypted goes back to plain text."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.security import Encrypt
from tui_xmpp.core.security_commands import SetEncryption
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.face import Face, Kind
from tui_xmpp.ui.actions.protection import is_sealed, security_of

_ANSWERS = {"y": "y  turn it off", "n": "n  keep it on"}


class TurnOff(Kind):
    """Yes or no; Enter alone keeps it on."""

    field = False
    hint = "y turns it off   n or Esc keeps it on"

    def __init__(self, face: Face, chat: ChatKey, encrypt: Encrypt, back: Kind | None = None) -> None:
        self._face = face
        self._chat = chat
        self._encrypt = encrypt
        self.back = back
        self.title = f"Turn encryption off for {clean_line(face.world.name_of(chat), 40)}?"

    def keys(self, text: str) -> Sequence[Hashable]:
        """What that means, and the answers."""
        servers = "the servers of everybody there" if self._chat in self._face.world.rooms else "both servers"
        return (f"What you say next can be read by {servers}. What was sealed stays sealed.", *_ANSWERS)

    def stands(self, key: Hashable) -> bool:
        """On the answers."""
        return key in _ANSWERS

    @property
    def first(self) -> Hashable:
        """Enter alone changes nothing."""
        return "n"

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one row."""
        token = "text" if key in _ANSWERS else "warn"
        text = Text(f" {_ANSWERS.get(str(key), key)}", style=self._face.look.style(token), no_wrap=True)
        text.truncate(width, overflow="ellipsis")
        return text

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """A click or Enter on an answer."""
        return await self.press(str(key), key)

    async def press(self, key: str, row: Hashable | None) -> bool:
        """`y` or `n`."""
        if key not in _ANSWERS:
            return False
        if key == "y":
            await set_encryption(self._face, self._chat, self._encrypt)
        if self.back is not None:
            await self._face.open(self.back)
            return False
        return True


def asks_first(face: Face, chat: ChatKey, encrypt: Encrypt) -> bool:
    """Whether a choice would have a chat go back to plain text that is encrypted now."""
    plain = encrypt in (Encrypt.OFF, Encrypt.ASK)
    return plain and is_sealed(face.world, chat, face.settings.encryption)


async def set_encryption(face: Face, chat: ChatKey, encrypt: Encrypt) -> bool:
    """Choose when a chat is encrypted; what cannot be is told."""
    return await face.do(SetEncryption(chat, encrypt, security_of(face.world, chat).method))
