"""What both ways of OpenPGP share: our key, the keys accepted, gpg, and what it has done ahead.

gpg runs beside the event loop, while `seal` and `open` of a cipher run in a transaction: what gpg made of
exactly one text waits here for them to take it.
"""

from __future__ import annotations

import hashlib
from xml.etree import ElementTree as ET

from slixmpp.xmlstream import tostring

from ...core.address import Address
from ...core.chat import ChatKey
from ...core.security import Method
from ..feature import Context
from . import packets
from .cipher import Later, Unreadable, Unsealable
from .gpg import Gpg, Lent
from .gpg_status import GpgFailed, PassphraseNeeded, Unsealed
from .lending import Lending
from .openpgp_names import NO_KEY
from .pins import Pins

_MOST_KEPT = 200
"""Results that nobody has taken."""


class PgpDesk:
    """Of one account."""

    def __init__(self, context: Context) -> None:
        self._context = context
        settings = context.settings.encryption
        self.gpg = Gpg(settings.gpg_binary, settings.gpg_home)
        self.pins = Pins(context.facts, context.own)
        self.lending = Lending(context)
        self._opened: dict[str, Unsealed | GpgFailed] = {}
        self._sealed: dict[str, bytes] = {}

    @property
    def own_key(self) -> str:
        """The fingerprint of the key the user chose for this account; empty: none, so nothing is done."""
        return self._context.account.openpgp_key.upper()

    def accepted(self, owner: Address, method: Method) -> dict[str, bool]:
        """Fingerprints accepted for a bare address, ours among ours, each with whether it was compared."""
        found = self.pins.of(owner, method)
        if owner == self._context.own and self.own_key:
            found[self.own_key] = True
        return found

    def recipients(self, chat: ChatKey, method: Method) -> tuple[str, ...]:
        """The keys that what is said in a chat is sealed for: ours too (XEP-0373 §3.1)."""
        both = self.accepted(chat.address, method) | self.accepted(self._context.own, method)
        return tuple(sorted(both))

    def problem(self, chat: ChatKey, method: Method) -> str:
        """Why a chat cannot be sealed, in a sentence; empty: as far as is known here it can."""
        if chat in self._context.world.rooms or chat.address.resource:
            return f"{method.value} seals what is said between two people only."
        if not self.own_key:
            return NO_KEY
        if not self.pins.of(chat.address, method):
            return f"You have not accepted a key of {chat.address} for {method.value}."
        return ""

    # --- opening ------------------------------------------------------------------------------------------

    def taken(self, sealed: bytes) -> Unsealed:
        """What gpg found under a seal, once; raises `Later` where it has not looked, `Unreadable`."""
        found = self._opened.pop(_digest(sealed), None)
        if found is None:
            raise Later("It is being opened by gpg, which may ask for your passphrase.")
        if isinstance(found, GpgFailed):
            raise Unreadable(f"It cannot be opened. {found}")
        return found

    async def open_now(self, sealed: bytes) -> None:
        """Have gpg open it, unless it would have to ask the user."""
        try:
            self._note(sealed, await self._look(sealed, None))
        except PassphraseNeeded:
            return
        except GpgFailed as failed:
            self._note(sealed, failed)

    async def open(self, sealed: bytes, owner: Address) -> None:
        """Have gpg open it, and ask the user where it has to."""

        async def work(lent: Lent | None) -> Unsealed:
            return await self._look(sealed, lent)

        what = f"Your OpenPGP key is locked, and a message in the chat with {owner} waits for it."
        try:
            self._note(sealed, await self.lending.have(work, what, at_once=False))
        except GpgFailed as failed:
            self._note(sealed, failed)

    async def _look(self, offered: bytes, lent: Lent | None) -> Unsealed:
        if packets.is_sealed(offered):
            return await self.gpg.open(offered, lent)
        try:
            return await self.gpg.read(offered)
        except PassphraseNeeded:
            # Something under a passphrase in a compressed packet: the user is never asked for that.
            raise GpgFailed("Something sealed was put under a signature.") from None

    def _note(self, sealed: bytes, found: Unsealed | GpgFailed) -> None:
        self._opened[_digest(sealed)] = found
        while len(self._opened) > _MOST_KEPT:
            del self._opened[next(iter(self._opened))]

    # --- sealing ------------------------------------------------------------------------------------------

    def made(self, chat: ChatKey, content: list[ET.Element]) -> bytes:
        """What gpg made of this content for this chat, once; raises `Later` where it has not."""
        found = self._sealed.pop(self._key(chat, content), None)
        if found is None:
            raise Later("It is being sealed by gpg, which may ask for your passphrase.")
        return found

    async def make(
        self, chat: ChatKey, method: Method, content: list[ET.Element], text: bytes, *, armor: bool = False
    ) -> None:
        """Have gpg seal and sign *text*, and keep it for the content it was made of; raises `Unsealable`."""
        recipients = self.recipients(chat, method)

        async def work(lent: Lent | None) -> bytes:
            return await self.gpg.seal(text, recipients, self.own_key, armor=armor, lent=lent)

        what = f"Your OpenPGP key is locked, and is needed to sign what you say to {chat.address}."
        try:
            sealed = await self.lending.have(work, what, at_once=True)
        except GpgFailed as failed:
            raise Unsealable(str(failed)) from None
        self._sealed[self._key(chat, content)] = sealed
        while len(self._sealed) > _MOST_KEPT:
            del self._sealed[next(iter(self._sealed))]

    def _key(self, chat: ChatKey, content: list[ET.Element]) -> str:
        # The keys it was made for are part of it: one may have been dropped since.
        keys = (
            self.own_key,
            *self.pins.of(chat.address, Method.OPENPGP),
            *self.pins.of(chat.address, Method.PGP),
        )
        return _digest(" ".join((str(chat), *keys, *map(tostring, content))).encode())


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
