"""OpenPGP keys as their owners announce them: ours published, those of others fetched once accepted."""

from __future__ import annotations

import secrets
from xml.etree import ElementTree as ET

from ...core.address import Address
from ...core.openpgp import OpenPgpKey
from ...core.security import Method
from ..feature import Context, Failed
from . import openpgp_wire as wire
from . import packets
from .gpg import RingKey
from .gpg_status import GpgFailed
from .pgp_desk import PgpDesk

_CODE_LETTERS = "123456789ABCDEFGHIJKLMNPQRSTUVWXYZ"
"""XEP-0373 §5.4: without "O" and "0"."""

_WHOLE = "A key is named by its whole fingerprint, 40 digits: others may end alike."


class PgpKeys:
    """Of one account. Every method that waits raises `Failed`, with a sentence."""

    def __init__(self, context: Context, desk: PgpDesk) -> None:
        self._context = context
        self._desk = desk

    @property
    def is_announced(self) -> bool:
        """Whether our account named our key when it was last asked."""
        return self._desk.own_key in self._desk.pins.announced(self._context.own)

    async def announce(self) -> None:
        """Publish our key, unless our account names it already (XEP-0373 §4.1, §4.2).

        What this program published before, when another key was ours, is named no more: nobody is to go on
        sealing for it. Keys that other programs published stay.
        """
        own, key, pins = self._context.own, self._desk.own_key, self._desk.pins
        named, before = await wire.fetch_metadata(self._context, own), pins.published()
        now, former = self._context.clock.now(), before - {key}
        if key not in named:
            try:
                data = await self._desk.gpg.export(key)
            except GpgFailed as failed:
                raise Failed(f"Your OpenPGP key was not announced. {failed}") from None
            await wire.publish_key(self._context, key, data, now)
            before |= {key}
            pins.note_published(before)
        if key not in named or former.intersection(named):
            await wire.announce(self._context, key, now, former)
        pins.note_published(before - former)
        pins.note_announced(own, frozenset((*named, key)) - former)

    def is_known(self, owner: Address) -> bool:
        """Whether any key of an account was accepted."""
        return self._desk.pins.is_known(owner)

    async def heard(self, owner: Address, items: ET.Element) -> tuple[str, ...]:
        """An account announces keys: those that it did not before, and that were not accepted."""
        # XEP-0373 §4.5: "notifications may be without the payload".
        named = wire.read_metadata(items)
        if named is None:
            named = await wire.fetch_metadata(self._context, owner)
        pins, before = self._desk.pins, self._desk.pins.announced(owner)
        accepted = pins.of(owner, Method.OPENPGP) | pins.of(owner, Method.PGP)
        pins.note_announced(owner, frozenset(named))
        return tuple(one for one in named if one not in before and one not in accepted)

    async def look(self, owner: Address) -> tuple[OpenPgpKey, ...]:
        """What an account announces and what was accepted for it, as gpg has it."""
        named = await wire.fetch_metadata(self._context, owner)
        return await self._look(owner, named, {})

    async def look_at_own(self) -> tuple[OpenPgpKey, ...]:
        """The keys that may be ours, and the others that our account names, by what was last heard of it."""
        try:
            secret = {one.fingerprint: one for one in await self._desk.gpg.secret_keys()}
        except GpgFailed as failed:
            raise Failed(str(failed)) from None
        own = self._context.own
        return await self._look(own, tuple(sorted(self._desk.pins.announced(own))), secret)

    async def _look(
        self, owner: Address, named: tuple[str, ...], secret: dict[str, RingKey]
    ) -> tuple[OpenPgpKey, ...]:
        by_method = {one: self._desk.accepted(owner, one) for one in (Method.OPENPGP, Method.PGP)}
        found = []
        accepted = (key for one in by_method.values() for key in one)
        for fingerprint in dict.fromkeys((*accepted, *secret, *named)):
            try:
                held = secret.get(fingerprint) or await self._desk.gpg.key(fingerprint)
            except GpgFailed as failed:
                raise Failed(str(failed)) from None
            found.append(
                OpenPgpKey(
                    fingerprint,
                    announced=fingerprint in named,
                    here=held is not None,
                    pinned=tuple(method for method, keys in by_method.items() if fingerprint in keys),
                    verified=any(keys.get(fingerprint, False) for keys in by_method.values()),
                    names=() if held is None else held.names,
                    fault="" if held is None else held.fault,
                    created=None if held is None else held.created,
                    expires=None if held is None else held.expires,
                    secret=fingerprint in secret,
                )
            )
        return tuple(found)

    async def pin(self, owner: Address, fingerprint: str, method: Method, *, verified: bool) -> None:
        """Accept a key that gpg has, or that its owner's account holds."""
        fingerprint = "".join(fingerprint.split()).upper()
        if not wire.is_fingerprint(fingerprint):
            raise Failed(_WHOLE)
        try:
            key = await self._desk.gpg.key(fingerprint)
            if key is None:
                await self._fetch(owner, fingerprint)
                key = await self._desk.gpg.key(fingerprint)
        except GpgFailed as failed:
            raise Failed(f"The key was not accepted. {failed}") from None
        if key is None:
            raise Failed("gpg does not have this key, and the account of its owner does not either.")
        if key.fault:
            raise Failed(f"This key is {key.fault}.")
        # XEP-0373 §3.2: "the sender's key has a User ID containing the sender's XMPP address in the form".
        if method is Method.OPENPGP and f"xmpp:{owner}" not in key.names:
            raise Failed(
                f"This key does not say that it is for xmpp:{owner}; it says: {', '.join(key.names)}."
            )
        named = await wire.fetch_metadata(self._context, owner) if method is Method.OPENPGP else ()
        with self._context.together(durable=True):
            self._desk.pins.put(owner, method, fingerprint, verified=verified)
            self._desk.pins.note_announced(owner, frozenset(named))

    async def _fetch(self, owner: Address, fingerprint: str) -> None:
        data = await wire.fetch_key(self._context, owner, fingerprint)
        if data is None:
            return
        if not packets.is_public_key(data):
            raise GpgFailed("What the account holds is not one public key.")
        await self._desk.gpg.import_public(data, fingerprint)

    def unpin(self, owner: Address, fingerprint: str, method: Method) -> bool:
        """Accept a key no more; False: it was not accepted."""
        with self._context.together(durable=True):
            return self._desk.pins.drop(owner, method, "".join(fingerprint.split()))

    async def check_own(self, fingerprint: str) -> None:
        """Raise `Failed` where a key cannot be ours: gpg has no secret part of it, or it is worth nothing."""
        if not wire.is_fingerprint(fingerprint):
            raise Failed(_WHOLE)
        try:
            key = await self._desk.gpg.key(fingerprint, secret=True)
        except GpgFailed as failed:
            raise Failed(str(failed)) from None
        if key is None:
            raise Failed("gpg does not have the secret part of this key.")
        if key.fault:
            raise Failed(f"This key is {key.fault}.")

    # --- the backup (XEP-0373 §5) -------------------------------------------------------------------------

    async def back_up(self, passphrase: str) -> str:
        """Keep our secret key at the server, sealed; returns the code that opens it."""
        code = backup_code()
        try:
            bare = await self._desk.gpg.export_bare(self._desk.own_key, passphrase)
            sealed = await self._desk.gpg.seal_under(bare, code)
        except GpgFailed as failed:
            raise Failed(f"The key was not backed up. {failed}") from None
        await wire.publish_secret(self._context, sealed)
        return code

    async def restore(self, code: str) -> tuple[str, ...]:
        """Give gpg the secret keys that the server keeps for us; returns their fingerprints."""
        sealed = await wire.fetch_secret(self._context)
        if sealed is None:
            raise Failed("Your account keeps no secret key.")
        if not packets.is_backup(sealed):
            raise Failed("What your account keeps is not a sealed secret key.")
        try:
            bare = await self._desk.gpg.open_under(sealed, code.strip().upper())
            if not packets.is_secret_key(bare):
                raise GpgFailed("What was sealed is not a secret key.")
            return await self._desk.gpg.import_secret(bare)
        except GpgFailed as failed:
            raise Failed(f"The key was not restored. {failed}") from None


def backup_code() -> str:
    """A new code, "grouped into 4-character chunks", its dashes part of it (XEP-0373 §5.4)."""
    return "-".join("".join(secrets.choice(_CODE_LETTERS) for _ in range(4)) for _ in range(6))
