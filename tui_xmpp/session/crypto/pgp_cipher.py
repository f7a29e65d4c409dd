"""What both ways of OpenPGP have in common: gpg works off the loop, with keys that the user has accepted."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ...core.chat import ChatKey
from ...core.security import Method, Preflight
from ..feature import Context
from ..unwrap import Unwrapped
from .cipher import Later, Unreadable
from .gpg_status import GpgFailed
from .pgp_desk import PgpDesk


class PgpCipher(ABC):
    """Of one account; half of a `cipher.Cipher`."""

    method: Method

    def __init__(self, context: Context, desk: PgpDesk) -> None:
        self._context = context
        self._desk = desk

    @abstractmethod
    def _offered(self, found: Unwrapped) -> bytes:
        """What gpg may be given: nothing of strangers, nothing that is not sealed; raises `Unreadable`."""

    async def hurry(self, found: Unwrapped) -> None:
        """As `Cipher.hurry`."""
        try:
            sealed = self._offered(found)
        except Unreadable:
            return
        await self._desk.open_now(sealed)

    async def prepare_to_open(self, found: Unwrapped, later: Later) -> None:
        """As `Cipher.prepare_to_open`."""
        await self._desk.open(self._offered(found), found.draft.chat.address)

    def can_seal(self, chat: ChatKey) -> bool | None:
        """As `Cipher.can_seal`: where a key was accepted. None is looked for by itself."""
        return not self._desk.problem(chat, self.method)

    async def preflight(self, chat: ChatKey) -> Preflight:
        """As `Cipher.preflight`."""
        problem = self._desk.problem(chat, self.method)
        return Preflight((problem,) if problem else await self._faults(chat))

    async def _faults(self, chat: ChatKey) -> tuple[str, ...]:
        """What is wrong with the keys a chat would be sealed for, as gpg has them."""
        desk = self._desk
        try:
            if await desk.gpg.key(desk.own_key, secret=True) is None:
                return ("gpg does not have the secret key that this account names.",)
            found = []
            for fingerprint in desk.recipients(chat, self.method):
                key = await desk.gpg.key(fingerprint)
                if key is None:
                    found.append(f"gpg does not have the key {fingerprint}.")
                elif key.fault:
                    found.append(f"The key {fingerprint} is {key.fault}.")
            return tuple(found)
        except GpgFailed as failed:
            return (str(failed),)
