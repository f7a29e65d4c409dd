"""What every way of sealing has in common: what it can say of a chat, how it seals, and how it opens."""

from __future__ import annotations

from typing import Protocol
from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from ...core.chat import ChatKey
from ...core.security import Method, Preflight, Protection
from ..unwrap import Unwrapped


class Later(Exception):
    """Something has to be fetched, or asked of the user, first; the text says what."""

    def __init__(self, text: str, missing: object = None) -> None:
        super().__init__(text)
        self.missing = missing
        """What: it means something to the cipher that raised it."""


class Unreadable(Exception):
    """A sealed message cannot be read; the text is a sentence for the user that says why."""


class Unsealable(Exception):
    """A message cannot be sealed, and so it is not sent; the text is a sentence that says what to do."""


class Silent(Exception):
    """A sealed stanza that says nothing to the user: it carries keys only, or is our own coming back."""


@value
class Opened:
    """What was under the seal."""

    content: tuple[ET.Element, ...]
    """The sealed elements, the body among them."""
    protection: Protection
    note: str = ""
    """A sentence about the sender that the user has to see; empty: nothing to say."""


class Cipher(Protocol):
    """One way of sealing, of one account.

    `seal` and `open` run to their end in the caller's transaction, and what they note of keys is in it: a
    message is on the disk together with the key that it used up, or neither is.
    """

    method: Method

    def is_sealed(self, stanza: ET.Element) -> bool:
        """Whether this way has sealed a message."""

    def seals_references(self, stanza: ET.Element) -> bool:
        """Whether ids of other messages belong under the seal: those beside it are not believed then."""

    async def hurry(self, found: Unwrapped) -> None:
        """Have done, before `open`, what takes a moment and asks nobody; raises nothing."""

    def open(self, found: Unwrapped) -> Opened:
        """Open a sealed message; raises `Later`, `Unreadable` or `Silent`."""

    def can_seal(self, chat: ChatKey) -> bool | None:
        """Whether the other side has keys; None: not known, and `prepare` finds out."""

    def seal(self, chat: ChatKey, stanza: ET.Element) -> ET.Element:
        """The stanza with its content sealed; raises `Later` or `Unsealable`."""

    async def prepare(self, chat: ChatKey, stanza: ET.Element | None) -> None:
        """Fetch what `can_seal` and, with a stanza, `seal` called for; raises `Failed` or `Unsealable`."""

    async def prepare_to_open(self, found: Unwrapped, later: Later) -> None:
        """Fetch what `open` has called for; raises `Failed`."""

    async def preflight(self, chat: ChatKey) -> Preflight:
        """What stands in the way of sealing a chat; raises `Failed`."""
