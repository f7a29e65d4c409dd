"""Whether what is said in a chat is sealed, by what, and what becomes of what comes sealed.

A chat that was sealed once stays so until the user says otherwise; what cannot be sealed is not sent.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from ..core.address import Address
from ..core.attachment import is_secret
from ..core.chat import ChatKey
from ..core.commands import Refused
from ..core.events import SecurityChanged
from ..core.security import ChatSecurity, Encrypt, Method, Protection
from . import convert
from .crypto.beside import is_outside
from .crypto.cipher import Cipher, Later, Unsealable
from .sealing_late import SealingLate
from .unsealing import Unsealing

if TYPE_CHECKING:
    from .account import AccountSession
    from .crypto.omemo import Omemo
    from .crypto.openpgp_ways import OpenPgpWays

_SPACE = "security"


@value
class Sealed:
    """A stanza as it may be kept for sending."""

    stanza: ET.Element
    protection: Protection
    unsealed: bool = False
    """It may not go before it has been sealed, or been found to need no seal."""


class Sealing:
    """Of one account."""

    def __init__(self, account: AccountSession) -> None:
        self._account = account
        self._omemo: Omemo | None = None
        self._is_caught_up = False
        self._openpgp: OpenPgpWays | None = None
        self.late = SealingLate(account)
        self.incoming = Unsealing(account)
        for key, security in self._recalled().items():
            account.world.apply(SecurityChanged(key, security))

    @property
    def is_on(self) -> bool:
        """Whether this device takes part in OMEMO."""
        return self._account.settings.encryption.omemo

    @property
    def omemo(self) -> Omemo:
        """The library is imported with the first use: it takes more than half a second."""
        if self._omemo is None:
            from .crypto.omemo import Omemo

            self._omemo = Omemo(self._account)
        return self._omemo

    def cipher(self, method: Method) -> Cipher:
        """What seals by this method; raises `Unsealable` where there is none."""
        if method is Method.OMEMO and self.is_on:
            return self.omemo
        if method is Method.OMEMO:
            raise Unsealable("OMEMO is turned off here: `omemo = true` under [encryption] turns it on.")
        return self.openpgp.cipher(method)

    @property
    def openpgp(self) -> OpenPgpWays:
        """Both ways of OpenPGP; loaded with the first use."""
        if self._openpgp is None:
            from .crypto.openpgp_ways import OpenPgpWays

            self._openpgp = OpenPgpWays(self._account)
        return self._openpgp

    def begin(self) -> None:
        """There is a link: what waits for keys, in either direction, is tried once more."""
        self._tell_caught_up()
        self.late.start()
        self.incoming.begin()

    def end(self) -> None:
        """The session is over."""
        self._is_caught_up = False
        if self._omemo is not None:
            self._omemo.keys.catching_up()
        self.late.stop()
        self.incoming.end()

    def caught_up(self) -> None:
        """All that was said while we were away has been read: keys kept for it may go."""
        self._is_caught_up = True
        self._tell_caught_up()

    def _tell_caught_up(self) -> None:
        omemo = self._omemo
        if self._is_caught_up and omemo is not None and omemo.keys.device is not None:
            omemo.keys.caught_up()

    # --- what is wanted -----------------------------------------------------------------------------------

    def security(self, chat: ChatKey) -> ChatSecurity:
        """What is known of a chat."""
        return self._account.world.security.get(chat, ChatSecurity())

    def wanted(self, chat: ChatKey) -> Encrypt:
        """When this chat is sealed, by the user's choice or the settings."""
        chosen = self.security(chat).encrypt
        if chosen is not None:
            return chosen
        settings = self._account.settings.encryption
        return settings.rooms if chat in self._account.world.rooms else settings.contacts

    def choose(self, chat: ChatKey, encrypt: Encrypt | None, method: Method) -> None:
        """The user's choice; to turn it off is the only way back to clear text."""
        security = self.security(chat)
        is_off = encrypt in (Encrypt.OFF, Encrypt.ASK)
        self._put(
            chat,
            replace(
                security,
                encrypt=encrypt,
                method=method,
                sealed=security.sealed and not is_off,
                since=None if is_off else security.since,
            ),
        )

    def must_seal(self, chat: ChatKey) -> bool | None:
        """Whether the next message has to be sealed; None: it is not known whether it can be."""
        security, wanted = self.security(chat), self.wanted(chat)
        if wanted is Encrypt.OFF:
            return False
        if security.sealed or wanted is Encrypt.ALWAYS:
            return True
        if wanted is Encrypt.ASK or (security.method is Method.OMEMO and not self.is_on):
            return False
        return self.cipher(security.method).can_seal(chat)

    def note_sealed(self, chat: ChatKey, method: Method) -> None:
        """Something sealed was sent or opened: from now on nothing goes in clear by itself.

        Where the user has not chosen, what the other side begins with is gone on with.
        """
        security = self.security(chat)
        if not security.sealed and self.wanted(chat) is not Encrypt.OFF:
            used = method if security.encrypt is None else security.method
            self._put(chat, replace(security, method=used, sealed=True, since=self._account.clock.now()))

    # --- outgoing -----------------------------------------------------------------------------------------

    def protect(self, chat: ChatKey, stanza: ET.Element) -> Sealed:
        """Seal a stanza in the caller's transaction; raises `Refused` where it has to be and cannot be."""
        if all(is_outside(one, references=True) for one in stanza):
            return Sealed(stanza, Protection.CLEAR)
        must = self.must_seal(chat)
        if must is None:
            return Sealed(stanza, Protection.CLEAR, unsealed=True)
        if not must:
            _keep_keys(stanza)
            return Sealed(stanza, Protection.CLEAR)
        try:
            sealed = self.cipher(self.security(chat).method).seal(chat, stanza)
        except Later:
            return Sealed(stanza, Protection.SEALED, unsealed=True)
        except Unsealable as error:
            raise Refused(f"Not sent: {error} `/encrypt off` would send it readable.") from None
        self.note_sealed(chat, self.security(chat).method)
        return Sealed(sealed, Protection.SEALED)

    async def prepare(self, chat: ChatKey, stanza: ET.Element) -> None:
        """Fetch what is missing to seal a stanza, or to know whether it is; raises `Failed`, `Unsealable`."""
        cipher = self.cipher(self.security(chat).method)
        await cipher.prepare(chat, None if self.must_seal(chat) is None else stanza)

    # --- the disk -----------------------------------------------------------------------------------------

    def _put(self, chat: ChatKey, security: ChatSecurity) -> None:
        account = self._account
        with account.together(durable=True):
            account.emit(SecurityChanged(chat, security))
            known = {
                str(key.address): [
                    one.encrypt.value if one.encrypt else None,
                    one.method.name,
                    one.sealed,
                    one.since.isoformat() if one.since else None,
                ]
                for key, one in account.world.security.items()
                if key.account == account.own
            }
            account.facts.put(_SPACE, str(account.own), json.dumps(known))

    def _recalled(self) -> dict[ChatKey, ChatSecurity]:
        text = self._account.facts.get(_SPACE, str(self._account.own))
        known = json.loads(text) if text else {}
        return {
            ChatKey(self._account.own, Address.parse(address)): ChatSecurity(
                Encrypt(encrypt) if encrypt else None,
                Method[method],
                sealed,
                datetime.fromisoformat(since) if since else None,
            )
            for address, (encrypt, method, sealed, since) in known.items()
        }


def _keep_keys(stanza: ET.Element) -> None:
    """The address of a sealed file holds its key (XEP-0454 §3): raises `Refused` where it is not sealed."""
    if is_secret(convert.text_of(stanza, "body").partition("\n")[0].strip()):
        raise Refused(
            "Not sent: this is the address of an encrypted file, with its key. It is only sent sealed."
        )
