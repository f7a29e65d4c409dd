"""OpenPGP for the user: our key announced, the keys of others looked at and accepted, and the backup."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from ...core import openpgp as pgp
from ...core.address import Address
from ...core.chat import ChatKey
from ...core.commands import Command, Refused
from ...core.events import AccountAdded, Level, Notice
from ...core.link import Bundles
from ...core.security import Method
from ..crypto.openpgp_names import IM, METADATA, NO_KEY, OX
from ..feature import Failed, Feature, Handler

if TYPE_CHECKING:
    from ..crypto.pgp_keys import PgpKeys


class OpenPgpKeys(Feature):
    """Does nothing for an account that names no key of its own."""

    XEPS = ("XEP-0027", "XEP-0373", "XEP-0374")
    NAMESPACES = (OX, IM, f"{METADATA}+notify")

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Nothing is wanted, and nothing claimed, where there is no key (XEP-0374 §2.1)."""
        return self.NAMESPACES if self._is_on else ()

    @property
    def handles(self) -> Mapping[type[Command], Handler]:
        """What the user decides."""
        return {
            pgp.ChooseKey: self._choose,
            pgp.SignPresence: self._sign_presence,
            pgp.PinKey: self._pin,
            pgp.UnpinKey: self._unpin,
            pgp.RestoreKey: self._restore,
            pgp.LendTerminal: self._lend,
        }

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Awaitable[Any]]]:
        """What takes the server, and gpg, to answer."""
        return {
            pgp.KeysOf: self._keys_of,
            pgp.PresenceSignatureOf: self._signature_of,
            pgp.BackUpKey: self._back_up,
        }

    @property
    def pep(self) -> Mapping[str, Callable[[ET.Element], None]]:
        """Our own list of keys."""
        return {METADATA: self._own_listed}

    @property
    def others_pep(self) -> Mapping[str, Callable[[Address, ET.Element], None]]:
        """Those of contacts."""
        return {METADATA: self._listed}

    def on_ready(self) -> None:
        """Announce our key where our account does not name it (XEP-0373 §6.3), and open what waits."""
        self._begin(announce=True)

    def on_resumed(self) -> None:
        """What an earlier process did not come to; the user may have chosen another key since."""
        self._begin(announce=self._is_on and not self._keys.is_announced)

    def _begin(self, *, announce: bool) -> None:
        if not self._is_on:
            return
        if announce and self.context.pacing.bundles is not Bundles.ASK:
            self.context.spawn(self._keys.announce())
        if not self.context.sealing.is_on:
            self.context.sealing.begin()

    def on_stop(self) -> None:
        """Nobody answers any more."""
        if self._is_on and not self.context.sealing.is_on:
            self.context.sealing.end()

    @property
    def _is_on(self) -> bool:
        return bool(self.context.account.openpgp_key)

    @property
    def _keys(self) -> PgpKeys:
        return self.context.sealing.openpgp.keys

    # --- lists of keys --------------------------------------------------------------------------------------

    def _own_listed(self, items: ET.Element) -> None:
        # XEP-0373 §6.3: "If the key has been removed, the entity SHOULD reannounce it."
        if self._is_on and self.context.pacing.bundles is not Bundles.ASK:
            self.context.spawn(self._keys.announce())

    def _listed(self, owner: Address, items: ET.Element) -> None:
        """Nothing is fetched, and nothing kept, of people whose keys the user has not accepted."""
        if self._is_on and self._keys.is_known(owner):
            self.context.spawn(self._heard(owner, items))

    async def _heard(self, owner: Address, items: ET.Element) -> None:
        new = await self._keys.heard(owner, items)
        if new:
            chat = ChatKey(self.context.own, owner)
            words = (
                f"{self.context.world.name_of(chat)} has announced another OpenPGP key: {', '.join(new)}."
                " It is not used unless you accept it."
            )
            self.context.emit(Notice(words, Level.WARN, self.context.own, chat))

    # --- what the user decides ------------------------------------------------------------------------------

    async def _choose(self, command: pgp.ChooseKey) -> None:
        await self._keys.check_own(command.fingerprint)
        self.context.account = replace(self.context.account, openpgp_key=command.fingerprint)
        self.context.emit(AccountAdded(self.context.account))
        if self.context.online:
            # The user asks for it, so it is announced on a link that is too thin to ask by itself, too.
            self.context.spawn(self._keys.announce())
            self._begin(announce=False)

    async def _sign_presence(self, command: pgp.SignPresence) -> None:
        self._refuse_off()
        self.context.account = replace(self.context.account, sign_presence=command.on)
        self.context.emit(AccountAdded(self.context.account))

    async def _pin(self, command: pgp.PinKey) -> None:
        self._refuse_off()
        if command.method is Method.OMEMO:
            raise Refused("The devices of OMEMO are accepted in another way.")
        await self._keys.pin(command.owner, command.fingerprint, command.method, verified=command.verified)
        self.context.sealing.incoming.begin()

    async def _unpin(self, command: pgp.UnpinKey) -> None:
        self._refuse_off()
        if not self._keys.unpin(command.owner, command.fingerprint, command.method):
            raise Refused("That key was not accepted.")

    async def _restore(self, command: pgp.RestoreKey) -> None:
        restored = await self._keys.restore(command.code)
        words = f"gpg has the key {', '.join(restored)} now, without a passphrase: set one with gpg."
        self.context.emit(Notice(words, Level.WARN, self.context.own))

    async def _lend(self, command: pgp.LendTerminal) -> None:
        self.context.sealing.openpgp.desk.lending.lent(command)

    async def _keys_of(self, question: pgp.KeysOf) -> tuple[pgp.OpenPgpKey, ...]:
        if question.owner == self.context.own:
            return await self._keys.look_at_own()
        return await self._keys.look(question.owner)

    async def _signature_of(self, question: pgp.PresenceSignatureOf) -> pgp.PresenceSignature | None:
        return await self.context.sealing.openpgp.presence.look(question.owner) if self._is_on else None

    async def _back_up(self, question: pgp.BackUpKey) -> str:
        if not self._is_on:
            raise Failed(NO_KEY)
        return await self._keys.back_up(question.passphrase)

    def _refuse_off(self) -> None:
        if not self._is_on:
            raise Refused(NO_KEY)
